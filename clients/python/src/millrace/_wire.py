"""Between the protocol's messages and the worker's own types."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Final, Literal

from google.protobuf.duration_pb2 import Duration

from . import codec
from ._callback import CallbackDeadline, CallbackEvent, CallbackFailure, CallbackTask, CallbackWord
from ._context import AttemptFacts, Level, Resumption, Role, Stream
from ._control import Control
from ._gen.v1 import asset_pb2, callback_pb2, dag_pb2, deadline_pb2, deferral_pb2, inputs_pb2, task_instance_pb2, value_pb2
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._limits import DURATION_S_MAX, SENSOR_INTERVAL_S, SENSOR_TIMEOUT_S
from ._handlers import TRIGGER_PREFIX
from ._outcome import (
    Deferral,
    Ended,
    Failed,
    FailureKind,
    Interrupted,
    Outcome,
    Rescheduled,
    Returned,
    Skipped,
    Succeeded,
    TimeoutOutcome,
)
from ._sensor import SensorFacts, SensorMode
from .args import InputInstance, RunFacts, RunType
from .codec import CodecError
from .trigger import InputTrigger, RunsTrigger, TimeTrigger, TokenTrigger, WatchTrigger

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

_CONTROLS: Final[dict[int, Control]] = {
    dag_pb2.TASK_CONTROL_UNSPECIFIED: "none",
    dag_pb2.TASK_CONTROL_NONE: "none",
    dag_pb2.TASK_CONTROL_BRANCH: "branch",
    dag_pb2.TASK_CONTROL_SHORT_CIRCUIT: "short_circuit",
}

_SENSOR_MODES: Final[dict[int, SensorMode]] = {
    dag_pb2.SENSOR_MODE_UNSPECIFIED: "poke",
    dag_pb2.SENSOR_MODE_POKE: "poke",
    dag_pb2.SENSOR_MODE_RESCHEDULE: "reschedule",
}

_TIMEOUT_OUTCOMES: Final[dict[TimeoutOutcome, Any]] = {
    "fail": deferral_pb2.TIMEOUT_OUTCOME_FAIL,
    "fail_for_good": deferral_pb2.TIMEOUT_OUTCOME_FAIL_FOR_GOOD,
    "skip": deferral_pb2.TIMEOUT_OUTCOME_SKIP,
    "fulfil": deferral_pb2.TIMEOUT_OUTCOME_FULFIL,
}

_CALLBACK_EVENTS: Final[dict[int, CallbackWord]] = {
    callback_pb2.CALLBACK_EVENT_SUCCESS: "success",
    callback_pb2.CALLBACK_EVENT_FAILURE: "failure",
    callback_pb2.CALLBACK_EVENT_RETRY: "retry",
    callback_pb2.CALLBACK_EVENT_SKIPPED: "skipped",
    callback_pb2.CALLBACK_EVENT_DEADLINE_MISSED: "deadline_missed",
    callback_pb2.CALLBACK_EVENT_DEADLINE_AT_RISK: "deadline_at_risk",
}

_RUN_STATES: Final[dict[int, Literal["queued", "running", "success", "failed"]]] = {
    dag_pb2.RUN_STATE_QUEUED: "queued",
    dag_pb2.RUN_STATE_RUNNING: "running",
    dag_pb2.RUN_STATE_SUCCESS: "success",
    dag_pb2.RUN_STATE_FAILED: "failed",
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


def result_of(attempt_id: str, ended: Ended) -> pb.Result:
    """Raises TypeError for an interrupted body: whoever interrupted it decides what to report."""
    result = _result_of(attempt_id, ended.outcome)
    for key, data in ended.xcoms.items():
        result.xcoms[key].data = data
    return result


def _result_of(attempt_id: str, outcome: Outcome) -> pb.Result:
    if isinstance(outcome, Succeeded):
        choice = None if outcome.choice is None else pb.Choice(cases=outcome.choice)
        succeeded = pb.Succeeded(
            return_value=_value_of(outcome.value),
            lengths=outcome.lengths,
            choice=choice,
            map_index_label=outcome.label,
            outlet_events=[
                pb.OutletEvent(
                    asset=asset_pb2.AssetDefinition(uri=said.uri),
                    alias=said.alias,
                    extra=_value_of(said.extra),
                    partition_key=said.partition_key,
                )
                for said in outcome.outlet_events
            ],
        )
        return pb.Result(attempt_id=attempt_id, succeeded=succeeded)
    if isinstance(outcome, Deferral):
        return pb.Result(attempt_id=attempt_id, deferred=_deferral_of(outcome))
    if isinstance(outcome, Failed):
        return pb.Result(attempt_id=attempt_id, failed=_failure_of(outcome))
    if isinstance(outcome, Skipped):
        return pb.Result(attempt_id=attempt_id, skipped=pb.Skipped(message=outcome.message))
    if isinstance(outcome, Rescheduled):
        return pb.Result(attempt_id=attempt_id, rescheduled=pb.Rescheduled(after=_duration_of(outcome.after_s)))
    if isinstance(outcome, Returned):
        return pb.Result(attempt_id=attempt_id, returned=pb.Returned(message=outcome.message))
    assert isinstance(outcome, Interrupted)
    raise TypeError("an interrupted body has no result of its own")


def _value_of(data: bytes | None) -> value_pb2.Value | None:
    return None if data is None else value_pb2.Value(data=data)


def _deferral_of(outcome: Deferral) -> deferral_pb2.Deferral:
    message = deferral_pb2.Deferral(
        timeout=None if outcome.timeout_s is None else _duration_of(outcome.timeout_s),
        on_timeout=_TIMEOUT_OUTCOMES[outcome.on_timeout],
        resumes=outcome.resumes,
        state=_value_of(outcome.state),
    )
    trigger = outcome.trigger
    if isinstance(trigger, TimeTrigger):
        if trigger.at is not None:
            message.time.at.FromDatetime(trigger.at)
        else:
            message.time.after.CopyFrom(_duration_of(trigger.after_s or 0.0))
    elif isinstance(trigger, TokenTrigger):
        message.token.SetInParent()
        if trigger.heartbeat_s is not None:
            message.token.heartbeat.CopyFrom(_duration_of(trigger.heartbeat_s))
    elif isinstance(trigger, InputTrigger):
        form = deferral_pb2.InputForm(
            subject=trigger.subject,
            body=trigger.body,
            schema=trigger.schema,
            defaults=_value_of(trigger.defaults),
            assignees=trigger.assignees,
        )
        message.input.form.CopyFrom(form)
    elif isinstance(trigger, RunsTrigger):
        message.runs.CopyFrom(_runs_of(trigger))
    else:
        assert isinstance(trigger, WatchTrigger)
        message.watch.handler = trigger.handler
        message.watch.config.data = trigger.config
        message.watch.summary = trigger.summary
    return message


def _runs_of(trigger: RunsTrigger) -> deferral_pb2.RunsTrigger:
    message = deferral_pb2.RunsTrigger(
        dag_id=trigger.dag_id,
        run_id=trigger.run_id or "",
        task_ids=trigger.tasks,
        group_ids=trigger.groups,
        allowed_states=[_END_STATES[state] for state in trigger.allowed],
        failed_states=[_END_STATES[state] for state in trigger.failed],
        skipped_states=[_END_STATES[state] for state in trigger.skipped],
        is_strict=trigger.is_strict,
        soft_fail=trigger.soft_fail,
        checks_existence=trigger.check_existence,
    )
    for date in trigger.logical_dates:
        message.logical_dates.add().FromDatetime(date)
    return message


_END_STATES: Final = {
    "success": deferral_pb2.END_STATE_SUCCESS,
    "failed": deferral_pb2.END_STATE_FAILED,
    "skipped": deferral_pb2.END_STATE_SKIPPED,
    "upstream_failed": deferral_pb2.END_STATE_UPSTREAM_FAILED,
}


def _failure_of(outcome: Failed) -> value_pb2.Failure:
    return value_pb2.Failure(
        kind=_FAILURE_KINDS[outcome.kind],
        type=outcome.type,
        message=outcome.message,
        stack=outcome.stack,
        retryable=outcome.retryable,
        retry_after=None if outcome.retry_after_s is None else _duration_of(outcome.retry_after_s),
    )


def _duration_of(seconds: float) -> Duration:
    duration = Duration()
    duration.FromNanoseconds(round(min(seconds, DURATION_S_MAX) * 1e9))
    return duration


def facts_of(assignment: pb.Assignment) -> AttemptFacts:
    """Raises CodecError when the run's params, or what a callback is told, cannot be read."""
    role: Role = "trigger" if assignment.handler.startswith(TRIGGER_PREFIX) else "task"
    return AttemptFacts(
        role="callback" if assignment.HasField("callback") else role,
        resumption=_resumption_of(assignment),
        told=_told_of(assignment),
        run=_run_facts_of(assignment.run),
        task_id=assignment.task_id,
        map_index=assignment.map_index,
        try_number=assignment.try_number,
        max_tries=assignment.max_tries,
        fencing=assignment.fencing,
        idempotency_key=assignment.idempotency_key,
        execution_timeout_s=_seconds_of(assignment, "execution_timeout"),
        args=assignment.args,
        inputs={task_id: value.data for task_id, value in assignment.inputs.items()},
        items={key: value.data for key, value in assignment.items.items()},
        map_length=assignment.map_length,
        map_index_template=assignment.map_index_template,
        measured_paths=tuple(assignment.measured_paths),
        control=_CONTROLS.get(assignment.control, "unknown"),
        cases=tuple(assignment.cases),
        sensor=_sensor_of(assignment) if assignment.HasField("sensor") else None,
        env=dict(assignment.env),
    )


