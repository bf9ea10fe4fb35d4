import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millrace._gen.v1 import dag_pb2 as _dag_pb2
from millrace._gen.v1 import deferral_pb2 as _deferral_pb2
from millrace._gen.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LogLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_LEVEL_UNSPECIFIED: _ClassVar[LogLevel]
    LOG_LEVEL_DEBUG: _ClassVar[LogLevel]
    LOG_LEVEL_INFO: _ClassVar[LogLevel]
    LOG_LEVEL_WARN: _ClassVar[LogLevel]
    LOG_LEVEL_ERROR: _ClassVar[LogLevel]

class LogStream(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_STREAM_UNSPECIFIED: _ClassVar[LogStream]
    LOG_STREAM_LOG: _ClassVar[LogStream]
    LOG_STREAM_STDOUT: _ClassVar[LogStream]
    LOG_STREAM_STDERR: _ClassVar[LogStream]
    LOG_STREAM_SYSTEM: _ClassVar[LogStream]

class ReasonKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_KIND_UNSPECIFIED: _ClassVar[ReasonKind]
    REASON_KIND_UPSTREAM: _ClassVar[ReasonKind]
    REASON_KIND_RETRY_WAIT: _ClassVar[ReasonKind]
    REASON_KIND_MAX_ACTIVE_TASKS: _ClassVar[ReasonKind]
    REASON_KIND_MAX_ACTIVE_RUNS: _ClassVar[ReasonKind]
    REASON_KIND_DAG_PAUSED: _ClassVar[ReasonKind]
    REASON_KIND_NO_WORKER_FOR_QUEUE: _ClassVar[ReasonKind]
    REASON_KIND_NO_WORKER_FOR_HANDLER: _ClassVar[ReasonKind]
    REASON_KIND_NO_FREE_SLOT: _ClassVar[ReasonKind]
    REASON_KIND_DISPATCHING: _ClassVar[ReasonKind]
    REASON_KIND_RUNNING: _ClassVar[ReasonKind]
    REASON_KIND_CANCELLING: _ClassVar[ReasonKind]
    REASON_KIND_FINAL: _ClassVar[ReasonKind]
    REASON_KIND_NO_OWNER: _ClassVar[ReasonKind]
    REASON_KIND_MAP_LENGTH: _ClassVar[ReasonKind]
    REASON_KIND_SETUP: _ClassVar[ReasonKind]
    REASON_KIND_TEARDOWN_SCOPE: _ClassVar[ReasonKind]
    REASON_KIND_RESCHEDULE_WAIT: _ClassVar[ReasonKind]
    REASON_KIND_RESTARTING: _ClassVar[ReasonKind]
    REASON_KIND_DEFERRED: _ClassVar[ReasonKind]
    REASON_KIND_AWAITING_INPUT: _ClassVar[ReasonKind]
    REASON_KIND_EXTERNAL_RUN: _ClassVar[ReasonKind]
    REASON_KIND_EXTERNAL_MISSING: _ClassVar[ReasonKind]
    REASON_KIND_BACKFILL_PAUSED: _ClassVar[ReasonKind]
    REASON_KIND_BACKFILL_MAX_ACTIVE_RUNS: _ClassVar[ReasonKind]
    REASON_KIND_DEPENDS_ON_PAST: _ClassVar[ReasonKind]
    REASON_KIND_PAST_QUESTION: _ClassVar[ReasonKind]
    REASON_KIND_POOL: _ClassVar[ReasonKind]
    REASON_KIND_NO_POOL: _ClassVar[ReasonKind]
    REASON_KIND_MAX_ACTIVE_TIS: _ClassVar[ReasonKind]
    REASON_KIND_MAX_ACTIVE_TIS_PER_RUN: _ClassVar[ReasonKind]
    REASON_KIND_MAX_ACTIVE_TASKS_PER_DAG: _ClassVar[ReasonKind]
    REASON_KIND_RATE_LIMIT: _ClassVar[ReasonKind]
    REASON_KIND_CONCURRENCY_KEY: _ClassVar[ReasonKind]
    REASON_KIND_ASSETS: _ClassVar[ReasonKind]
    REASON_KIND_DAG_INACTIVE: _ClassVar[ReasonKind]
    REASON_KIND_SCHEDULE: _ClassVar[ReasonKind]
    REASON_KIND_INPUTS: _ClassVar[ReasonKind]
LOG_LEVEL_UNSPECIFIED: LogLevel
LOG_LEVEL_DEBUG: LogLevel
LOG_LEVEL_INFO: LogLevel
LOG_LEVEL_WARN: LogLevel
LOG_LEVEL_ERROR: LogLevel
LOG_STREAM_UNSPECIFIED: LogStream
LOG_STREAM_LOG: LogStream
LOG_STREAM_STDOUT: LogStream
LOG_STREAM_STDERR: LogStream
LOG_STREAM_SYSTEM: LogStream
REASON_KIND_UNSPECIFIED: ReasonKind
REASON_KIND_UPSTREAM: ReasonKind
REASON_KIND_RETRY_WAIT: ReasonKind
REASON_KIND_MAX_ACTIVE_TASKS: ReasonKind
REASON_KIND_MAX_ACTIVE_RUNS: ReasonKind
REASON_KIND_DAG_PAUSED: ReasonKind
REASON_KIND_NO_WORKER_FOR_QUEUE: ReasonKind
REASON_KIND_NO_WORKER_FOR_HANDLER: ReasonKind
REASON_KIND_NO_FREE_SLOT: ReasonKind
REASON_KIND_DISPATCHING: ReasonKind
REASON_KIND_RUNNING: ReasonKind
REASON_KIND_CANCELLING: ReasonKind
REASON_KIND_FINAL: ReasonKind
REASON_KIND_NO_OWNER: ReasonKind
REASON_KIND_MAP_LENGTH: ReasonKind
REASON_KIND_SETUP: ReasonKind
REASON_KIND_TEARDOWN_SCOPE: ReasonKind
REASON_KIND_RESCHEDULE_WAIT: ReasonKind
REASON_KIND_RESTARTING: ReasonKind
REASON_KIND_DEFERRED: ReasonKind
REASON_KIND_AWAITING_INPUT: ReasonKind
REASON_KIND_EXTERNAL_RUN: ReasonKind
REASON_KIND_EXTERNAL_MISSING: ReasonKind
REASON_KIND_BACKFILL_PAUSED: ReasonKind
REASON_KIND_BACKFILL_MAX_ACTIVE_RUNS: ReasonKind
REASON_KIND_DEPENDS_ON_PAST: ReasonKind
REASON_KIND_PAST_QUESTION: ReasonKind
REASON_KIND_POOL: ReasonKind
REASON_KIND_NO_POOL: ReasonKind
REASON_KIND_MAX_ACTIVE_TIS: ReasonKind
REASON_KIND_MAX_ACTIVE_TIS_PER_RUN: ReasonKind
REASON_KIND_MAX_ACTIVE_TASKS_PER_DAG: ReasonKind
REASON_KIND_RATE_LIMIT: ReasonKind
REASON_KIND_CONCURRENCY_KEY: ReasonKind
REASON_KIND_ASSETS: ReasonKind
REASON_KIND_DAG_INACTIVE: ReasonKind
REASON_KIND_SCHEDULE: ReasonKind
REASON_KIND_INPUTS: ReasonKind

class TaskInstance(_message.Message):
    __slots__ = ("run_id", "task_id", "map_index", "state", "try_number", "max_tries", "started_at", "ended_at", "retry_at", "worker", "failure", "queue", "lost_count", "ready_at", "map_index_label", "mapped", "chosen_cases", "reschedule_at", "waiting")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MAX_TRIES_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    RETRY_AT_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    LOST_COUNT_FIELD_NUMBER: _ClassVar[int]
    READY_AT_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_LABEL_FIELD_NUMBER: _ClassVar[int]
    MAPPED_FIELD_NUMBER: _ClassVar[int]
    CHOSEN_CASES_FIELD_NUMBER: _ClassVar[int]
    RESCHEDULE_AT_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    task_id: str
    map_index: int
    state: _dag_pb2.TaskState
    try_number: int
    max_tries: int
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    retry_at: _timestamp_pb2.Timestamp
    worker: str
    failure: _value_pb2.Failure
    queue: str
    lost_count: int
    ready_at: _timestamp_pb2.Timestamp
    map_index_label: str
    mapped: MappedSummary
    chosen_cases: _containers.RepeatedScalarFieldContainer[str]
    reschedule_at: _timestamp_pb2.Timestamp
    waiting: _deferral_pb2.Waiting
    def __init__(self, run_id: _Optional[str] = ..., task_id: _Optional[str] = ..., map_index: _Optional[int] = ..., state: _Optional[_Union[_dag_pb2.TaskState, str]] = ..., try_number: _Optional[int] = ..., max_tries: _Optional[int] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., retry_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., worker: _Optional[str] = ..., failure: _Optional[_Union[_value_pb2.Failure, _Mapping]] = ..., queue: _Optional[str] = ..., lost_count: _Optional[int] = ..., ready_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., map_index_label: _Optional[str] = ..., mapped: _Optional[_Union[MappedSummary, _Mapping]] = ..., chosen_cases: _Optional[_Iterable[str]] = ..., reschedule_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., waiting: _Optional[_Union[_deferral_pb2.Waiting, _Mapping]] = ...) -> None: ...

class MappedSummary(_message.Message):
    __slots__ = ("length", "counts")
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    length: int
    counts: _containers.RepeatedCompositeFieldContainer[_dag_pb2.StateCount]
    def __init__(self, length: _Optional[int] = ..., counts: _Optional[_Iterable[_Union[_dag_pb2.StateCount, _Mapping]]] = ...) -> None: ...

class Attempt(_message.Message):
    __slots__ = ("try_number", "state", "started_at", "ended_at", "worker", "failure")
    TRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    try_number: int
    state: _dag_pb2.TaskState
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    worker: str
    failure: _value_pb2.Failure
    def __init__(self, try_number: _Optional[int] = ..., state: _Optional[_Union[_dag_pb2.TaskState, str]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., worker: _Optional[str] = ..., failure: _Optional[_Union[_value_pb2.Failure, _Mapping]] = ...) -> None: ...

class LogLine(_message.Message):
    __slots__ = ("seq", "at", "level", "message", "fields_json", "stream")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_JSON_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    seq: int
    at: _timestamp_pb2.Timestamp
    level: LogLevel
    message: str
    fields_json: str
    stream: LogStream
    def __init__(self, seq: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., level: _Optional[_Union[LogLevel, str]] = ..., message: _Optional[str] = ..., fields_json: _Optional[str] = ..., stream: _Optional[_Union[LogStream, str]] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("kind", "message", "evidence", "until", "task_ids")
    class EvidenceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    kind: ReasonKind
    message: str
    evidence: _containers.ScalarMap[str, str]
    until: _timestamp_pb2.Timestamp
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[_Union[ReasonKind, str]] = ..., message: _Optional[str] = ..., evidence: _Optional[_Mapping[str, str]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., task_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class InstanceSelection(_message.Message):
    __slots__ = ("instances", "upstream", "downstream", "states")
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    UPSTREAM_FIELD_NUMBER: _ClassVar[int]
    DOWNSTREAM_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    instances: _containers.RepeatedCompositeFieldContainer[InstanceRef]
    upstream: bool
    downstream: bool
    states: _containers.RepeatedScalarFieldContainer[_dag_pb2.TaskState]
    def __init__(self, instances: _Optional[_Iterable[_Union[InstanceRef, _Mapping]]] = ..., upstream: bool = ..., downstream: bool = ..., states: _Optional[_Iterable[_Union[_dag_pb2.TaskState, str]]] = ...) -> None: ...

class InstanceRef(_message.Message):
    __slots__ = ("task_id", "map_index")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    map_index: int
    def __init__(self, task_id: _Optional[str] = ..., map_index: _Optional[int] = ...) -> None: ...

class AffectedInstance(_message.Message):
    __slots__ = ("run_id", "task_id", "map_index", "state", "is_implied", "next_state")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    IS_IMPLIED_FIELD_NUMBER: _ClassVar[int]
    NEXT_STATE_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    task_id: str
    map_index: int
    state: _dag_pb2.TaskState
    is_implied: bool
    next_state: _dag_pb2.TaskState
    def __init__(self, run_id: _Optional[str] = ..., task_id: _Optional[str] = ..., map_index: _Optional[int] = ..., state: _Optional[_Union[_dag_pb2.TaskState, str]] = ..., is_implied: bool = ..., next_state: _Optional[_Union[_dag_pb2.TaskState, str]] = ...) -> None: ...

class AffectedCount(_message.Message):
    __slots__ = ("state", "next_state", "count")
    STATE_FIELD_NUMBER: _ClassVar[int]
    NEXT_STATE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    state: _dag_pb2.TaskState
    next_state: _dag_pb2.TaskState
    count: int
    def __init__(self, state: _Optional[_Union[_dag_pb2.TaskState, str]] = ..., next_state: _Optional[_Union[_dag_pb2.TaskState, str]] = ..., count: _Optional[int] = ...) -> None: ...
