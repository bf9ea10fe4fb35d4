import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millrace._gen.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EndState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    END_STATE_UNSPECIFIED: _ClassVar[EndState]
    END_STATE_SUCCESS: _ClassVar[EndState]
    END_STATE_FAILED: _ClassVar[EndState]
    END_STATE_SKIPPED: _ClassVar[EndState]
    END_STATE_UPSTREAM_FAILED: _ClassVar[EndState]

class TimeoutOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIMEOUT_OUTCOME_UNSPECIFIED: _ClassVar[TimeoutOutcome]
    TIMEOUT_OUTCOME_FAIL: _ClassVar[TimeoutOutcome]
    TIMEOUT_OUTCOME_FAIL_FOR_GOOD: _ClassVar[TimeoutOutcome]
    TIMEOUT_OUTCOME_SKIP: _ClassVar[TimeoutOutcome]
    TIMEOUT_OUTCOME_FULFIL: _ClassVar[TimeoutOutcome]

class InputState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INPUT_STATE_UNSPECIFIED: _ClassVar[InputState]
    INPUT_STATE_OPEN: _ClassVar[InputState]
    INPUT_STATE_ANSWERED: _ClassVar[InputState]
    INPUT_STATE_TIMED_OUT: _ClassVar[InputState]
    INPUT_STATE_WITHDRAWN: _ClassVar[InputState]
END_STATE_UNSPECIFIED: EndState
END_STATE_SUCCESS: EndState
END_STATE_FAILED: EndState
END_STATE_SKIPPED: EndState
END_STATE_UPSTREAM_FAILED: EndState
TIMEOUT_OUTCOME_UNSPECIFIED: TimeoutOutcome
TIMEOUT_OUTCOME_FAIL: TimeoutOutcome
TIMEOUT_OUTCOME_FAIL_FOR_GOOD: TimeoutOutcome
TIMEOUT_OUTCOME_SKIP: TimeoutOutcome
TIMEOUT_OUTCOME_FULFIL: TimeoutOutcome
INPUT_STATE_UNSPECIFIED: InputState
INPUT_STATE_OPEN: InputState
INPUT_STATE_ANSWERED: InputState
INPUT_STATE_TIMED_OUT: InputState
INPUT_STATE_WITHDRAWN: InputState