def _resumption_of(assignment: pb.Assignment) -> Resumption | None:
    if not assignment.HasField("resumption"):
        return None
    resumption = assignment.resumption
    return Resumption(
        event=resumption.event.data if resumption.HasField("event") else None,
        state=resumption.state.data if resumption.HasField("state") else None,
    )


def _told_of(assignment: pb.Assignment) -> CallbackEvent | None:
    if not assignment.HasField("callback"):
        return None
    facts = assignment.callback
    event, run_state = _CALLBACK_EVENTS.get(facts.event), _RUN_STATES.get(facts.run_state)
    if event is None or run_state is None:
        raise CodecError(f"it is told of the event {facts.event} of a run in state {facts.run_state}, which this version does not know")
    is_of_run = not assignment.task_id
    deadline = _deadline_of(facts.deadline) if facts.HasField("deadline") else None
    return CallbackEvent(
        event=event,
        run=_run_facts_of(assignment.run),
        task=None if is_of_run else CallbackTask(assignment.task_id, assignment.map_index),
        try_number=None if is_of_run or deadline else facts.try_number,
        failure=_callback_failure_of(facts.failure) if facts.HasField("failure") else None,
        deadline=deadline,
        run_state=run_state,
        happened_at=facts.happened_at.ToDatetime(tzinfo=timezone.utc),
        delivery_try=facts.delivery_try,
    )


