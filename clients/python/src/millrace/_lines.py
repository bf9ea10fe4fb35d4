"""Cuts a flow of text into lines."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ._limits import LOG_LINE_BYTES_MAX


class Lines:
    """Cuts a flow of text into lines. A line that grows past the limit is passed on in pieces."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = ""
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
            if len(self._rest) > LOG_LINE_BYTES_MAX:
                lines.append(self._rest)
                self._rest = ""
        for line in lines:
            self._on_line(line.removesuffix("\r"))

    def close(self) -> None:
        with self._lock:
            rest, self._rest = self._rest, ""
        if rest:
            self._on_line(rest)
