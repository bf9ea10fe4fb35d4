import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeadlineReference(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEADLINE_REFERENCE_UNSPECIFIED: _ClassVar[DeadlineReference]
    DEADLINE_REFERENCE_LOGICAL_DATE: _ClassVar[DeadlineReference]
    DEADLINE_REFERENCE_QUEUED_AT: _ClassVar[DeadlineReference]
    DEADLINE_REFERENCE_FIXED: _ClassVar[DeadlineReference]
    DEADLINE_REFERENCE_AVERAGE_RUNTIME: _ClassVar[DeadlineReference]

class DeadlineState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEADLINE_STATE_UNSPECIFIED: _ClassVar[DeadlineState]
    DEADLINE_STATE_PENDING: _ClassVar[DeadlineState]
    DEADLINE_STATE_AT_RISK: _ClassVar[DeadlineState]
    DEADLINE_STATE_MISSED: _ClassVar[DeadlineState]
DEADLINE_REFERENCE_UNSPECIFIED: DeadlineReference
DEADLINE_REFERENCE_LOGICAL_DATE: DeadlineReference
DEADLINE_REFERENCE_QUEUED_AT: DeadlineReference
DEADLINE_REFERENCE_FIXED: DeadlineReference
DEADLINE_REFERENCE_AVERAGE_RUNTIME: DeadlineReference
DEADLINE_STATE_UNSPECIFIED: DeadlineState
DEADLINE_STATE_PENDING: DeadlineState
DEADLINE_STATE_AT_RISK: DeadlineState
DEADLINE_STATE_MISSED: DeadlineState

class DeadlineSpec(_message.Message):
    __slots__ = ("name", "reference", "interval", "at", "max_runs", "min_runs")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    MAX_RUNS_FIELD_NUMBER: _ClassVar[int]
    MIN_RUNS_FIELD_NUMBER: _ClassVar[int]
    name: str
    reference: DeadlineReference
    interval: _duration_pb2.Duration
    at: _timestamp_pb2.Timestamp
    max_runs: int
    min_runs: int
    def __init__(self, name: _Optional[str] = ..., reference: _Optional[_Union[DeadlineReference, str]] = ..., interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., max_runs: _Optional[int] = ..., min_runs: _Optional[int] = ...) -> None: ...

class Deadline(_message.Message):
    __slots__ = ("run_id", "task_id", "name", "state", "due_at", "at_risk_at", "estimated_end_at", "critical_task_ids", "missed_at")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    AT_RISK_AT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_END_AT_FIELD_NUMBER: _ClassVar[int]
    CRITICAL_TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    MISSED_AT_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    task_id: str
    name: str
    state: DeadlineState
    due_at: _timestamp_pb2.Timestamp
    at_risk_at: _timestamp_pb2.Timestamp
    estimated_end_at: _timestamp_pb2.Timestamp
    critical_task_ids: _containers.RepeatedScalarFieldContainer[str]
    missed_at: _timestamp_pb2.Timestamp
    def __init__(self, run_id: _Optional[str] = ..., task_id: _Optional[str] = ..., name: _Optional[str] = ..., state: _Optional[_Union[DeadlineState, str]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., at_risk_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., estimated_end_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., critical_task_ids: _Optional[_Iterable[str]] = ..., missed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