def _deadline_of(deadline: deadline_pb2.Deadline) -> CallbackDeadline:
    is_estimated = deadline.HasField("estimated_end_at")
    return CallbackDeadline(
        name=deadline.name,
        due_at=deadline.due_at.ToDatetime(tzinfo=timezone.utc),
        estimated_end_at=deadline.estimated_end_at.ToDatetime(tzinfo=timezone.utc) if is_estimated else None,
        critical_task_ids=tuple(deadline.critical_task_ids),
    )


def _callback_failure_of(failure: value_pb2.Failure) -> CallbackFailure:
    kind = value_pb2.FailureKind.Name(failure.kind) if failure.kind in value_pb2.FailureKind.values() else ""
    word = kind.removeprefix("FAILURE_KIND_").lower()
    known = word if word not in ("", "unspecified") else "application"
    return CallbackFailure(known, failure.type, failure.message, failure.stack)


def _sensor_of(assignment: pb.Assignment) -> SensorFacts:
    sensor = assignment.sensor
    interval_s, timeout_s = _seconds_of(sensor, "interval"), _seconds_of(sensor, "timeout")
    instance = assignment.task_id if assignment.map_index < 0 else f"{assignment.task_id}[{assignment.map_index}]"
    # As Python prints it, six decimals or none; "None" when it is not said.
    started = assignment.try_started_at.ToDatetime(tzinfo=timezone.utc) if assignment.HasField("try_started_at") else None
    return SensorFacts(
        mode=_SENSOR_MODES.get(sensor.mode, "unknown"),
        interval_s=SENSOR_INTERVAL_S if interval_s is None else interval_s,
        timeout_s=SENSOR_TIMEOUT_S if timeout_s is None else timeout_s,
        soft_fail=sensor.soft_fail,
        backoff=sensor.backoff,
        max_interval_s=_seconds_of(sensor, "max_interval"),
        seed=f"{assignment.run.dag_id}#{instance}#{started}",
        try_age_s=_seconds_of(assignment, "try_age") or 0.0,
        looks=assignment.looks,
    )


def _seconds_of(message: Any, field: str) -> float | None:
    """The seconds of a duration; None when it is unset."""
    if not message.HasField(field):
        return None
    duration: Duration = getattr(message, field)
    return float(duration.seconds + duration.nanos / 1e9)


#: What a newer server says counts as manual.
_RUN_TYPES: Final[dict[int, RunType]] = {
    dag_pb2.RUN_TYPE_SCHEDULED: "scheduled",
    dag_pb2.RUN_TYPE_MANUAL: "manual",
    dag_pb2.RUN_TYPE_BACKFILL: "backfill",
    dag_pb2.RUN_TYPE_ASSET_TRIGGERED: "asset_triggered",
    dag_pb2.RUN_TYPE_ASSET_MATERIALIZATION: "asset_materialization",
}


def _run_facts_of(run: pb.RunFacts) -> RunFacts:
    return RunFacts(
        id=run.run_id,
        name=run.run_name,
        dag_id=run.dag_id,
        dag_version=run.dag_version,
        type=_RUN_TYPES.get(run.run_type, "manual"),
        logical_date=_date_of(run, "logical_date"),
        data_interval_start=_date_of(run, "data_interval_start"),
        data_interval_end=_date_of(run, "data_interval_end"),
        run_after=run.run_after.ToDatetime(tzinfo=timezone.utc),
        params=codec.decode(run.params.data) if run.params.data else {},
        partition_key=run.partition_key or None,
        inputs={given.name: tuple(map(_instance_of, given.instances)) for given in run.inputs.inputs},
    )


def _instance_of(instance: inputs_pb2.InputInstance) -> InputInstance:
    return InputInstance(
        uri=instance.uri,
        partition_key=instance.partition_key,
        date=instance.date.ToDatetime(tzinfo=timezone.utc),
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
