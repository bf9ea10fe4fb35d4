import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millrace._gen.v1 import asset_pb2 as _asset_pb2
from millrace._gen.v1 import callback_pb2 as _callback_pb2
from millrace._gen.v1 import deadline_pb2 as _deadline_pb2
from millrace._gen.v1 import inputs_pb2 as _inputs_pb2
from millrace._gen.v1 import schedule_pb2 as _schedule_pb2
from millrace._gen.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WeightRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WEIGHT_RULE_UNSPECIFIED: _ClassVar[WeightRule]
    WEIGHT_RULE_DOWNSTREAM: _ClassVar[WeightRule]
    WEIGHT_RULE_UPSTREAM: _ClassVar[WeightRule]
    WEIGHT_RULE_ABSOLUTE: _ClassVar[WeightRule]

class KeyBusy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_BUSY_UNSPECIFIED: _ClassVar[KeyBusy]
    KEY_BUSY_QUEUE: _ClassVar[KeyBusy]
    KEY_BUSY_CANCEL_NEWEST: _ClassVar[KeyBusy]
    KEY_BUSY_CANCEL_OLDEST: _ClassVar[KeyBusy]

class TaskRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_ROLE_UNSPECIFIED: _ClassVar[TaskRole]
    TASK_ROLE_WORK: _ClassVar[TaskRole]
    TASK_ROLE_SETUP: _ClassVar[TaskRole]
    TASK_ROLE_TEARDOWN: _ClassVar[TaskRole]

