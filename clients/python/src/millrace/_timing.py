"""Monotonic timers and jittered waits. Nothing here reads the wall clock."""

from __future__ import annotations

import heapq
import itertools
import logging
import random
import threading
import time
from collections.abc import Callable

from ._limits import BACKOFF_FIRST_S, BACKOFF_MAX_S

_log = logging.getLogger("millrace.worker")


class Backoff:
    """Waits with full jitter: between 0 and a bound that doubles up to 30 s."""

    def __init__(self, first_s: float = BACKOFF_FIRST_S, max_s: float = BACKOFF_MAX_S) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def next_s(self) -> float:
        bound = min(self._max_s, self._first_s * 2 ** min(self._failures, 16))
        self._failures += 1
        return random.uniform(0, bound)


class Timer:
    """A call that is due once, and can be called off."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class Timers:
    """One thread that makes calls when they are due. A call must not block."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="millrace-timers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def after(self, delay_s: float, call: Callable[[], None]) -> Timer:
        timer = Timer(call)
        with self._wake:
            heapq.heappush(self._heap, (time.monotonic() + delay_s, next(self._order), timer))
            self._wake.notify()
        return timer

    def close(self) -> None:
        with self._wake:
            self._is_closed = True
            self._wake.notify()

    def _run(self) -> None:
        while (timer := self._next()) is not None:
            call = timer.call
            if call is None:
                continue
            try:
                call()
            except Exception:
                _log.exception("timer.failed")

    def _next(self) -> Timer | None:
        with self._wake:
            while not self._is_closed:
                if not self._heap:
                    self._wake.wait()
                    continue
                wait_s = self._heap[0][0] - time.monotonic()
                if wait_s <= 0:
                    return heapq.heappop(self._heap)[2]
                self._wake.wait(wait_s)
            return None
