"""What a body raises to say how it ended, and what the worker raises about itself."""

from __future__ import annotations


class FailTask(Exception):
    """The task fails at once: its remaining retries are not used. Any other exception is a failure that retries."""


class SkipTask(Exception):
    """The task chose not to run; it ends as skipped."""


class CancelledError(BaseException):
    """Raised at checkpoints of a body that has to stop: `context().check()`, `context().sleep()`.

    A BaseException, like asyncio's, so that `except Exception` in a body does not swallow it.
    """


class TimeoutReached(CancelledError):
    """The execution timeout of the attempt has passed."""


class WorkerRefused(Exception):
    """The server does not take this worker: a wrong key, a queue that is not allowed, an unknown protocol."""


class ConfigError(ValueError):
    """An option of the worker has a value that is not allowed; the message names both and the remedy."""