class TaskControl(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_CONTROL_UNSPECIFIED: _ClassVar[TaskControl]
    TASK_CONTROL_NONE: _ClassVar[TaskControl]
    TASK_CONTROL_BRANCH: _ClassVar[TaskControl]
    TASK_CONTROL_SHORT_CIRCUIT: _ClassVar[TaskControl]

class SensorMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SENSOR_MODE_UNSPECIFIED: _ClassVar[SensorMode]
    SENSOR_MODE_POKE: _ClassVar[SensorMode]
    SENSOR_MODE_RESCHEDULE: _ClassVar[SensorMode]

class TaskKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_KIND_UNSPECIFIED: _ClassVar[TaskKind]
    TASK_KIND_BUNDLE: _ClassVar[TaskKind]
    TASK_KIND_EXTERNAL: _ClassVar[TaskKind]

class TriggerRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRIGGER_RULE_UNSPECIFIED: _ClassVar[TriggerRule]
    TRIGGER_RULE_ALL_SUCCESS: _ClassVar[TriggerRule]
    TRIGGER_RULE_ALL_FAILED: _ClassVar[TriggerRule]
    TRIGGER_RULE_ALL_DONE: _ClassVar[TriggerRule]
    TRIGGER_RULE_ALL_DONE_MIN_ONE_SUCCESS: _ClassVar[TriggerRule]
    TRIGGER_RULE_ALL_DONE_SETUP_SUCCESS: _ClassVar[TriggerRule]
    TRIGGER_RULE_ONE_SUCCESS: _ClassVar[TriggerRule]
    TRIGGER_RULE_ONE_FAILED: _ClassVar[TriggerRule]
    TRIGGER_RULE_ONE_DONE: _ClassVar[TriggerRule]
    TRIGGER_RULE_NONE_FAILED: _ClassVar[TriggerRule]
    TRIGGER_RULE_NONE_FAILED_MIN_ONE_SUCCESS: _ClassVar[TriggerRule]
    TRIGGER_RULE_NONE_SKIPPED: _ClassVar[TriggerRule]
    TRIGGER_RULE_ALL_SKIPPED: _ClassVar[TriggerRule]
    TRIGGER_RULE_ALWAYS: _ClassVar[TriggerRule]

class Isolation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ISOLATION_UNSPECIFIED: _ClassVar[Isolation]
    ISOLATION_THREAD: _ClassVar[Isolation]
    ISOLATION_PROCESS: _ClassVar[Isolation]

class RunState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_STATE_UNSPECIFIED: _ClassVar[RunState]
    RUN_STATE_QUEUED: _ClassVar[RunState]
    RUN_STATE_RUNNING: _ClassVar[RunState]
    RUN_STATE_SUCCESS: _ClassVar[RunState]
    RUN_STATE_FAILED: _ClassVar[RunState]

class RunType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_TYPE_UNSPECIFIED: _ClassVar[RunType]
    RUN_TYPE_SCHEDULED: _ClassVar[RunType]
    RUN_TYPE_MANUAL: _ClassVar[RunType]
    RUN_TYPE_BACKFILL: _ClassVar[RunType]
    RUN_TYPE_ASSET_TRIGGERED: _ClassVar[RunType]
    RUN_TYPE_ASSET_MATERIALIZATION: _ClassVar[RunType]

class TaskState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_STATE_UNSPECIFIED: _ClassVar[TaskState]
    TASK_STATE_NONE: _ClassVar[TaskState]
    TASK_STATE_SCHEDULED: _ClassVar[TaskState]
    TASK_STATE_QUEUED: _ClassVar[TaskState]
    TASK_STATE_RUNNING: _ClassVar[TaskState]
    TASK_STATE_RESTARTING: _ClassVar[TaskState]
    TASK_STATE_SUCCESS: _ClassVar[TaskState]
    TASK_STATE_FAILED: _ClassVar[TaskState]
    TASK_STATE_SKIPPED: _ClassVar[TaskState]
    TASK_STATE_UPSTREAM_FAILED: _ClassVar[TaskState]
    TASK_STATE_REMOVED: _ClassVar[TaskState]
    TASK_STATE_UP_FOR_RETRY: _ClassVar[TaskState]
    TASK_STATE_UP_FOR_RESCHEDULE: _ClassVar[TaskState]
    TASK_STATE_DEFERRED: _ClassVar[TaskState]
    TASK_STATE_AWAITING_INPUT: _ClassVar[TaskState]
WEIGHT_RULE_UNSPECIFIED: WeightRule
WEIGHT_RULE_DOWNSTREAM: WeightRule
WEIGHT_RULE_UPSTREAM: WeightRule
WEIGHT_RULE_ABSOLUTE: WeightRule
KEY_BUSY_UNSPECIFIED: KeyBusy
KEY_BUSY_QUEUE: KeyBusy
KEY_BUSY_CANCEL_NEWEST: KeyBusy
KEY_BUSY_CANCEL_OLDEST: KeyBusy
TASK_ROLE_UNSPECIFIED: TaskRole
TASK_ROLE_WORK: TaskRole
TASK_ROLE_SETUP: TaskRole
TASK_ROLE_TEARDOWN: TaskRole
TASK_CONTROL_UNSPECIFIED: TaskControl
TASK_CONTROL_NONE: TaskControl
TASK_CONTROL_BRANCH: TaskControl
TASK_CONTROL_SHORT_CIRCUIT: TaskControl
SENSOR_MODE_UNSPECIFIED: SensorMode
SENSOR_MODE_POKE: SensorMode
SENSOR_MODE_RESCHEDULE: SensorMode
TASK_KIND_UNSPECIFIED: TaskKind
TASK_KIND_BUNDLE: TaskKind
TASK_KIND_EXTERNAL: TaskKind
TRIGGER_RULE_UNSPECIFIED: TriggerRule
TRIGGER_RULE_ALL_SUCCESS: TriggerRule
TRIGGER_RULE_ALL_FAILED: TriggerRule
TRIGGER_RULE_ALL_DONE: TriggerRule
TRIGGER_RULE_ALL_DONE_MIN_ONE_SUCCESS: TriggerRule
TRIGGER_RULE_ALL_DONE_SETUP_SUCCESS: TriggerRule
TRIGGER_RULE_ONE_SUCCESS: TriggerRule
TRIGGER_RULE_ONE_FAILED: TriggerRule
TRIGGER_RULE_ONE_DONE: TriggerRule
TRIGGER_RULE_NONE_FAILED: TriggerRule
TRIGGER_RULE_NONE_FAILED_MIN_ONE_SUCCESS: TriggerRule
TRIGGER_RULE_NONE_SKIPPED: TriggerRule
TRIGGER_RULE_ALL_SKIPPED: TriggerRule
TRIGGER_RULE_ALWAYS: TriggerRule
ISOLATION_UNSPECIFIED: Isolation
ISOLATION_THREAD: Isolation
ISOLATION_PROCESS: Isolation
RUN_STATE_UNSPECIFIED: RunState
RUN_STATE_QUEUED: RunState
RUN_STATE_RUNNING: RunState
RUN_STATE_SUCCESS: RunState
RUN_STATE_FAILED: RunState
RUN_TYPE_UNSPECIFIED: RunType
RUN_TYPE_SCHEDULED: RunType
RUN_TYPE_MANUAL: RunType
RUN_TYPE_BACKFILL: RunType
RUN_TYPE_ASSET_TRIGGERED: RunType
RUN_TYPE_ASSET_MATERIALIZATION: RunType
TASK_STATE_UNSPECIFIED: TaskState
TASK_STATE_NONE: TaskState
TASK_STATE_SCHEDULED: TaskState
TASK_STATE_QUEUED: TaskState
TASK_STATE_RUNNING: TaskState
TASK_STATE_RESTARTING: TaskState
TASK_STATE_SUCCESS: TaskState
TASK_STATE_FAILED: TaskState
TASK_STATE_SKIPPED: TaskState
TASK_STATE_UPSTREAM_FAILED: TaskState
TASK_STATE_REMOVED: TaskState
TASK_STATE_UP_FOR_RETRY: TaskState
TASK_STATE_UP_FOR_RESCHEDULE: TaskState
TASK_STATE_DEFERRED: TaskState
TASK_STATE_AWAITING_INPUT: TaskState

class DagSpec(_message.Message):
    __slots__ = ("dag_id", "tasks", "edges", "groups", "schedule", "description", "docs", "tags", "owner", "params_schema", "max_active_runs", "max_active_tasks", "dagrun_timeout", "start_date", "end_date", "catchup", "overlap", "starting_deadline", "max_consecutive_failed_runs", "kept_successful_runs", "kept_failed_runs", "start_paused", "file", "source", "bundle_digest", "fail_fast", "result_task_id", "callbacks", "callback_queue", "deadlines", "max_active_tasks_per_dag", "concurrency_key", "when_key_busy", "inputs", "input_timeout", "input_order")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DOCS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PARAMS_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIVE_RUNS_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIVE_TASKS_FIELD_NUMBER: _ClassVar[int]
    DAGRUN_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    END_DATE_FIELD_NUMBER: _ClassVar[int]
    CATCHUP_FIELD_NUMBER: _ClassVar[int]
    OVERLAP_FIELD_NUMBER: _ClassVar[int]
    STARTING_DEADLINE_FIELD_NUMBER: _ClassVar[int]
    MAX_CONSECUTIVE_FAILED_RUNS_FIELD_NUMBER: _ClassVar[int]
    KEPT_SUCCESSFUL_RUNS_FIELD_NUMBER: _ClassVar[int]
    KEPT_FAILED_RUNS_FIELD_NUMBER: _ClassVar[int]
    START_PAUSED_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    FAIL_FAST_FIELD_NUMBER: _ClassVar[int]
    RESULT_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    CALLBACKS_FIELD_NUMBER: _ClassVar[int]
    CALLBACK_QUEUE_FIELD_NUMBER: _ClassVar[int]
    DEADLINES_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIVE_TASKS_PER_DAG_FIELD_NUMBER: _ClassVar[int]
    CONCURRENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    WHEN_KEY_BUSY_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    INPUT_ORDER_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    tasks: _containers.RepeatedCompositeFieldContainer[TaskSpec]
    edges: _containers.RepeatedCompositeFieldContainer[Edge]
    groups: _containers.RepeatedCompositeFieldContainer[GroupSpec]
    schedule: _schedule_pb2.Schedule
    description: str
    docs: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    owner: str
    params_schema: str
    max_active_runs: int
    max_active_tasks: int
    dagrun_timeout: _duration_pb2.Duration
    start_date: _timestamp_pb2.Timestamp
    end_date: _timestamp_pb2.Timestamp
    catchup: bool
    overlap: _schedule_pb2.Overlap
    starting_deadline: _duration_pb2.Duration
    max_consecutive_failed_runs: int
    kept_successful_runs: int
    kept_failed_runs: int
    start_paused: bool
    file: str
    source: str
    bundle_digest: str
    fail_fast: bool
    result_task_id: str
    callbacks: _containers.RepeatedCompositeFieldContainer[_callback_pb2.Callback]
    callback_queue: str
    deadlines: _containers.RepeatedCompositeFieldContainer[_deadline_pb2.DeadlineSpec]
    max_active_tasks_per_dag: int
    concurrency_key: bytes
    when_key_busy: KeyBusy
    inputs: _inputs_pb2.InputTerm
    input_timeout: _duration_pb2.Duration
    input_order: _inputs_pb2.InputOrder
    def __init__(self, dag_id: _Optional[str] = ..., tasks: _Optional[_Iterable[_Union[TaskSpec, _Mapping]]] = ..., edges: _Optional[_Iterable[_Union[Edge, _Mapping]]] = ..., groups: _Optional[_Iterable[_Union[GroupSpec, _Mapping]]] = ..., schedule: _Optional[_Union[_schedule_pb2.Schedule, _Mapping]] = ..., description: _Optional[str] = ..., docs: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., owner: _Optional[str] = ..., params_schema: _Optional[str] = ..., max_active_runs: _Optional[int] = ..., max_active_tasks: _Optional[int] = ..., dagrun_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., start_date: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_date: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., catchup: bool = ..., overlap: _Optional[_Union[_schedule_pb2.Overlap, str]] = ..., starting_deadline: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_consecutive_failed_runs: _Optional[int] = ..., kept_successful_runs: _Optional[int] = ..., kept_failed_runs: _Optional[int] = ..., start_paused: bool = ..., file: _Optional[str] = ..., source: _Optional[str] = ..., bundle_digest: _Optional[str] = ..., fail_fast: bool = ..., result_task_id: _Optional[str] = ..., callbacks: _Optional[_Iterable[_Union[_callback_pb2.Callback, _Mapping]]] = ..., callback_queue: _Optional[str] = ..., deadlines: _Optional[_Iterable[_Union[_deadline_pb2.DeadlineSpec, _Mapping]]] = ..., max_active_tasks_per_dag: _Optional[int] = ..., concurrency_key: _Optional[bytes] = ..., when_key_busy: _Optional[_Union[KeyBusy, str]] = ..., inputs: _Optional[_Union[_inputs_pb2.InputTerm, _Mapping]] = ..., input_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., input_order: _Optional[_Union[_inputs_pb2.InputOrder, str]] = ...) -> None: ...

class TaskSpec(_message.Message):
    __slots__ = ("task_id", "group_id", "handler", "kind", "args", "retries", "retry_delay", "retry_backoff", "max_retry_delay", "execution_timeout", "trigger_rule", "queue", "priority_weight", "isolation", "env", "docs", "owner", "result_schema", "arg_schemas", "role", "fails_run", "control", "cases", "skips_direct_only", "each", "map_index_template", "sensor", "callbacks", "triggers_dag_ids", "waits_for", "marks", "depends_on_past", "wait_for_downstream", "ignore_first_depends_on_past", "past_decider", "deadlines", "pool", "pool_slots", "weight_rule", "max_active_tis", "max_active_tis_per_run", "rate_limit", "outlets", "inlets")
    class EnvEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    RETRY_BACKOFF_FIELD_NUMBER: _ClassVar[int]
    MAX_RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_RULE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    ISOLATION_FIELD_NUMBER: _ClassVar[int]
    ENV_FIELD_NUMBER: _ClassVar[int]
    DOCS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    RESULT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    ARG_SCHEMAS_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    FAILS_RUN_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    CASES_FIELD_NUMBER: _ClassVar[int]
    SKIPS_DIRECT_ONLY_FIELD_NUMBER: _ClassVar[int]
    EACH_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    SENSOR_FIELD_NUMBER: _ClassVar[int]
    CALLBACKS_FIELD_NUMBER: _ClassVar[int]
    TRIGGERS_DAG_IDS_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_PAST_FIELD_NUMBER: _ClassVar[int]
    WAIT_FOR_DOWNSTREAM_FIELD_NUMBER: _ClassVar[int]
    IGNORE_FIRST_DEPENDS_ON_PAST_FIELD_NUMBER: _ClassVar[int]
    PAST_DECIDER_FIELD_NUMBER: _ClassVar[int]
    DEADLINES_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    POOL_SLOTS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_RULE_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIVE_TIS_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIVE_TIS_PER_RUN_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    OUTLETS_FIELD_NUMBER: _ClassVar[int]
    INLETS_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    group_id: str
    handler: str
    kind: TaskKind
    args: bytes
    retries: int
    retry_delay: _duration_pb2.Duration
    retry_backoff: float
    max_retry_delay: _duration_pb2.Duration
    execution_timeout: _duration_pb2.Duration
    trigger_rule: TriggerRule
    queue: str
    priority_weight: int
    isolation: Isolation
    env: _containers.ScalarMap[str, str]
    docs: str
    owner: str
    result_schema: str
    arg_schemas: _containers.RepeatedScalarFieldContainer[str]
    role: TaskRole
    fails_run: bool
    control: TaskControl
    cases: _containers.RepeatedCompositeFieldContainer[BranchCase]
    skips_direct_only: bool
    each: _containers.RepeatedCompositeFieldContainer[MapAxis]
    map_index_template: str
    sensor: SensorSpec
    callbacks: _containers.RepeatedCompositeFieldContainer[_callback_pb2.Callback]
    triggers_dag_ids: _containers.RepeatedScalarFieldContainer[str]
    waits_for: _containers.RepeatedCompositeFieldContainer[ExternalRef]
    marks: _containers.RepeatedCompositeFieldContainer[ExternalRef]
    depends_on_past: bool
    wait_for_downstream: bool
    ignore_first_depends_on_past: bool
    past_decider: str
    deadlines: _containers.RepeatedCompositeFieldContainer[_deadline_pb2.DeadlineSpec]
    pool: str
    pool_slots: int
    weight_rule: WeightRule
    max_active_tis: int
    max_active_tis_per_run: int
    rate_limit: RateLimit
    outlets: _containers.RepeatedCompositeFieldContainer[_asset_pb2.AssetOrAlias]
    inlets: _containers.RepeatedCompositeFieldContainer[_asset_pb2.AssetOrAlias]
    def __init__(self, task_id: _Optional[str] = ..., group_id: _Optional[str] = ..., handler: _Optional[str] = ..., kind: _Optional[_Union[TaskKind, str]] = ..., args: _Optional[bytes] = ..., retries: _Optional[int] = ..., retry_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., retry_backoff: _Optional[float] = ..., max_retry_delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., execution_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., trigger_rule: _Optional[_Union[TriggerRule, str]] = ..., queue: _Optional[str] = ..., priority_weight: _Optional[int] = ..., isolation: _Optional[_Union[Isolation, str]] = ..., env: _Optional[_Mapping[str, str]] = ..., docs: _Optional[str] = ..., owner: _Optional[str] = ..., result_schema: _Optional[str] = ..., arg_schemas: _Optional[_Iterable[str]] = ..., role: _Optional[_Union[TaskRole, str]] = ..., fails_run: bool = ..., control: _Optional[_Union[TaskControl, str]] = ..., cases: _Optional[_Iterable[_Union[BranchCase, _Mapping]]] = ..., skips_direct_only: bool = ..., each: _Optional[_Iterable[_Union[MapAxis, _Mapping]]] = ..., map_index_template: _Optional[str] = ..., sensor: _Optional[_Union[SensorSpec, _Mapping]] = ..., callbacks: _Optional[_Iterable[_Union[_callback_pb2.Callback, _Mapping]]] = ..., triggers_dag_ids: _Optional[_Iterable[str]] = ..., waits_for: _Optional[_Iterable[_Union[ExternalRef, _Mapping]]] = ..., marks: _Optional[_Iterable[_Union[ExternalRef, _Mapping]]] = ..., depends_on_past: bool = ..., wait_for_downstream: bool = ..., ignore_first_depends_on_past: bool = ..., past_decider: _Optional[str] = ..., deadlines: _Optional[_Iterable[_Union[_deadline_pb2.DeadlineSpec, _Mapping]]] = ..., pool: _Optional[str] = ..., pool_slots: _Optional[int] = ..., weight_rule: _Optional[_Union[WeightRule, str]] = ..., max_active_tis: _Optional[int] = ..., max_active_tis_per_run: _Optional[int] = ..., rate_limit: _Optional[_Union[RateLimit, _Mapping]] = ..., outlets: _Optional[_Iterable[_Union[_asset_pb2.AssetOrAlias, _Mapping]]] = ..., inlets: _Optional[_Iterable[_Union[_asset_pb2.AssetOrAlias, _Mapping]]] = ...) -> None: ...

class ExternalRef(_message.Message):
    __slots__ = ("dag_id", "task_ids", "group_ids")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    GROUP_IDS_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    group_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, dag_id: _Optional[str] = ..., task_ids: _Optional[_Iterable[str]] = ..., group_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class RateLimit(_message.Message):
    __slots__ = ("key", "limit", "per")
    KEY_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PER_FIELD_NUMBER: _ClassVar[int]
    key: str
    limit: int
    per: _duration_pb2.Duration
    def __init__(self, key: _Optional[str] = ..., limit: _Optional[int] = ..., per: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class BranchCase(_message.Message):
    __slots__ = ("name", "task_ids")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., task_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class MapAxis(_message.Message):
    __slots__ = ("sources",)
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    sources: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, sources: _Optional[_Iterable[bytes]] = ...) -> None: ...

class SensorSpec(_message.Message):
    __slots__ = ("mode", "interval", "timeout", "soft_fail", "backoff", "max_interval")
    MODE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    SOFT_FAIL_FIELD_NUMBER: _ClassVar[int]
    BACKOFF_FIELD_NUMBER: _ClassVar[int]
    MAX_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    mode: SensorMode
    interval: _duration_pb2.Duration
    timeout: _duration_pb2.Duration
    soft_fail: bool
    backoff: bool
    max_interval: _duration_pb2.Duration
    def __init__(self, mode: _Optional[_Union[SensorMode, str]] = ..., interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., soft_fail: bool = ..., backoff: bool = ..., max_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Edge(_message.Message):
    __slots__ = ("from_task_id", "to_task_id", "label")
    FROM_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    TO_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    from_task_id: str
    to_task_id: str
    label: str
    def __init__(self, from_task_id: _Optional[str] = ..., to_task_id: _Optional[str] = ..., label: _Optional[str] = ...) -> None: ...

class GroupSpec(_message.Message):
    __slots__ = ("group_id", "parent_group_id", "tooltip", "each")
    GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_GROUP_ID_FIELD_NUMBER: _ClassVar[int]
    TOOLTIP_FIELD_NUMBER: _ClassVar[int]
    EACH_FIELD_NUMBER: _ClassVar[int]
    group_id: str
    parent_group_id: str
    tooltip: str
    each: _containers.RepeatedCompositeFieldContainer[MapAxis]
    def __init__(self, group_id: _Optional[str] = ..., parent_group_id: _Optional[str] = ..., tooltip: _Optional[str] = ..., each: _Optional[_Iterable[_Union[MapAxis, _Mapping]]] = ...) -> None: ...

class Dag(_message.Message):
    __slots__ = ("dag_id", "version", "description", "tags", "owner", "is_paused", "is_active", "schedule", "timezone", "next_run_at", "recent_runs", "file", "task_count", "params_schema", "docs", "max_active_runs", "max_active_tasks", "registered_at", "schedule_problem")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    IS_PAUSED_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    NEXT_RUN_AT_FIELD_NUMBER: _ClassVar[int]
    RECENT_RUNS_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    TASK_COUNT_FIELD_NUMBER: _ClassVar[int]
    PARAMS_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    DOCS_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIVE_RUNS_FIELD_NUMBER: _ClassVar[int]
    MAX_ACTIVE_TASKS_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_AT_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_PROBLEM_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    version: int
    description: str
    tags: _containers.RepeatedScalarFieldContainer[str]
    owner: str
    is_paused: bool
    is_active: bool
    schedule: str
    timezone: str
    next_run_at: _timestamp_pb2.Timestamp
    recent_runs: _containers.RepeatedCompositeFieldContainer[RunSummary]
    file: str
    task_count: int
    params_schema: str
    docs: str
    max_active_runs: int
    max_active_tasks: int
    registered_at: _timestamp_pb2.Timestamp
    schedule_problem: str
    def __init__(self, dag_id: _Optional[str] = ..., version: _Optional[int] = ..., description: _Optional[str] = ..., tags: _Optional[_Iterable[str]] = ..., owner: _Optional[str] = ..., is_paused: bool = ..., is_active: bool = ..., schedule: _Optional[str] = ..., timezone: _Optional[str] = ..., next_run_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recent_runs: _Optional[_Iterable[_Union[RunSummary, _Mapping]]] = ..., file: _Optional[str] = ..., task_count: _Optional[int] = ..., params_schema: _Optional[str] = ..., docs: _Optional[str] = ..., max_active_runs: _Optional[int] = ..., max_active_tasks: _Optional[int] = ..., registered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., schedule_problem: _Optional[str] = ...) -> None: ...

class RunSummary(_message.Message):
    __slots__ = ("run_id", "state", "started_at", "ended_at", "logical_date")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    LOGICAL_DATE_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    state: RunState
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    logical_date: _timestamp_pb2.Timestamp
    def __init__(self, run_id: _Optional[str] = ..., state: _Optional[_Union[RunState, str]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., logical_date: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DagVersion(_message.Message):
    __slots__ = ("dag_id", "version", "digest", "registered_at", "bundle_digest")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_AT_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    version: int
    digest: str
    registered_at: _timestamp_pb2.Timestamp
    bundle_digest: str
    def __init__(self, dag_id: _Optional[str] = ..., version: _Optional[int] = ..., digest: _Optional[str] = ..., registered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., bundle_digest: _Optional[str] = ...) -> None: ...

class ImportError(_message.Message):
    __slots__ = ("folder", "file", "message", "seen_at")
    FOLDER_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    folder: str
    file: str
    message: str
    seen_at: _timestamp_pb2.Timestamp
    def __init__(self, folder: _Optional[str] = ..., file: _Optional[str] = ..., message: _Optional[str] = ..., seen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DagRun(_message.Message):
    __slots__ = ("run_id", "dag_id", "dag_version", "run_name", "state", "run_type", "logical_date", "data_interval_start", "data_interval_end", "params", "queued_at", "started_at", "ended_at", "failure", "counts", "note", "triggered_by", "revision", "backfill_id", "partition_key")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    DAG_VERSION_FIELD_NUMBER: _ClassVar[int]
    RUN_NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RUN_TYPE_FIELD_NUMBER: _ClassVar[int]
    LOGICAL_DATE_FIELD_NUMBER: _ClassVar[int]
    DATA_INTERVAL_START_FIELD_NUMBER: _ClassVar[int]
    DATA_INTERVAL_END_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    QUEUED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    TRIGGERED_BY_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    BACKFILL_ID_FIELD_NUMBER: _ClassVar[int]
    PARTITION_KEY_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    dag_id: str
    dag_version: int
    run_name: str
    state: RunState
    run_type: RunType
    logical_date: _timestamp_pb2.Timestamp
    data_interval_start: _timestamp_pb2.Timestamp
    data_interval_end: _timestamp_pb2.Timestamp
    params: _value_pb2.Value
    queued_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    failure: _value_pb2.Failure
    counts: _containers.RepeatedCompositeFieldContainer[StateCount]
    note: str
    triggered_by: str
    revision: int
    backfill_id: str
    partition_key: str
    def __init__(self, run_id: _Optional[str] = ..., dag_id: _Optional[str] = ..., dag_version: _Optional[int] = ..., run_name: _Optional[str] = ..., state: _Optional[_Union[RunState, str]] = ..., run_type: _Optional[_Union[RunType, str]] = ..., logical_date: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., data_interval_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., data_interval_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., params: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., queued_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., failure: _Optional[_Union[_value_pb2.Failure, _Mapping]] = ..., counts: _Optional[_Iterable[_Union[StateCount, _Mapping]]] = ..., note: _Optional[str] = ..., triggered_by: _Optional[str] = ..., revision: _Optional[int] = ..., backfill_id: _Optional[str] = ..., partition_key: _Optional[str] = ...) -> None: ...

class StateCount(_message.Message):
    __slots__ = ("state", "count")
    STATE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    state: TaskState
    count: int
    def __init__(self, state: _Optional[_Union[TaskState, str]] = ..., count: _Optional[int] = ...) -> None: ...
