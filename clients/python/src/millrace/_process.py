"""Runs one body in a process of its own (`isolation="process"`): it can be killed, with everything it started.

The new process gets the arguments and the facts of the attempt, and never the worker's key or session.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from . import _capture
from ._body import ThreadBody
from ._context import AttemptFacts, Interruption, Level, LogSink, Stream, TaskContext
from ._handlers import Handler
from ._outcome import Outcome, failed

_log = logging.getLogger("millrace.worker")


class ProcessBody:
    """The worker's side: starts the process, passes its log lines on, and kills it when told to."""

    def __init__(
        self,
        handler: Handler,
        facts: AttemptFacts,
        sink: LogSink,
        on_end: Callable[[Outcome], None],
        on_look: Callable[[bool], None] = lambda is_looking: None,
    ) -> None:
        self._handler = handler
        self._facts = facts
        self._sink = sink
        self._on_end = on_end
        self._on_look = on_look
        self._lock = threading.Lock()
        self._pipe: Connection | None = None
        self._pid: int | None = None
        self._interruption: Interruption | None = None
        self._is_forced = False
        self._thread = threading.Thread(target=self._run, name=f"millrace-{facts.task_id}"[:60], daemon=True)

    def start(self) -> None:
        self._thread.start()

    def interrupt(self, why: Interruption) -> None:
        with self._lock:
            self._interruption = why
            self._tell_interruption()

    def force(self) -> None:
        with self._lock:
            self._is_forced = True
            self._kill()

    def _tell_interruption(self) -> None:
        if self._pipe is None or self._interruption is None:
            return
        try:
            self._pipe.send(self._interruption)
        except OSError:
            _log.debug("process.gone", extra={"task": self._facts.task_id})

    def _kill(self) -> None:
        if self._pid is not None:
            _kill_group(self._pid)

    def _run(self) -> None:
        try:
            outcome = self._supervise()
        except Exception as error:
            _log.exception("process.failed")
            outcome = failed("setup", f"the process for handler {self._handler.name} could not be started: {error}", type(error).__name__)
        self._on_end(outcome)

    def _supervise(self) -> Outcome:
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe(duplex=True)
        process = spawn.Process(target=run_child, args=(theirs, self._handler, self._facts))
        process.start()
        theirs.close()
        with self._lock:
            self._pipe, self._pid = ours, process.pid
            self._tell_interruption()
            if self._is_forced:
                self._kill()
        outcome: Outcome | None = None
        try:
            while outcome is None:
                kind, content = ours.recv()
                if kind == "line":
                    self._sink.write(*content)
                elif kind == "look":
                    self._on_look(content)
                else:
                    outcome = content
        except (EOFError, OSError):
            _log.debug("process.closed", extra={"task": self._facts.task_id})
        with self._lock:
            # The body has ended: what it left running in its group ends with it.
            self._kill()
            self._pipe = self._pid = None
            ours.close()
        process.join()
        return outcome if outcome is not None else _outcome_of_exit(process.exitcode)


def _outcome_of_exit(code: int | None) -> Outcome:
    if code is not None and code < 0:
        how = f"was killed by {signal.Signals(-code).name}"
    else:
        how = f"exited with code {code}"
    return failed("exited", f"the process of the body {how} before the body ended", "ProcessExited")


def _kill_group(pid: int) -> None:
    try:
        if hasattr(os, "killpg") and os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except ProcessLookupError:
        return


class _PipeSink:
    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def write(self, level: Level, message: str, fields_json: str, stream: Stream) -> None:
        self.send("line", (level, message, fields_json, stream))

    def send(self, kind: str, content: Any) -> None:
        with self._lock:
            self._pipe.send((kind, content))


def run_child(pipe: Connection, handler: Handler, facts: AttemptFacts) -> None:
    """The new process: runs the body in a thread, listens for the order to stop, and exits at once when it has ended."""
    if hasattr(os, "setsid"):
        os.setsid()
    _clean_environment()
    os.environ.update(facts.env)
    sink = _PipeSink(pipe)
    captured = _capture.capture_descriptors(sink)
    _capture.install(find_sink=lambda: sink)
    context = TaskContext(facts, sink)
    ended = threading.Event()
    outcomes: list[Outcome] = []

    def on_end(outcome: Outcome) -> None:
        outcomes.append(outcome)
        ended.set()

    body = ThreadBody(handler, facts, context, on_end, lambda is_looking: sink.send("look", is_looking))
    body.start()
    threading.Thread(target=_listen, args=(pipe, body), name="millrace-orders", daemon=True).start()
    ended.wait()
    captured.close()
    sink.send("end", outcomes[0])
    logging.shutdown()
    os._exit(0)


def _clean_environment() -> None:
    """Takes out what is Millrace's own: keys and addresses are none of the body's business."""
    for name in list(os.environ):
        if name.startswith("MILLRACE_") or name in ("DATABASE_URL", "NATS_URL"):
            del os.environ[name]


def _listen(pipe: Connection, body: ThreadBody) -> None:
    try:
        while True:
            body.interrupt(pipe.recv())
    except (EOFError, OSError):
        # The worker is gone, and nobody would hear the result.
        _kill_group(os.getpid())
        os._exit(1)
