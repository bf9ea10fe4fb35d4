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

class PartitionUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARTITION_UNIT_UNSPECIFIED: _ClassVar[PartitionUnit]
    PARTITION_UNIT_HOUR: _ClassVar[PartitionUnit]
    PARTITION_UNIT_DAY: _ClassVar[PartitionUnit]
    PARTITION_UNIT_WEEK: _ClassVar[PartitionUnit]
    PARTITION_UNIT_MONTH: _ClassVar[PartitionUnit]
    PARTITION_UNIT_QUARTER: _ClassVar[PartitionUnit]
    PARTITION_UNIT_YEAR: _ClassVar[PartitionUnit]
OVERLAP_UNSPECIFIED: Overlap
OVERLAP_ALLOW: Overlap
OVERLAP_FORBID: Overlap
OVERLAP_REPLACE: Overlap
PARTITION_UNIT_UNSPECIFIED: PartitionUnit
PARTITION_UNIT_HOUR: PartitionUnit
PARTITION_UNIT_DAY: PartitionUnit
PARTITION_UNIT_WEEK: PartitionUnit
PARTITION_UNIT_MONTH: PartitionUnit
PARTITION_UNIT_QUARTER: PartitionUnit
PARTITION_UNIT_YEAR: PartitionUnit

class Schedule(_message.Message):
    __slots__ = ("cron", "cron_interval", "delta", "delta_interval", "once", "continuous", "events", "assets", "asset_or_time", "custom", "partitioned_assets")
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
    PARTITIONED_ASSETS_FIELD_NUMBER: _ClassVar[int]
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
    partitioned_assets: PartitionedAssetSchedule
    def __init__(self, cron: _Optional[_Union[CronSchedule, _Mapping]] = ..., cron_interval: _Optional[_Union[CronIntervalSchedule, _Mapping]] = ..., delta: _Optional[_Union[DeltaSchedule, _Mapping]] = ..., delta_interval: _Optional[_Union[DeltaSchedule, _Mapping]] = ..., once: _Optional[_Union[OnceSchedule, _Mapping]] = ..., continuous: _Optional[_Union[ContinuousSchedule, _Mapping]] = ..., events: _Optional[_Union[EventsSchedule, _Mapping]] = ..., assets: _Optional[_Union[AssetSchedule, _Mapping]] = ..., asset_or_time: _Optional[_Union[AssetOrTimeSchedule, _Mapping]] = ..., custom: _Optional[_Union[CustomSchedule, _Mapping]] = ..., partitioned_assets: _Optional[_Union[PartitionedAssetSchedule, _Mapping]] = ...) -> None: ...

class CronSchedule(_message.Message):
    __slots__ = ("expressions", "timezone", "interval", "jitter", "always", "within", "partition")
    EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    JITTER_FIELD_NUMBER: _ClassVar[int]
    ALWAYS_FIELD_NUMBER: _ClassVar[int]
    WITHIN_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    expressions: _containers.RepeatedScalarFieldContainer[str]
    timezone: str
    interval: _duration_pb2.Duration
    jitter: _duration_pb2.Duration
    always: bool
    within: _duration_pb2.Duration
    partition: CronPartition
    def __init__(self, expressions: _Optional[_Iterable[str]] = ..., timezone: _Optional[str] = ..., interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., jitter: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., always: bool = ..., within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., partition: _Optional[_Union[CronPartition, _Mapping]] = ...) -> None: ...

class CronPartition(_message.Message):
    __slots__ = ("format", "offset")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    format: str
    offset: int
    def __init__(self, format: _Optional[str] = ..., offset: _Optional[int] = ...) -> None: ...

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

class PartitionedAssetSchedule(_message.Message):
    __slots__ = ("expression", "mappings")
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    MAPPINGS_FIELD_NUMBER: _ClassVar[int]
    expression: _asset_pb2.AssetExpression
    mappings: _containers.RepeatedCompositeFieldContainer[AssetPartitionMapping]
    def __init__(self, expression: _Optional[_Union[_asset_pb2.AssetExpression, _Mapping]] = ..., mappings: _Optional[_Iterable[_Union[AssetPartitionMapping, _Mapping]]] = ...) -> None: ...

class AssetPartitionMapping(_message.Message):
    __slots__ = ("uri", "name", "mapper")
    URI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MAPPER_FIELD_NUMBER: _ClassVar[int]
    uri: str
    name: str
    mapper: PartitionMapper
    def __init__(self, uri: _Optional[str] = ..., name: _Optional[str] = ..., mapper: _Optional[_Union[PartitionMapper, _Mapping]] = ...) -> None: ...

