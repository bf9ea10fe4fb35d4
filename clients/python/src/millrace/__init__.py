"""Millrace workers in Python: implement handlers that tasks of a DAG name, and run them.

    from millrace import Worker, context

    worker = Worker(key_file=".millrace/keys/worker.key", queues=["python"])

    @worker.handler("score_model")
    def score_model(rows):
        context().log.info("scoring", rows=len(rows))
        return {"score": len(rows)}

    if __name__ == "__main__":
        worker.run()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import trigger
from ._across import TriggeredRun
from ._assets import AssetEvent
from ._callback import CallbackDeadline, CallbackEvent, CallbackFailure, CallbackTask
from ._context import TaskContext, context
from ._deferral import Deferred, defer
from ._handlers import branch, callback, sensor, short_circuit, task, triggerer
from ._retry import RetryPolicy
from ._sensor import Done
from ._version import VERSION as __version__
from .args import InputInstance
from .codec import UNDEFINED, BigInt, CodecError, Map
from .errors import CancelledError, ConfigError, FailTask, MillraceError, RetryTask, SkipTask, TimeoutReached, WorkerRefused

if TYPE_CHECKING:
    from ._worker import Worker

__all__ = [
    "UNDEFINED",
    "AssetEvent",
    "BigInt",
    "CallbackDeadline",
    "CallbackEvent",
    "CallbackFailure",
    "CallbackTask",
    "CancelledError",
    "CodecError",
    "ConfigError",
    "Deferred",
    "Done",
    "FailTask",
    "InputInstance",
    "Map",
    "MillraceError",
    "RetryPolicy",
    "RetryTask",
    "SkipTask",
    "TaskContext",
    "TimeoutReached",
    "TriggeredRun",
    "Worker",
    "WorkerRefused",
    "__version__",
    "branch",
    "callback",
    "context",
    "defer",
    "sensor",
    "short_circuit",
    "task",
    "trigger",
    "triggerer",
]


def __getattr__(name: str) -> Any:
    # The worker brings gRPC with it, which the process of a single body has no use for.
    if name == "Worker":
        from ._worker import Worker

        return Worker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
