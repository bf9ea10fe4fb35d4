"""Brings what a body prints and logs into its attempt's log."""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

from ._context import Level, LogSink, PrintStream, current, fields_json
from ._lines import Lines

FindSink = Callable[[], "LogSink | None"]

_PLAIN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def current_sink() -> LogSink | None:
    """The log of the attempt running here, if one is."""
    found = current.get()
    return None if found is None else found.sink


class LogCapture(logging.Handler):
    """Sends the records of Python's logging to the attempt that made them; others go where they would have gone."""

    def __init__(self, find_sink: FindSink = current_sink) -> None:
        super().__init__(logging.DEBUG)
        self._find_sink = find_sink

    def emit(self, record: logging.LogRecord) -> None:
        sink = self._find_sink()
        if sink is None:
            self._emit_elsewhere(record)
            return
        try:
            extra = {key: value for key, value in vars(record).items() if key not in _PLAIN_FIELDS}
            sink.write(_level_of(record.levelno), self.format(record), fields_json({"logger": record.name, **extra}), "log")
        except Exception:
            self.handleError(record)

    def _emit_elsewhere(self, record: logging.LogRecord) -> None:
        last_resort = logging.lastResort
        is_only_handler = logging.getLogger().handlers == [self]
        if is_only_handler and last_resort is not None and record.levelno >= last_resort.level:
            last_resort.handle(record)


def _level_of(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"


class RoutedStream(io.TextIOBase):
    """Stands in for sys.stdout or sys.stderr: a body's text goes to its attempt, all other text through."""

    def __init__(self, through: TextIO, stream: PrintStream) -> None:
        self._through = through
        self._stream: PrintStream = stream

    def write(self, text: str) -> int:
        found = current.get()
        if found is None:
            return self._through.write(text)
        found.printed[self._stream].write(text)
        return len(text)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._through.encoding

    def flush(self) -> None:
        if not self._through.closed:
            self._through.flush()

    def close(self) -> None:
        """What it stands in for is not a body's to close, nor its own when it is let go."""

    def isatty(self) -> bool:
        return current.get() is None and self._through.isatty()

    def fileno(self) -> int:
        return self._through.fileno()

    def writable(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._through, name)


def install(find_sink: FindSink = current_sink) -> Callable[[], None]:
    """Starts to capture; gives the call that ends it. Python's root logger is let down to INFO, and never set higher."""
    handler = LogCapture(find_sink)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    if level > logging.INFO or level == logging.NOTSET:
        root.setLevel(logging.INFO)
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = RoutedStream(stdout, "stdout"), RoutedStream(stderr, "stderr")

    def uninstall() -> None:
        root.removeHandler(handler)
        root.setLevel(level)
        sys.stdout, sys.stderr = stdout, stderr

    return uninstall


class CapturedDescriptors:
    """File descriptors 1 and 2 of a process, read as lines: what C code and subprocesses print is in it too."""

    def __init__(self, sink: LogSink) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._saved = [os.dup(1), os.dup(2)]
        self._readers = [self._redirect(1, "stdout", sink), self._redirect(2, "stderr", sink)]

    def _redirect(self, descriptor: int, stream: PrintStream, sink: LogSink) -> threading.Thread:
        reading, writing = os.pipe()
        os.dup2(writing, descriptor)
        os.close(writing)
        reader = threading.Thread(target=_read_lines, args=(reading, stream, sink), daemon=True)
        reader.start()
        return reader

    def close(self) -> None:
        """Passes on what is left. A child that still holds the descriptors is not waited for."""
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, saved in zip((1, 2), self._saved):
            os.dup2(saved, descriptor)
        for reader in self._readers:
            reader.join(timeout=1)


def capture_descriptors(sink: LogSink) -> CapturedDescriptors:
    captured = CapturedDescriptors(sink)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    return captured


def _read_lines(descriptor: int, stream: PrintStream, sink: LogSink) -> None:
    lines = Lines(lambda line: sink.write("info", line, "", stream))
    with open(descriptor, encoding="utf-8", errors="replace", newline="\n") as text:
        for line in text:
            lines.write(line)
    lines.close()
