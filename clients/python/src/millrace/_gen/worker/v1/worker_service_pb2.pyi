import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millrace._gen.v1 import asset_pb2 as _asset_pb2
from millrace._gen.v1 import callback_pb2 as _callback_pb2
from millrace._gen.v1 import dag_pb2 as _dag_pb2
from millrace._gen.v1 import deadline_pb2 as _deadline_pb2
from millrace._gen.v1 import deferral_pb2 as _deferral_pb2
from millrace._gen.v1 import inputs_pb2 as _inputs_pb2
from millrace._gen.v1 import task_instance_pb2 as _task_instance_pb2
from millrace._gen.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VerdictKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_KIND_UNSPECIFIED: _ClassVar[VerdictKind]
    VERDICT_KIND_OK: _ClassVar[VerdictKind]
    VERDICT_KIND_ALREADY: _ClassVar[VerdictKind]
    VERDICT_KIND_CONFLICT: _ClassVar[VerdictKind]
    VERDICT_KIND_STALE: _ClassVar[VerdictKind]
    VERDICT_KIND_CANCEL_REQUESTED: _ClassVar[VerdictKind]

class StaleReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STALE_REASON_UNSPECIFIED: _ClassVar[StaleReason]
    STALE_REASON_EXPIRED_AND_REGRANTED: _ClassVar[StaleReason]
    STALE_REASON_CANCELLED: _ClassVar[StaleReason]
    STALE_REASON_CLEARED: _ClassVar[StaleReason]
    STALE_REASON_EPOCH: _ClassVar[StaleReason]
    STALE_REASON_FINISHED: _ClassVar[StaleReason]