class PartitionMapper(_message.Message):
    __slots__ = ("identity", "start_of", "product", "chain", "allowed_keys", "fixed_key", "rollup", "fan_out", "segments", "each_of")
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    START_OF_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_KEYS_FIELD_NUMBER: _ClassVar[int]
    FIXED_KEY_FIELD_NUMBER: _ClassVar[int]
    ROLLUP_FIELD_NUMBER: _ClassVar[int]
    FAN_OUT_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    EACH_OF_FIELD_NUMBER: _ClassVar[int]
    identity: IdentityPartitionMapper
    start_of: StartOfPartitionMapper
    product: PartitionMapperList
    chain: PartitionMapperList
    allowed_keys: PartitionKeyList
    fixed_key: str
    rollup: RollupPartitionMapper
    fan_out: FanOutPartitionMapper
    segments: SegmentsPartitionMapper
    each_of: PartitionKeyList
    def __init__(self, identity: _Optional[_Union[IdentityPartitionMapper, _Mapping]] = ..., start_of: _Optional[_Union[StartOfPartitionMapper, _Mapping]] = ..., product: _Optional[_Union[PartitionMapperList, _Mapping]] = ..., chain: _Optional[_Union[PartitionMapperList, _Mapping]] = ..., allowed_keys: _Optional[_Union[PartitionKeyList, _Mapping]] = ..., fixed_key: _Optional[str] = ..., rollup: _Optional[_Union[RollupPartitionMapper, _Mapping]] = ..., fan_out: _Optional[_Union[FanOutPartitionMapper, _Mapping]] = ..., segments: _Optional[_Union[SegmentsPartitionMapper, _Mapping]] = ..., each_of: _Optional[_Union[PartitionKeyList, _Mapping]] = ...) -> None: ...

class IdentityPartitionMapper(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PartitionMapperList(_message.Message):
    __slots__ = ("mappers",)
    MAPPERS_FIELD_NUMBER: _ClassVar[int]
    mappers: _containers.RepeatedCompositeFieldContainer[PartitionMapper]
    def __init__(self, mappers: _Optional[_Iterable[_Union[PartitionMapper, _Mapping]]] = ...) -> None: ...

class PartitionKeyList(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, keys: _Optional[_Iterable[str]] = ...) -> None: ...

class PartitionDates(_message.Message):
    __slots__ = ("input_format", "output_format", "timezone", "input_timezone")
    INPUT_FORMAT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FORMAT_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    INPUT_TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    input_format: str
    output_format: str
    timezone: str
    input_timezone: str
    def __init__(self, input_format: _Optional[str] = ..., output_format: _Optional[str] = ..., timezone: _Optional[str] = ..., input_timezone: _Optional[str] = ...) -> None: ...

class StartOfPartitionMapper(_message.Message):
    __slots__ = ("unit", "dates")
    UNIT_FIELD_NUMBER: _ClassVar[int]
    DATES_FIELD_NUMBER: _ClassVar[int]
    unit: PartitionUnit
    dates: PartitionDates
    def __init__(self, unit: _Optional[_Union[PartitionUnit, str]] = ..., dates: _Optional[_Union[PartitionDates, _Mapping]] = ...) -> None: ...

class RollupPartitionMapper(_message.Message):
    __slots__ = ("window", "step", "dates", "at_least")
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    DATES_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    window: PartitionUnit
    step: PartitionUnit
    dates: PartitionDates
    at_least: int
    def __init__(self, window: _Optional[_Union[PartitionUnit, str]] = ..., step: _Optional[_Union[PartitionUnit, str]] = ..., dates: _Optional[_Union[PartitionDates, _Mapping]] = ..., at_least: _Optional[int] = ...) -> None: ...

class FanOutPartitionMapper(_message.Message):
    __slots__ = ("window", "step", "dates")
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    DATES_FIELD_NUMBER: _ClassVar[int]
    window: PartitionUnit
    step: PartitionUnit
    dates: PartitionDates
    def __init__(self, window: _Optional[_Union[PartitionUnit, str]] = ..., step: _Optional[_Union[PartitionUnit, str]] = ..., dates: _Optional[_Union[PartitionDates, _Mapping]] = ...) -> None: ...

class SegmentsPartitionMapper(_message.Message):
    __slots__ = ("keys", "to", "at_least")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedScalarFieldContainer[str]
    to: str
    at_least: int
    def __init__(self, keys: _Optional[_Iterable[str]] = ..., to: _Optional[str] = ..., at_least: _Optional[int] = ...) -> None: ...
