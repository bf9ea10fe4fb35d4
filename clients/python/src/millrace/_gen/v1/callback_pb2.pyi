import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millrace._gen.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CallbackEvent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CALLBACK_EVENT_UNSPECIFIED: _ClassVar[CallbackEvent]
    CALLBACK_EVENT_SUCCESS: _ClassVar[CallbackEvent]
    CALLBACK_EVENT_FAILURE: _ClassVar[CallbackEvent]
    CALLBACK_EVENT_RETRY: _ClassVar[CallbackEvent]
    CALLBACK_EVENT_SKIPPED: _ClassVar[CallbackEvent]
    CALLBACK_EVENT_DEADLINE_MISSED: _ClassVar[CallbackEvent]
    CALLBACK_EVENT_DEADLINE_AT_RISK: _ClassVar[CallbackEvent]

class DeliveryState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_STATE_UNSPECIFIED: _ClassVar[DeliveryState]
    DELIVERY_STATE_PENDING: _ClassVar[DeliveryState]
    DELIVERY_STATE_DELIVERED: _ClassVar[DeliveryState]
    DELIVERY_STATE_FAILED: _ClassVar[DeliveryState]
CALLBACK_EVENT_UNSPECIFIED: CallbackEvent
CALLBACK_EVENT_SUCCESS: CallbackEvent
CALLBACK_EVENT_FAILURE: CallbackEvent
CALLBACK_EVENT_RETRY: CallbackEvent
CALLBACK_EVENT_SKIPPED: CallbackEvent
CALLBACK_EVENT_DEADLINE_MISSED: CallbackEvent
CALLBACK_EVENT_DEADLINE_AT_RISK: CallbackEvent
DELIVERY_STATE_UNSPECIFIED: DeliveryState
DELIVERY_STATE_PENDING: DeliveryState
DELIVERY_STATE_DELIVERED: DeliveryState
DELIVERY_STATE_FAILED: DeliveryState

class Callback(_message.Message):
    __slots__ = ("on", "handler", "is_external", "config", "name")
    ON_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    IS_EXTERNAL_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    on: CallbackEvent
    handler: str
    is_external: bool
    config: bytes
    name: str
    def __init__(self, on: _Optional[_Union[CallbackEvent, str]] = ..., handler: _Optional[str] = ..., is_external: bool = ..., config: _Optional[bytes] = ..., name: _Optional[str] = ...) -> None: ...

class CallbackDelivery(_message.Message):
    __slots__ = ("run_id", "task_id", "map_index", "try_number", "event", "name", "state", "tries", "failure", "happened_at", "next_try_at", "ended_at")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_FIELD_NUMBER: _ClassVar[int]
    TRY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TRIES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    HAPPENED_AT_FIELD_NUMBER: _ClassVar[int]
    NEXT_TRY_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    event: CallbackEvent
    name: str
    state: DeliveryState
    tries: int
    failure: _value_pb2.Failure
    happened_at: _timestamp_pb2.Timestamp
    next_try_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    def __init__(self, run_id: _Optional[str] = ..., task_id: _Optional[str] = ..., map_index: _Optional[int] = ..., try_number: _Optional[int] = ..., event: _Optional[_Union[CallbackEvent, str]] = ..., name: _Optional[str] = ..., state: _Optional[_Union[DeliveryState, str]] = ..., tries: _Optional[int] = ..., failure: _Optional[_Union[_value_pb2.Failure, _Mapping]] = ..., happened_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_try_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