class IfRunExists(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IF_RUN_EXISTS_UNSPECIFIED: _ClassVar[IfRunExists]
    IF_RUN_EXISTS_FAIL: _ClassVar[IfRunExists]
    IF_RUN_EXISTS_CLEAR: _ClassVar[IfRunExists]
    IF_RUN_EXISTS_USE: _ClassVar[IfRunExists]

class IfRunMade(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IF_RUN_MADE_UNSPECIFIED: _ClassVar[IfRunMade]
    IF_RUN_MADE_CONTINUE: _ClassVar[IfRunMade]
    IF_RUN_MADE_ANOTHER: _ClassVar[IfRunMade]

class TriggerOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRIGGER_OUTCOME_UNSPECIFIED: _ClassVar[TriggerOutcome]
    TRIGGER_OUTCOME_MADE: _ClassVar[TriggerOutcome]
    TRIGGER_OUTCOME_EXISTS: _ClassVar[TriggerOutcome]
    TRIGGER_OUTCOME_CLEARED: _ClassVar[TriggerOutcome]
    TRIGGER_OUTCOME_USED: _ClassVar[TriggerOutcome]
    TRIGGER_OUTCOME_CONTINUED: _ClassVar[TriggerOutcome]
VERDICT_KIND_UNSPECIFIED: VerdictKind
VERDICT_KIND_OK: VerdictKind
VERDICT_KIND_ALREADY: VerdictKind
VERDICT_KIND_CONFLICT: VerdictKind
VERDICT_KIND_STALE: VerdictKind
VERDICT_KIND_CANCEL_REQUESTED: VerdictKind
STALE_REASON_UNSPECIFIED: StaleReason
STALE_REASON_EXPIRED_AND_REGRANTED: StaleReason
STALE_REASON_CANCELLED: StaleReason
STALE_REASON_CLEARED: StaleReason
STALE_REASON_EPOCH: StaleReason
STALE_REASON_FINISHED: StaleReason
IF_RUN_EXISTS_UNSPECIFIED: IfRunExists
IF_RUN_EXISTS_FAIL: IfRunExists
IF_RUN_EXISTS_CLEAR: IfRunExists
IF_RUN_EXISTS_USE: IfRunExists
IF_RUN_MADE_UNSPECIFIED: IfRunMade
IF_RUN_MADE_CONTINUE: IfRunMade
IF_RUN_MADE_ANOTHER: IfRunMade
TRIGGER_OUTCOME_UNSPECIFIED: TriggerOutcome
TRIGGER_OUTCOME_MADE: TriggerOutcome
TRIGGER_OUTCOME_EXISTS: TriggerOutcome
TRIGGER_OUTCOME_CLEARED: TriggerOutcome
TRIGGER_OUTCOME_USED: TriggerOutcome
TRIGGER_OUTCOME_CONTINUED: TriggerOutcome

class OpenSessionRequest(_message.Message):
    __slots__ = ("request_id", "worker_name", "sdk", "protocol", "queues", "handlers", "runs_bundles", "slots")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WORKER_NAME_FIELD_NUMBER: _ClassVar[int]
    SDK_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    QUEUES_FIELD_NUMBER: _ClassVar[int]
    HANDLERS_FIELD_NUMBER: _ClassVar[int]
    RUNS_BUNDLES_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    worker_name: str
    sdk: str
    protocol: int
    queues: _containers.RepeatedScalarFieldContainer[str]
    handlers: _containers.RepeatedScalarFieldContainer[str]
    runs_bundles: bool
    slots: int
    def __init__(self, request_id: _Optional[str] = ..., worker_name: _Optional[str] = ..., sdk: _Optional[str] = ..., protocol: _Optional[int] = ..., queues: _Optional[_Iterable[str]] = ..., handlers: _Optional[_Iterable[str]] = ..., runs_bundles: bool = ..., slots: _Optional[int] = ...) -> None: ...

class OpenSessionResponse(_message.Message):
    __slots__ = ("session_id", "session_token", "ttl", "renew_interval")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    RENEW_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session_token: str
    ttl: _duration_pb2.Duration
    renew_interval: _duration_pb2.Duration
    def __init__(self, session_id: _Optional[str] = ..., session_token: _Optional[str] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., renew_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SessionRef(_message.Message):
    __slots__ = ("session_id", "session_token")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    session_token: str
    def __init__(self, session_id: _Optional[str] = ..., session_token: _Optional[str] = ...) -> None: ...

class RenewSessionRequest(_message.Message):
    __slots__ = ("session", "attempt_ids", "request_id")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_IDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    attempt_ids: _containers.RepeatedScalarFieldContainer[str]
    request_id: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., attempt_ids: _Optional[_Iterable[str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class RenewSessionResponse(_message.Message):
    __slots__ = ("verdicts",)
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    def __init__(self, verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ...) -> None: ...

class CloseSessionRequest(_message.Message):
    __slots__ = ("session", "request_id")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    request_id: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class CloseSessionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WorkRequest(_message.Message):
    __slots__ = ("hello", "credit", "results")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    credit: Credit
    results: Results
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ..., results: _Optional[_Union[Results, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ...) -> None: ...

class Credit(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class Results(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[Result]
    def __init__(self, results: _Optional[_Iterable[_Union[Result, _Mapping]]] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("attempt_id", "succeeded", "failed", "skipped", "returned", "rescheduled", "deferred", "xcoms")
    class XcomsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    RESCHEDULED_FIELD_NUMBER: _ClassVar[int]
    DEFERRED_FIELD_NUMBER: _ClassVar[int]
    XCOMS_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    succeeded: Succeeded
    failed: _value_pb2.Failure
    skipped: Skipped
    returned: Returned
    rescheduled: Rescheduled
    deferred: _deferral_pb2.Deferral
    xcoms: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, attempt_id: _Optional[str] = ..., succeeded: _Optional[_Union[Succeeded, _Mapping]] = ..., failed: _Optional[_Union[_value_pb2.Failure, _Mapping]] = ..., skipped: _Optional[_Union[Skipped, _Mapping]] = ..., returned: _Optional[_Union[Returned, _Mapping]] = ..., rescheduled: _Optional[_Union[Rescheduled, _Mapping]] = ..., deferred: _Optional[_Union[_deferral_pb2.Deferral, _Mapping]] = ..., xcoms: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...

class Succeeded(_message.Message):
    __slots__ = ("return_value", "lengths", "choice", "map_index_label", "outlet_events")
    RETURN_VALUE_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_LABEL_FIELD_NUMBER: _ClassVar[int]
    OUTLET_EVENTS_FIELD_NUMBER: _ClassVar[int]
    return_value: _value_pb2.Value
    lengths: _containers.RepeatedScalarFieldContainer[int]
    choice: Choice
    map_index_label: str
    outlet_events: _containers.RepeatedCompositeFieldContainer[OutletEvent]
    def __init__(self, return_value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., lengths: _Optional[_Iterable[int]] = ..., choice: _Optional[_Union[Choice, _Mapping]] = ..., map_index_label: _Optional[str] = ..., outlet_events: _Optional[_Iterable[_Union[OutletEvent, _Mapping]]] = ...) -> None: ...

class OutletEvent(_message.Message):
    __slots__ = ("asset", "alias", "extra", "partition_key")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    EXTRA_FIELD_NUMBER: _ClassVar[int]
    PARTITION_KEY_FIELD_NUMBER: _ClassVar[int]
    asset: _asset_pb2.AssetDefinition
    alias: str
    extra: _value_pb2.Value
    partition_key: str
    def __init__(self, asset: _Optional[_Union[_asset_pb2.AssetDefinition, _Mapping]] = ..., alias: _Optional[str] = ..., extra: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., partition_key: _Optional[str] = ...) -> None: ...

class Choice(_message.Message):
    __slots__ = ("cases",)
    CASES_FIELD_NUMBER: _ClassVar[int]
    cases: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cases: _Optional[_Iterable[str]] = ...) -> None: ...

class Rescheduled(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: _duration_pb2.Duration
    def __init__(self, after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Skipped(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...

class Returned(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...

class WorkResponse(_message.Message):
    __slots__ = ("assignments", "verdicts", "cancels")
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    CANCELS_FIELD_NUMBER: _ClassVar[int]
    assignments: Assignments
    verdicts: Verdicts
    cancels: Cancels
    def __init__(self, assignments: _Optional[_Union[Assignments, _Mapping]] = ..., verdicts: _Optional[_Union[Verdicts, _Mapping]] = ..., cancels: _Optional[_Union[Cancels, _Mapping]] = ...) -> None: ...

class Assignments(_message.Message):
    __slots__ = ("assignments",)
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    assignments: _containers.RepeatedCompositeFieldContainer[Assignment]
    def __init__(self, assignments: _Optional[_Iterable[_Union[Assignment, _Mapping]]] = ...) -> None: ...

class Assignment(_message.Message):
    __slots__ = ("attempt_id", "run", "task_id", "map_index", "try_number", "max_tries", "handler", "kind", "bundle_digest", "args", "inputs", "execution_timeout", "isolation", "env", "fencing", "idempotency_key", "items", "measured_paths", "control", "cases", "sensor", "try_started_at", "try_age", "looks", "map_index_template", "map_length", "resumption", "callback", "call", "asset_watch")
    class InputsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    class EnvEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class ItemsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_FIELD_NUMBER: _ClassVar[int]
    TRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MAX_TRIES_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    ISOLATION_FIELD_NUMBER: _ClassVar[int]
    ENV_FIELD_NUMBER: _ClassVar[int]
    FENCING_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MEASURED_PATHS_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    CASES_FIELD_NUMBER: _ClassVar[int]
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    TRY_STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    TRY_AGE_FIELD_NUMBER: _ClassVar[int]
    LOOKS_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    MAP_LENGTH_FIELD_NUMBER: _ClassVar[int]
    RESUMPTION_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    ASSET_WATCH_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    run: RunFacts
    task_id: str
    map_index: int
    try_number: int
    max_tries: int
    handler: str
    kind: _dag_pb2.TaskKind
    bundle_digest: str
    args: bytes
    inputs: _containers.MessageMap[str, _value_pb2.Value]
    execution_timeout: _duration_pb2.Duration
    isolation: _dag_pb2.Isolation
    env: _containers.ScalarMap[str, str]
    fencing: str
    idempotency_key: str
    items: _containers.MessageMap[str, _value_pb2.Value]
    measured_paths: _containers.RepeatedScalarFieldContainer[bytes]
    control: _dag_pb2.TaskControl
    cases: _containers.RepeatedScalarFieldContainer[str]
    sensor: _dag_pb2.SensorSpec
    try_started_at: _timestamp_pb2.Timestamp
    try_age: _duration_pb2.Duration
    looks: int
    map_index_template: str
    map_length: int
    resumption: Resumption
    callback: CallbackFacts
    call: CallFacts
    asset_watch: AssetWatchFacts
    def __init__(self, attempt_id: _Optional[str] = ..., run: _Optional[_Union[RunFacts, _Mapping]] = ..., task_id: _Optional[str] = ..., map_index: _Optional[int] = ..., try_number: _Optional[int] = ..., max_tries: _Optional[int] = ..., handler: _Optional[str] = ..., kind: _Optional[_Union[_dag_pb2.TaskKind, str]] = ..., bundle_digest: _Optional[str] = ..., args: _Optional[bytes] = ..., inputs: _Optional[_Mapping[str, _value_pb2.Value]] = ..., execution_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., isolation: _Optional[_Union[_dag_pb2.Isolation, str]] = ..., env: _Optional[_Mapping[str, str]] = ..., fencing: _Optional[str] = ..., idempotency_key: _Optional[str] = ..., items: _Optional[_Mapping[str, _value_pb2.Value]] = ..., measured_paths: _Optional[_Iterable[bytes]] = ..., control: _Optional[_Union[_dag_pb2.TaskControl, str]] = ..., cases: _Optional[_Iterable[str]] = ..., sensor: _Optional[_Union[_dag_pb2.SensorSpec, _Mapping]] = ..., try_started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., try_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., looks: _Optional[int] = ..., map_index_template: _Optional[str] = ..., map_length: _Optional[int] = ..., resumption: _Optional[_Union[Resumption, _Mapping]] = ..., callback: _Optional[_Union[CallbackFacts, _Mapping]] = ..., call: _Optional[_Union[CallFacts, _Mapping]] = ..., asset_watch: _Optional[_Union[AssetWatchFacts, _Mapping]] = ...) -> None: ...

class AssetWatchFacts(_message.Message):
    __slots__ = ("uri", "cursor")
    URI_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    uri: str
    cursor: _value_pb2.Value
    def __init__(self, uri: _Optional[str] = ..., cursor: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...

class CallFacts(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class Resumption(_message.Message):
    __slots__ = ("event", "state")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    event: _value_pb2.Value
    state: _value_pb2.Value
    def __init__(self, event: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., state: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...

class CallbackFacts(_message.Message):
    __slots__ = ("event", "name", "happened_at", "failure", "try_number", "run_state", "delivery_try", "deadline")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    HAPPENED_AT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    TRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RUN_STATE_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_TRY_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    event: _callback_pb2.CallbackEvent
    name: str
    happened_at: _timestamp_pb2.Timestamp
    failure: _value_pb2.Failure
    try_number: int
    run_state: _dag_pb2.RunState
    delivery_try: int
    deadline: _deadline_pb2.Deadline
    def __init__(self, event: _Optional[_Union[_callback_pb2.CallbackEvent, str]] = ..., name: _Optional[str] = ..., happened_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., failure: _Optional[_Union[_value_pb2.Failure, _Mapping]] = ..., try_number: _Optional[int] = ..., run_state: _Optional[_Union[_dag_pb2.RunState, str]] = ..., delivery_try: _Optional[int] = ..., deadline: _Optional[_Union[_deadline_pb2.Deadline, _Mapping]] = ...) -> None: ...

class RunFacts(_message.Message):
    __slots__ = ("run_id", "dag_id", "run_name", "logical_date", "data_interval_start", "data_interval_end", "params", "run_type", "dag_version", "run_after", "partition_key", "inputs")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_NAME_FIELD_NUMBER: _ClassVar[int]
    LOGICAL_DATE_FIELD_NUMBER: _ClassVar[int]
    DATA_INTERVAL_START_FIELD_NUMBER: _ClassVar[int]
    DATA_INTERVAL_END_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    RUN_TYPE_FIELD_NUMBER: _ClassVar[int]
    DAG_VERSION_FIELD_NUMBER: _ClassVar[int]
    RUN_AFTER_FIELD_NUMBER: _ClassVar[int]
    PARTITION_KEY_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    dag_id: str
    run_name: str
    logical_date: _timestamp_pb2.Timestamp
    data_interval_start: _timestamp_pb2.Timestamp
    data_interval_end: _timestamp_pb2.Timestamp
    params: _value_pb2.Value
    run_type: _dag_pb2.RunType
    dag_version: int
    run_after: _timestamp_pb2.Timestamp
    partition_key: str
    inputs: _inputs_pb2.RunInstances
    def __init__(self, run_id: _Optional[str] = ..., dag_id: _Optional[str] = ..., run_name: _Optional[str] = ..., logical_date: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., data_interval_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., data_interval_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., params: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., run_type: _Optional[_Union[_dag_pb2.RunType, str]] = ..., dag_version: _Optional[int] = ..., run_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., partition_key: _Optional[str] = ..., inputs: _Optional[_Union[_inputs_pb2.RunInstances, _Mapping]] = ...) -> None: ...

class Verdicts(_message.Message):
    __slots__ = ("verdicts",)
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    def __init__(self, verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("attempt_id", "kind", "stale_reason")
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STALE_REASON_FIELD_NUMBER: _ClassVar[int]
    attempt_id: str
    kind: VerdictKind
    stale_reason: StaleReason
    def __init__(self, attempt_id: _Optional[str] = ..., kind: _Optional[_Union[VerdictKind, str]] = ..., stale_reason: _Optional[_Union[StaleReason, str]] = ...) -> None: ...

class Cancels(_message.Message):
    __slots__ = ("attempt_ids",)
    ATTEMPT_IDS_FIELD_NUMBER: _ClassVar[int]
    attempt_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, attempt_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class LeaseRequest(_message.Message):
    __slots__ = ("request_id", "session", "max", "wait")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    session: SessionRef
    max: int
    wait: _duration_pb2.Duration
    def __init__(self, request_id: _Optional[str] = ..., session: _Optional[_Union[SessionRef, _Mapping]] = ..., max: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class LeaseResponse(_message.Message):
    __slots__ = ("assignments",)
    ASSIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    assignments: _containers.RepeatedCompositeFieldContainer[Assignment]
    def __init__(self, assignments: _Optional[_Iterable[_Union[Assignment, _Mapping]]] = ...) -> None: ...

class ReportRequest(_message.Message):
    __slots__ = ("session", "results", "request_id")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    results: _containers.RepeatedCompositeFieldContainer[Result]
    request_id: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., results: _Optional[_Iterable[_Union[Result, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReportResponse(_message.Message):
    __slots__ = ("verdicts",)
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    def __init__(self, verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping]]] = ...) -> None: ...

class AppendLogRequest(_message.Message):
    __slots__ = ("session", "attempt_id", "lines", "request_id")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    attempt_id: str
    lines: _containers.RepeatedCompositeFieldContainer[_task_instance_pb2.LogLine]
    request_id: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., attempt_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[_task_instance_pb2.LogLine, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class AppendLogResponse(_message.Message):
    __slots__ = ("stored_through_seq",)
    STORED_THROUGH_SEQ_FIELD_NUMBER: _ClassVar[int]
    stored_through_seq: int
    def __init__(self, stored_through_seq: _Optional[int] = ...) -> None: ...

class DownloadBundleRequest(_message.Message):
    __slots__ = ("session", "digest")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    digest: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., digest: _Optional[str] = ...) -> None: ...

class DownloadBundleResponse(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    def __init__(self, content: _Optional[bytes] = ...) -> None: ...

class PullXComsRequest(_message.Message):
    __slots__ = ("session", "attempt_id", "task_ids", "key", "map_indexes", "run_id", "include_prior_dates", "dag_id")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEXES_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PRIOR_DATES_FIELD_NUMBER: _ClassVar[int]
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    attempt_id: str
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    key: str
    map_indexes: _containers.RepeatedScalarFieldContainer[int]
    run_id: str
    include_prior_dates: bool
    dag_id: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., attempt_id: _Optional[str] = ..., task_ids: _Optional[_Iterable[str]] = ..., key: _Optional[str] = ..., map_indexes: _Optional[_Iterable[int]] = ..., run_id: _Optional[str] = ..., include_prior_dates: bool = ..., dag_id: _Optional[str] = ...) -> None: ...

class PullXComsResponse(_message.Message):
    __slots__ = ("xcoms", "mapped_task_ids")
    XCOMS_FIELD_NUMBER: _ClassVar[int]
    MAPPED_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    xcoms: _containers.RepeatedCompositeFieldContainer[PulledXCom]
    mapped_task_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, xcoms: _Optional[_Iterable[_Union[PulledXCom, _Mapping]]] = ..., mapped_task_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class PulledXCom(_message.Message):
    __slots__ = ("task_id", "map_index", "value")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    map_index: int
    value: _value_pb2.Value
    def __init__(self, task_id: _Optional[str] = ..., map_index: _Optional[int] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...

class ReadAssetEventsRequest(_message.Message):
    __slots__ = ("session", "attempt_id", "triggering", "inlet_uri", "inlet_alias", "since", "before", "newest_first", "page_size", "page_token")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    TRIGGERING_FIELD_NUMBER: _ClassVar[int]
    INLET_URI_FIELD_NUMBER: _ClassVar[int]
    INLET_ALIAS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    NEWEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    attempt_id: str
    triggering: bool
    inlet_uri: str
    inlet_alias: str
    since: _timestamp_pb2.Timestamp
    before: _timestamp_pb2.Timestamp
    newest_first: bool
    page_size: int
    page_token: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., attempt_id: _Optional[str] = ..., triggering: bool = ..., inlet_uri: _Optional[str] = ..., inlet_alias: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., newest_first: bool = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ReadAssetEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_asset_pb2.AssetEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_asset_pb2.AssetEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class MakeTaskTokenRequest(_message.Message):
    __slots__ = ("session", "attempt_id")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    attempt_id: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., attempt_id: _Optional[str] = ...) -> None: ...

class MakeTaskTokenResponse(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class TriggerDagRunRequest(_message.Message):
    __slots__ = ("session", "attempt_id", "dag_id", "params", "logical_date", "note", "if_exists", "if_made", "max_depth", "request_id")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    LOGICAL_DATE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    IF_EXISTS_FIELD_NUMBER: _ClassVar[int]
    IF_MADE_FIELD_NUMBER: _ClassVar[int]
    MAX_DEPTH_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    attempt_id: str
    dag_id: str
    params: _value_pb2.Value
    logical_date: _timestamp_pb2.Timestamp
    note: str
    if_exists: IfRunExists
    if_made: IfRunMade
    max_depth: int
    request_id: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., attempt_id: _Optional[str] = ..., dag_id: _Optional[str] = ..., params: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., logical_date: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., note: _Optional[str] = ..., if_exists: _Optional[_Union[IfRunExists, str]] = ..., if_made: _Optional[_Union[IfRunMade, str]] = ..., max_depth: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class TriggerDagRunResponse(_message.Message):
    __slots__ = ("run_id", "run_name", "outcome", "state")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_NAME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    run_name: str
    outcome: TriggerOutcome
    state: _dag_pb2.RunState
    def __init__(self, run_id: _Optional[str] = ..., run_name: _Optional[str] = ..., outcome: _Optional[_Union[TriggerOutcome, str]] = ..., state: _Optional[_Union[_dag_pb2.RunState, str]] = ...) -> None: ...

class UploadBlobRequest(_message.Message):
    __slots__ = ("session", "attempt_id", "digest", "size", "content")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    attempt_id: str
    digest: str
    size: int
    content: bytes
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., attempt_id: _Optional[str] = ..., digest: _Optional[str] = ..., size: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...

class UploadBlobResponse(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class DownloadBlobRequest(_message.Message):
    __slots__ = ("session", "key")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    key: str
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., key: _Optional[str] = ...) -> None: ...

class DownloadBlobResponse(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    def __init__(self, content: _Optional[bytes] = ...) -> None: ...
