"""Between the protocol's messages and the worker's own types."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Final, Literal

from . import codec
from ._context import AttemptFacts, Level, Stream
from ._gen.v1 import dag_pb2, task_instance_pb2, value_pb2
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._outcome import Failed, FailureKind, Interrupted, Outcome, Returned, Skipped, Succeeded
from .args import RunFacts

#: What a verdict asks for. Everything unknown is "stale": stop, and drop the result.
VerdictName = Literal["ok", "already", "conflict", "stale", "cancel_requested"]

_VERDICTS: Final[dict[int, VerdictName]] = {
    pb.VERDICT_KIND_OK: "ok",
    pb.VERDICT_KIND_ALREADY: "already",
    pb.VERDICT_KIND_CONFLICT: "conflict",
    pb.VERDICT_KIND_STALE: "stale",
    pb.VERDICT_KIND_CANCEL_REQUESTED: "cancel_requested",
}

_FAILURE_KINDS: Final[dict[FailureKind, Any]] = {
    "application": value_pb2.FAILURE_KIND_APPLICATION,
    "timeout": value_pb2.FAILURE_KIND_TIMEOUT,
    "cancelled": value_pb2.FAILURE_KIND_CANCELLED,
    "exited": value_pb2.FAILURE_KIND_EXITED,
    "setup": value_pb2.FAILURE_KIND_SETUP,
}

_LEVELS: Final[dict[Level, Any]] = {
    "debug": task_instance_pb2.LOG_LEVEL_DEBUG,
    "info": task_instance_pb2.LOG_LEVEL_INFO,
    "warn": task_instance_pb2.LOG_LEVEL_WARN,
    "error": task_instance_pb2.LOG_LEVEL_ERROR,
}

_STREAMS: Final[dict[Stream, Any]] = {
    "log": task_instance_pb2.LOG_STREAM_LOG,
    "stdout": task_instance_pb2.LOG_STREAM_STDOUT,
    "stderr": task_instance_pb2.LOG_STREAM_STDERR,
    "system": task_instance_pb2.LOG_STREAM_SYSTEM,
}


def verdict_name(verdict: pb.Verdict) -> VerdictName:
    return _VERDICTS.get(verdict.kind, "stale")


def result_of(attempt_id: str, outcome: Outcome) -> pb.Result:
    """Raises TypeError for an interrupted body: whoever interrupted it decides what to report."""
    if isinstance(outcome, Succeeded):
        value = None if outcome.value is None else value_pb2.Value(data=outcome.value)
        xcoms = {key: value_pb2.Value(data=data) for key, data in outcome.xcoms.items()}
        return pb.Result(attempt_id=attempt_id, succeeded=pb.Succeeded(return_value=value, xcoms=xcoms))
    if isinstance(outcome, Failed):
        return pb.Result(attempt_id=attempt_id, failed=_failure_of(outcome))
    if isinstance(outcome, Skipped):
        return pb.Result(attempt_id=attempt_id, skipped=pb.Skipped(message=outcome.message))
    if isinstance(outcome, Returned):
        return pb.Result(attempt_id=attempt_id, returned=pb.Returned(message=outcome.message))
    assert isinstance(outcome, Interrupted)
    raise TypeError("an interrupted body has no result of its own")


def _failure_of(outcome: Failed) -> value_pb2.Failure:
    return value_pb2.Failure(
        kind=_FAILURE_KINDS[outcome.kind],
        type=outcome.type,
        message=outcome.message,
        stack=outcome.stack,
        retryable=outcome.retryable,
    )


def facts_of(assignment: pb.Assignment) -> AttemptFacts:
    """Raises CodecError when the run's params cannot be read."""
    timeout = assignment.execution_timeout
    return AttemptFacts(
        run=_run_facts_of(assignment.run),
        task_id=assignment.task_id,
        map_index=assignment.map_index,
        try_number=assignment.try_number,
        max_tries=assignment.max_tries,
        fencing=assignment.fencing,
        idempotency_key=assignment.idempotency_key,
        execution_timeout_s=timeout.seconds + timeout.nanos / 1e9 if assignment.HasField("execution_timeout") else None,
        args=assignment.args,
        inputs={task_id: value.data for task_id, value in assignment.inputs.items()},
        env=dict(assignment.env),
    )


def _run_facts_of(run: pb.RunFacts) -> RunFacts:
    return RunFacts(
        id=run.run_id,
        name=run.run_name,
        dag_id=run.dag_id,
        dag_version=run.dag_version,
        type="scheduled" if run.run_type == dag_pb2.RUN_TYPE_SCHEDULED else "manual",
        logical_date=_date_of(run, "logical_date"),
        data_interval_start=_date_of(run, "data_interval_start"),
        data_interval_end=_date_of(run, "data_interval_end"),
        run_after=run.run_after.ToDatetime(tzinfo=timezone.utc),
        params=codec.decode(run.params.data) if run.params.data else {},
    )


def _date_of(run: pb.RunFacts, field: Literal["logical_date", "data_interval_start", "data_interval_end"]) -> datetime | None:
    if not run.HasField(field):
        return None
    moment: datetime = getattr(run, field).ToDatetime(tzinfo=timezone.utc)
    return moment


def line_of(seq: int, at_ns: int, level: Level, message: str, fields_json: str, stream: Stream) -> task_instance_pb2.LogLine:
    line = task_instance_pb2.LogLine(
        seq=seq, level=_LEVELS[level], message=message, fields_json=fields_json, stream=_STREAMS[stream]
    )
    line.at.FromNanoseconds(at_ns)
    return line
