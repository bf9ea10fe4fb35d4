"""What a body raises to say how it ended, and what the worker raises about itself."""

from __future__ import annotations

import math
from datetime import timedelta


class FailTask(Exception):
    """The task fails at once: its remaining retries are not used. Any other exception is a failure that retries."""


class RetryTask(Exception):
    """The try has failed, and the next one begins after a time of the body's choosing: `RetryTask("busy", after=90)`.

    `after` is a timedelta or seconds; without it the task's own delay holds. It gives no retries beyond the task's.
    """

    def __init__(self, message: str = "", *, after: timedelta | float | None = None) -> None:
        super().__init__(message)
        self.after_s: float | None = None if after is None else seconds_of(after)


class SkipTask(Exception):
    """The task chose not to run; it ends as skipped."""


class CancelledError(BaseException):
    """Raised at checkpoints of a body that has to stop: `context().check()`, `context().sleep()`.

    A BaseException, like asyncio's, so that `except Exception` in a body does not swallow it.
    """


class TimeoutReached(CancelledError):
    """The execution timeout of the attempt has passed."""


class MillraceError(Exception):
    """The server refused what a body asked for. `reason` says why, as in docs/errors.md, such as "TASK_NOT_FOUND"."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self._message = message

    def __reduce__(self) -> tuple[type[MillraceError], tuple[str, str]]:
        return (MillraceError, (self.reason, self._message))


class WorkerRefused(Exception):
    """The server does not take this worker: a wrong key, a queue that is not allowed, an unknown protocol."""


class ConfigError(ValueError):
    """An option of the worker has a value that is not allowed; the message names both and the remedy."""


def seconds_of(wait: timedelta | float) -> float:
    """Raises ValueError for what is no wait: below zero, or no end."""
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{wait!r} is no wait: give a timedelta, or seconds from 0 on")
    return seconds