class Deferral(_message.Message):
    __slots__ = ("time", "token", "input", "watch", "runs", "timeout", "on_timeout", "resumes", "state")
    TIME_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    ON_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    RESUMES_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    time: TimeTrigger
    token: TokenTrigger
    input: InputTrigger
    watch: WatchTrigger
    runs: RunsTrigger
    timeout: _duration_pb2.Duration
    on_timeout: TimeoutOutcome
    resumes: bool
    state: _value_pb2.Value
    def __init__(self, time: _Optional[_Union[TimeTrigger, _Mapping]] = ..., token: _Optional[_Union[TokenTrigger, _Mapping]] = ..., input: _Optional[_Union[InputTrigger, _Mapping]] = ..., watch: _Optional[_Union[WatchTrigger, _Mapping]] = ..., runs: _Optional[_Union[RunsTrigger, _Mapping]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., on_timeout: _Optional[_Union[TimeoutOutcome, str]] = ..., resumes: bool = ..., state: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...

class TimeTrigger(_message.Message):
    __slots__ = ("at", "after")
    AT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    after: _duration_pb2.Duration
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class TokenTrigger(_message.Message):
    __slots__ = ("heartbeat",)
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    heartbeat: _duration_pb2.Duration
    def __init__(self, heartbeat: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class InputTrigger(_message.Message):
    __slots__ = ("form",)
    FORM_FIELD_NUMBER: _ClassVar[int]
    form: InputForm
    def __init__(self, form: _Optional[_Union[InputForm, _Mapping]] = ...) -> None: ...

class InputForm(_message.Message):
    __slots__ = ("subject", "body", "schema", "defaults", "assignees")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    DEFAULTS_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEES_FIELD_NUMBER: _ClassVar[int]
    subject: str
    body: str
    schema: str
    defaults: _value_pb2.Value
    assignees: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, subject: _Optional[str] = ..., body: _Optional[str] = ..., schema: _Optional[str] = ..., defaults: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., assignees: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchTrigger(_message.Message):
    __slots__ = ("handler", "config", "summary")
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    handler: str
    config: _value_pb2.Value
    summary: str
    def __init__(self, handler: _Optional[str] = ..., config: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., summary: _Optional[str] = ...) -> None: ...

class RunsTrigger(_message.Message):
    __slots__ = ("dag_id", "run_id", "logical_dates", "task_ids", "group_ids", "allowed_states", "failed_states", "skipped_states", "is_strict", "soft_fail", "checks_existence")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    LOGICAL_DATES_FIELD_NUMBER: _ClassVar[int]
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    GROUP_IDS_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_STATES_FIELD_NUMBER: _ClassVar[int]
    FAILED_STATES_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_STATES_FIELD_NUMBER: _ClassVar[int]
    IS_STRICT_FIELD_NUMBER: _ClassVar[int]
    SOFT_FAIL_FIELD_NUMBER: _ClassVar[int]
    CHECKS_EXISTENCE_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    run_id: str
    logical_dates: _containers.RepeatedCompositeFieldContainer[_timestamp_pb2.Timestamp]
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    group_ids: _containers.RepeatedScalarFieldContainer[str]
    allowed_states: _containers.RepeatedScalarFieldContainer[EndState]
    failed_states: _containers.RepeatedScalarFieldContainer[EndState]
    skipped_states: _containers.RepeatedScalarFieldContainer[EndState]
    is_strict: bool
    soft_fail: bool
    checks_existence: bool
    def __init__(self, dag_id: _Optional[str] = ..., run_id: _Optional[str] = ..., logical_dates: _Optional[_Iterable[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]]] = ..., task_ids: _Optional[_Iterable[str]] = ..., group_ids: _Optional[_Iterable[str]] = ..., allowed_states: _Optional[_Iterable[_Union[EndState, str]]] = ..., failed_states: _Optional[_Iterable[_Union[EndState, str]]] = ..., skipped_states: _Optional[_Iterable[_Union[EndState, str]]] = ..., is_strict: bool = ..., soft_fail: bool = ..., checks_existence: bool = ...) -> None: ...

class Waiting(_message.Message):
    __slots__ = ("until", "token", "form", "summary", "runs", "since", "timeout_at", "handler")
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    RUNS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_AT_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    until: _timestamp_pb2.Timestamp
    token: TokenTrigger
    form: InputForm
    summary: str
    runs: RunsTrigger
    since: _timestamp_pb2.Timestamp
    timeout_at: _timestamp_pb2.Timestamp
    handler: str
    def __init__(self, until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., token: _Optional[_Union[TokenTrigger, _Mapping]] = ..., form: _Optional[_Union[InputForm, _Mapping]] = ..., summary: _Optional[str] = ..., runs: _Optional[_Union[RunsTrigger, _Mapping]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timeout_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., handler: _Optional[str] = ...) -> None: ...

class InputRequest(_message.Message):
    __slots__ = ("run_id", "dag_id", "task_id", "map_index", "try_number", "form", "asked_at", "timeout_at", "state", "ended_at", "answered_by", "answer", "run_name")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_FIELD_NUMBER: _ClassVar[int]
    TRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    FORM_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_BY_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    RUN_NAME_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    dag_id: str
    task_id: str
    map_index: int
    try_number: int
    form: InputForm
    asked_at: _timestamp_pb2.Timestamp
    timeout_at: _timestamp_pb2.Timestamp
    state: InputState
    ended_at: _timestamp_pb2.Timestamp
    answered_by: str
    answer: _value_pb2.Value
    run_name: str
    def __init__(self, run_id: _Optional[str] = ..., dag_id: _Optional[str] = ..., task_id: _Optional[str] = ..., map_index: _Optional[int] = ..., try_number: _Optional[int] = ..., form: _Optional[_Union[InputForm, _Mapping]] = ..., asked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timeout_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[InputState, str]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., answered_by: _Optional[str] = ..., answer: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., run_name: _Optional[str] = ...) -> None: ...
