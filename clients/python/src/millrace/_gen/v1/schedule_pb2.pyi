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

class Overlap(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OVERLAP_UNSPECIFIED: _ClassVar[Overlap]
    OVERLAP_ALLOW: _ClassVar[Overlap]
    OVERLAP_FORBID: _ClassVar[Overlap]
    OVERLAP_REPLACE: _ClassVar[Overlap]
OVERLAP_UNSPECIFIED: Overlap
OVERLAP_ALLOW: Overlap
OVERLAP_FORBID: Overlap
OVERLAP_REPLACE: Overlap

class Schedule(_message.Message):
    __slots__ = ("cron", "cron_interval", "delta", "delta_interval", "once", "continuous", "events", "assets", "asset_or_time", "custom")
    CRON_FIELD_NUMBER: _ClassVar[int]
    CRON_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    DELTA_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    ONCE_FIELD_NUMBER: _ClassVar[int]
    CONTINUOUS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    ASSETS_FIELD_NUMBER: _ClassVar[int]
    ASSET_OR_TIME_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    cron: CronSchedule
    cron_interval: CronIntervalSchedule
    delta: DeltaSchedule
    delta_interval: DeltaSchedule
    once: OnceSchedule
    continuous: ContinuousSchedule
    events: EventsSchedule
    assets: AssetSchedule
    asset_or_time: AssetOrTimeSchedule
    custom: CustomSchedule
    def __init__(self, cron: _Optional[_Union[CronSchedule, _Mapping]] = ..., cron_interval: _Optional[_Union[CronIntervalSchedule, _Mapping]] = ..., delta: _Optional[_Union[DeltaSchedule, _Mapping]] = ..., delta_interval: _Optional[_Union[DeltaSchedule, _Mapping]] = ..., once: _Optional[_Union[OnceSchedule, _Mapping]] = ..., continuous: _Optional[_Union[ContinuousSchedule, _Mapping]] = ..., events: _Optional[_Union[EventsSchedule, _Mapping]] = ..., assets: _Optional[_Union[AssetSchedule, _Mapping]] = ..., asset_or_time: _Optional[_Union[AssetOrTimeSchedule, _Mapping]] = ..., custom: _Optional[_Union[CustomSchedule, _Mapping]] = ...) -> None: ...

class CronSchedule(_message.Message):
    __slots__ = ("expressions", "timezone", "interval", "jitter", "always", "within")
    EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    JITTER_FIELD_NUMBER: _ClassVar[int]
    ALWAYS_FIELD_NUMBER: _ClassVar[int]
    WITHIN_FIELD_NUMBER: _ClassVar[int]
    expressions: _containers.RepeatedScalarFieldContainer[str]
    timezone: str
    interval: _duration_pb2.Duration
    jitter: _duration_pb2.Duration
    always: bool
    within: _duration_pb2.Duration
    def __init__(self, expressions: _Optional[_Iterable[str]] = ..., timezone: _Optional[str] = ..., interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., jitter: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., always: bool = ..., within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CronIntervalSchedule(_message.Message):
    __slots__ = ("expression", "timezone")
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    expression: str
    timezone: str
    def __init__(self, expression: _Optional[str] = ..., timezone: _Optional[str] = ...) -> None: ...

class DeltaSchedule(_message.Message):
    __slots__ = ("every",)
    EVERY_FIELD_NUMBER: _ClassVar[int]
    every: _duration_pb2.Duration
    def __init__(self, every: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class OnceSchedule(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ContinuousSchedule(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class EventsSchedule(_message.Message):
    __slots__ = ("at",)
    AT_FIELD_NUMBER: _ClassVar[int]
    at: _containers.RepeatedCompositeFieldContainer[_timestamp_pb2.Timestamp]
    def __init__(self, at: _Optional[_Iterable[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]]] = ...) -> None: ...

class AssetSchedule(_message.Message):
    __slots__ = ("expression",)
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    expression: _asset_pb2.AssetExpression
    def __init__(self, expression: _Optional[_Union[_asset_pb2.AssetExpression, _Mapping]] = ...) -> None: ...

class AssetOrTimeSchedule(_message.Message):
    __slots__ = ("expression", "time")
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    expression: _asset_pb2.AssetExpression
    time: Schedule
    def __init__(self, expression: _Optional[_Union[_asset_pb2.AssetExpression, _Mapping]] = ..., time: _Optional[_Union[Schedule, _Mapping]] = ...) -> None: ...

class CustomSchedule(_message.Message):
    __slots__ = ("name", "handler")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    name: str
    handler: str
    def __init__(self, name: _Optional[str] = ..., handler: _Optional[str] = ...) -> None: ...
