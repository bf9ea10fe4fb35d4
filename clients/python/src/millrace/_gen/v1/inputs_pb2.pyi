import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millrace._gen.v1 import asset_pb2 as _asset_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InputOrder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INPUT_ORDER_UNSPECIFIED: _ClassVar[InputOrder]
    INPUT_ORDER_OLDEST: _ClassVar[InputOrder]
    INPUT_ORDER_NEWEST: _ClassVar[InputOrder]
    INPUT_ORDER_LAST: _ClassVar[InputOrder]
    INPUT_ORDER_NONE: _ClassVar[InputOrder]

class RunInputsState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_INPUTS_STATE_UNSPECIFIED: _ClassVar[RunInputsState]
    RUN_INPUTS_STATE_NONE: _ClassVar[RunInputsState]
    RUN_INPUTS_STATE_WAITING: _ClassVar[RunInputsState]
    RUN_INPUTS_STATE_GIVEN: _ClassVar[RunInputsState]
    RUN_INPUTS_STATE_ENDED: _ClassVar[RunInputsState]

class InputSetState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INPUT_SET_STATE_UNSPECIFIED: _ClassVar[InputSetState]
    INPUT_SET_STATE_THERE: _ClassVar[InputSetState]
    INPUT_SET_STATE_WAITING: _ClassVar[InputSetState]
    INPUT_SET_STATE_LACKING: _ClassVar[InputSetState]
INPUT_ORDER_UNSPECIFIED: InputOrder
INPUT_ORDER_OLDEST: InputOrder
INPUT_ORDER_NEWEST: InputOrder
INPUT_ORDER_LAST: InputOrder
INPUT_ORDER_NONE: InputOrder
RUN_INPUTS_STATE_UNSPECIFIED: RunInputsState
RUN_INPUTS_STATE_NONE: RunInputsState
RUN_INPUTS_STATE_WAITING: RunInputsState
RUN_INPUTS_STATE_GIVEN: RunInputsState
RUN_INPUTS_STATE_ENDED: RunInputsState
INPUT_SET_STATE_UNSPECIFIED: InputSetState
INPUT_SET_STATE_THERE: InputSetState
INPUT_SET_STATE_WAITING: InputSetState
INPUT_SET_STATE_LACKING: InputSetState

class DatedAsset(_message.Message):
    __slots__ = ("asset", "every", "timezone", "format")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    EVERY_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    asset: _asset_pb2.AssetDefinition
    every: str
    timezone: str
    format: str
    def __init__(self, asset: _Optional[_Union[_asset_pb2.AssetDefinition, _Mapping]] = ..., every: _Optional[str] = ..., timezone: _Optional[str] = ..., format: _Optional[str] = ..., **kwargs) -> None: ...

class InputTerm(_message.Message):
    __slots__ = ("name", "min", "wait", "instances", "latest", "all_of", "first_of", "combine")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    LATEST_FIELD_NUMBER: _ClassVar[int]
    ALL_OF_FIELD_NUMBER: _ClassVar[int]
    FIRST_OF_FIELD_NUMBER: _ClassVar[int]
    COMBINE_FIELD_NUMBER: _ClassVar[int]
    name: str
    min: int
    wait: _duration_pb2.Duration
    instances: InstanceRange
    latest: LatestInstances
    all_of: InputTermList
    first_of: InputTermList
    combine: InputTermList
    def __init__(self, name: _Optional[str] = ..., min: _Optional[int] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., instances: _Optional[_Union[InstanceRange, _Mapping]] = ..., latest: _Optional[_Union[LatestInstances, _Mapping]] = ..., all_of: _Optional[_Union[InputTermList, _Mapping]] = ..., first_of: _Optional[_Union[InputTermList, _Mapping]] = ..., combine: _Optional[_Union[InputTermList, _Mapping]] = ...) -> None: ...

class InstanceRange(_message.Message):
    __slots__ = ("of", "to")
    OF_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    of: DatedAsset
    to: int
    def __init__(self, of: _Optional[_Union[DatedAsset, _Mapping]] = ..., to: _Optional[int] = ..., **kwargs) -> None: ...

class LatestInstances(_message.Message):
    __slots__ = ("of", "count", "within")
    OF_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    WITHIN_FIELD_NUMBER: _ClassVar[int]
    of: DatedAsset
    count: int
    within: int
    def __init__(self, of: _Optional[_Union[DatedAsset, _Mapping]] = ..., count: _Optional[int] = ..., within: _Optional[int] = ...) -> None: ...

class InputTermList(_message.Message):
    __slots__ = ("terms",)
    TERMS_FIELD_NUMBER: _ClassVar[int]
    terms: _containers.RepeatedCompositeFieldContainer[InputTerm]
    def __init__(self, terms: _Optional[_Iterable[_Union[InputTerm, _Mapping]]] = ...) -> None: ...

class InputInstance(_message.Message):
    __slots__ = ("uri", "partition_key", "date")
    URI_FIELD_NUMBER: _ClassVar[int]
    PARTITION_KEY_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    uri: str
    partition_key: str
    date: _timestamp_pb2.Timestamp
    def __init__(self, uri: _Optional[str] = ..., partition_key: _Optional[str] = ..., date: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class NamedInstances(_message.Message):
    __slots__ = ("name", "instances")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    name: str
    instances: _containers.RepeatedCompositeFieldContainer[InputInstance]
    def __init__(self, name: _Optional[str] = ..., instances: _Optional[_Iterable[_Union[InputInstance, _Mapping]]] = ...) -> None: ...

class RunInstances(_message.Message):
    __slots__ = ("inputs",)
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    inputs: _containers.RepeatedCompositeFieldContainer[NamedInstances]
    def __init__(self, inputs: _Optional[_Iterable[_Union[NamedInstances, _Mapping]]] = ...) -> None: ...

class InputSet(_message.Message):
    __slots__ = ("name", "uris", "state", "have", "want", "need", "until", "missing", "is_latest", "choice", "message")
    NAME_FIELD_NUMBER: _ClassVar[int]
    URIS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    HAVE_FIELD_NUMBER: _ClassVar[int]
    WANT_FIELD_NUMBER: _ClassVar[int]
    NEED_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    IS_LATEST_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    uris: _containers.RepeatedScalarFieldContainer[str]
    state: InputSetState
    have: int
    want: int
    need: int
    until: _timestamp_pb2.Timestamp
    missing: _containers.RepeatedCompositeFieldContainer[InputInstance]
    is_latest: bool
    choice: int
    message: str
    def __init__(self, name: _Optional[str] = ..., uris: _Optional[_Iterable[str]] = ..., state: _Optional[_Union[InputSetState, str]] = ..., have: _Optional[int] = ..., want: _Optional[int] = ..., need: _Optional[int] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., missing: _Optional[_Iterable[_Union[InputInstance, _Mapping]]] = ..., is_latest: bool = ..., choice: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...
