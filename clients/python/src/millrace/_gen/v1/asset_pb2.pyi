import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from millrace._gen.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AssetEventSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASSET_EVENT_SOURCE_UNSPECIFIED: _ClassVar[AssetEventSource]
    ASSET_EVENT_SOURCE_TASK: _ClassVar[AssetEventSource]
    ASSET_EVENT_SOURCE_CALLER: _ClassVar[AssetEventSource]
    ASSET_EVENT_SOURCE_WATCHER: _ClassVar[AssetEventSource]

class AssetGraphEdgeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASSET_GRAPH_EDGE_KIND_UNSPECIFIED: _ClassVar[AssetGraphEdgeKind]
    ASSET_GRAPH_EDGE_KIND_PRODUCES: _ClassVar[AssetGraphEdgeKind]
    ASSET_GRAPH_EDGE_KIND_SCHEDULES: _ClassVar[AssetGraphEdgeKind]
    ASSET_GRAPH_EDGE_KIND_READS: _ClassVar[AssetGraphEdgeKind]
    ASSET_GRAPH_EDGE_KIND_NAMED_FOR: _ClassVar[AssetGraphEdgeKind]
ASSET_EVENT_SOURCE_UNSPECIFIED: AssetEventSource
ASSET_EVENT_SOURCE_TASK: AssetEventSource
ASSET_EVENT_SOURCE_CALLER: AssetEventSource
ASSET_EVENT_SOURCE_WATCHER: AssetEventSource
ASSET_GRAPH_EDGE_KIND_UNSPECIFIED: AssetGraphEdgeKind
ASSET_GRAPH_EDGE_KIND_PRODUCES: AssetGraphEdgeKind
ASSET_GRAPH_EDGE_KIND_SCHEDULES: AssetGraphEdgeKind
ASSET_GRAPH_EDGE_KIND_READS: AssetGraphEdgeKind
ASSET_GRAPH_EDGE_KIND_NAMED_FOR: AssetGraphEdgeKind

class AssetDefinition(_message.Message):
    __slots__ = ("uri", "name", "group", "extra", "watchers")
    URI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    EXTRA_FIELD_NUMBER: _ClassVar[int]
    WATCHERS_FIELD_NUMBER: _ClassVar[int]
    uri: str
    name: str
    group: str
    extra: str
    watchers: _containers.RepeatedCompositeFieldContainer[AssetWatcher]
    def __init__(self, uri: _Optional[str] = ..., name: _Optional[str] = ..., group: _Optional[str] = ..., extra: _Optional[str] = ..., watchers: _Optional[_Iterable[_Union[AssetWatcher, _Mapping]]] = ...) -> None: ...

class AssetWatcher(_message.Message):
    __slots__ = ("handler", "config", "summary", "queue")
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    handler: str
    config: _value_pb2.Value
    summary: str
    queue: str
    def __init__(self, handler: _Optional[str] = ..., config: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., summary: _Optional[str] = ..., queue: _Optional[str] = ...) -> None: ...

class AssetWatcherState(_message.Message):
    __slots__ = ("handler", "summary", "queue", "has_triggerer", "fired_at", "problem", "problem_at")
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    HAS_TRIGGERER_FIELD_NUMBER: _ClassVar[int]
    FIRED_AT_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_AT_FIELD_NUMBER: _ClassVar[int]
    handler: str
    summary: str
    queue: str
    has_triggerer: bool
    fired_at: _timestamp_pb2.Timestamp
    problem: str
    problem_at: _timestamp_pb2.Timestamp
    def __init__(self, handler: _Optional[str] = ..., summary: _Optional[str] = ..., queue: _Optional[str] = ..., has_triggerer: bool = ..., fired_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., problem: _Optional[str] = ..., problem_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AssetAliasDefinition(_message.Message):
    __slots__ = ("name", "group")
    NAME_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    name: str
    group: str
    def __init__(self, name: _Optional[str] = ..., group: _Optional[str] = ...) -> None: ...

class AssetOrAlias(_message.Message):
    __slots__ = ("asset", "alias")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    asset: AssetDefinition
    alias: AssetAliasDefinition
    def __init__(self, asset: _Optional[_Union[AssetDefinition, _Mapping]] = ..., alias: _Optional[_Union[AssetAliasDefinition, _Mapping]] = ...) -> None: ...

class AssetExpression(_message.Message):
    __slots__ = ("asset", "alias", "all_of", "any_of", "at_least")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    ALL_OF_FIELD_NUMBER: _ClassVar[int]
    ANY_OF_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    asset: AssetDefinition
    alias: AssetAliasDefinition
    all_of: AssetExpressionList
    any_of: AssetExpressionList
    at_least: AssetCount
    def __init__(self, asset: _Optional[_Union[AssetDefinition, _Mapping]] = ..., alias: _Optional[_Union[AssetAliasDefinition, _Mapping]] = ..., all_of: _Optional[_Union[AssetExpressionList, _Mapping]] = ..., any_of: _Optional[_Union[AssetExpressionList, _Mapping]] = ..., at_least: _Optional[_Union[AssetCount, _Mapping]] = ...) -> None: ...

class AssetExpressionList(_message.Message):
    __slots__ = ("expressions",)
    EXPRESSIONS_FIELD_NUMBER: _ClassVar[int]
    expressions: _containers.RepeatedCompositeFieldContainer[AssetExpression]
    def __init__(self, expressions: _Optional[_Iterable[_Union[AssetExpression, _Mapping]]] = ...) -> None: ...

class AssetCount(_message.Message):
    __slots__ = ("count", "of")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    count: int
    of: AssetOrAlias
    def __init__(self, count: _Optional[int] = ..., of: _Optional[_Union[AssetOrAlias, _Mapping]] = ...) -> None: ...

class Asset(_message.Message):
    __slots__ = ("uri", "name", "group", "extra", "is_active", "created_at", "last_event_at", "producer_count", "consumer_count", "producers", "consumers", "aliases", "watchers")
    URI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    EXTRA_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_AT_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_COUNT_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_COUNT_FIELD_NUMBER: _ClassVar[int]
    PRODUCERS_FIELD_NUMBER: _ClassVar[int]
    CONSUMERS_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    WATCHERS_FIELD_NUMBER: _ClassVar[int]
    uri: str
    name: str
    group: str
    extra: str
    is_active: bool
    created_at: _timestamp_pb2.Timestamp
    last_event_at: _timestamp_pb2.Timestamp
    producer_count: int
    consumer_count: int
    producers: _containers.RepeatedCompositeFieldContainer[AssetProducer]
    consumers: _containers.RepeatedCompositeFieldContainer[AssetConsumer]
    aliases: _containers.RepeatedScalarFieldContainer[str]
    watchers: _containers.RepeatedCompositeFieldContainer[AssetWatcherState]
    def __init__(self, uri: _Optional[str] = ..., name: _Optional[str] = ..., group: _Optional[str] = ..., extra: _Optional[str] = ..., is_active: bool = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_event_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., producer_count: _Optional[int] = ..., consumer_count: _Optional[int] = ..., producers: _Optional[_Iterable[_Union[AssetProducer, _Mapping]]] = ..., consumers: _Optional[_Iterable[_Union[AssetConsumer, _Mapping]]] = ..., aliases: _Optional[_Iterable[str]] = ..., watchers: _Optional[_Iterable[_Union[AssetWatcherState, _Mapping]]] = ...) -> None: ...

class AssetProducer(_message.Message):
    __slots__ = ("dag_id", "task_id", "alias")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    task_id: str
    alias: str
    def __init__(self, dag_id: _Optional[str] = ..., task_id: _Optional[str] = ..., alias: _Optional[str] = ...) -> None: ...

class AssetConsumer(_message.Message):
    __slots__ = ("dag_id", "task_id", "alias", "pending_count")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    PENDING_COUNT_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    task_id: str
    alias: str
    pending_count: int
    def __init__(self, dag_id: _Optional[str] = ..., task_id: _Optional[str] = ..., alias: _Optional[str] = ..., pending_count: _Optional[int] = ...) -> None: ...

class AssetEvent(_message.Message):
    __slots__ = ("event_id", "uri", "name", "at", "extra", "source", "dag_id", "run_id", "run_name", "task_id", "map_index", "aliases", "created_by", "made_runs", "partition_key")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EXTRA_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_NAME_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    MAP_INDEX_FIELD_NUMBER: _ClassVar[int]
    ALIASES_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    MADE_RUNS_FIELD_NUMBER: _ClassVar[int]
    PARTITION_KEY_FIELD_NUMBER: _ClassVar[int]
    event_id: int
    uri: str
    name: str
    at: _timestamp_pb2.Timestamp
    extra: _value_pb2.Value
    source: AssetEventSource
    dag_id: str
    run_id: str
    run_name: str
    task_id: str
    map_index: int
    aliases: _containers.RepeatedScalarFieldContainer[str]
    created_by: str
    made_runs: _containers.RepeatedCompositeFieldContainer[AssetEventRun]
    partition_key: str
    def __init__(self, event_id: _Optional[int] = ..., uri: _Optional[str] = ..., name: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., extra: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., source: _Optional[_Union[AssetEventSource, str]] = ..., dag_id: _Optional[str] = ..., run_id: _Optional[str] = ..., run_name: _Optional[str] = ..., task_id: _Optional[str] = ..., map_index: _Optional[int] = ..., aliases: _Optional[_Iterable[str]] = ..., created_by: _Optional[str] = ..., made_runs: _Optional[_Iterable[_Union[AssetEventRun, _Mapping]]] = ..., partition_key: _Optional[str] = ...) -> None: ...

class AssetEventRun(_message.Message):
    __slots__ = ("dag_id", "run_id", "run_name")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_NAME_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    run_id: str
    run_name: str
    def __init__(self, dag_id: _Optional[str] = ..., run_id: _Optional[str] = ..., run_name: _Optional[str] = ...) -> None: ...

class AssetProgress(_message.Message):
    __slots__ = ("is_met", "message", "need", "all_of", "any_of")
    IS_MET_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    NEED_FIELD_NUMBER: _ClassVar[int]
    ALL_OF_FIELD_NUMBER: _ClassVar[int]
    ANY_OF_FIELD_NUMBER: _ClassVar[int]
    is_met: bool
    message: str
    need: AssetNeed
    all_of: AssetProgressList
    any_of: AssetProgressList
    def __init__(self, is_met: bool = ..., message: _Optional[str] = ..., need: _Optional[_Union[AssetNeed, _Mapping]] = ..., all_of: _Optional[_Union[AssetProgressList, _Mapping]] = ..., any_of: _Optional[_Union[AssetProgressList, _Mapping]] = ...) -> None: ...

class AssetProgressList(_message.Message):
    __slots__ = ("parts",)
    PARTS_FIELD_NUMBER: _ClassVar[int]
    parts: _containers.RepeatedCompositeFieldContainer[AssetProgress]
    def __init__(self, parts: _Optional[_Iterable[_Union[AssetProgress, _Mapping]]] = ...) -> None: ...

class AssetNeed(_message.Message):
    __slots__ = ("uri", "alias", "have", "need", "unit")
    URI_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    HAVE_FIELD_NUMBER: _ClassVar[int]
    NEED_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    uri: str
    alias: str
    have: int
    need: int
    unit: str
    def __init__(self, uri: _Optional[str] = ..., alias: _Optional[str] = ..., have: _Optional[int] = ..., need: _Optional[int] = ..., unit: _Optional[str] = ...) -> None: ...

class AssetGraphNode(_message.Message):
    __slots__ = ("node_id", "dag", "asset", "alias")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    DAG_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    dag: AssetGraphDag
    asset: AssetGraphAsset
    alias: AssetGraphAlias
    def __init__(self, node_id: _Optional[str] = ..., dag: _Optional[_Union[AssetGraphDag, _Mapping]] = ..., asset: _Optional[_Union[AssetGraphAsset, _Mapping]] = ..., alias: _Optional[_Union[AssetGraphAlias, _Mapping]] = ...) -> None: ...

class AssetGraphDag(_message.Message):
    __slots__ = ("dag_id", "is_paused")
    DAG_ID_FIELD_NUMBER: _ClassVar[int]
    IS_PAUSED_FIELD_NUMBER: _ClassVar[int]
    dag_id: str
    is_paused: bool
    def __init__(self, dag_id: _Optional[str] = ..., is_paused: bool = ...) -> None: ...

class AssetGraphAsset(_message.Message):
    __slots__ = ("uri", "name", "group", "last_event_at")
    URI_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_AT_FIELD_NUMBER: _ClassVar[int]
    uri: str
    name: str
    group: str
    last_event_at: _timestamp_pb2.Timestamp
    def __init__(self, uri: _Optional[str] = ..., name: _Optional[str] = ..., group: _Optional[str] = ..., last_event_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AssetGraphAlias(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class AssetGraphEdge(_message.Message):
    __slots__ = ("from_node_id", "to_node_id", "kind", "task_ids")
    FROM_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    TO_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TASK_IDS_FIELD_NUMBER: _ClassVar[int]
    from_node_id: str
    to_node_id: str
    kind: AssetGraphEdgeKind
    task_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, from_node_id: _Optional[str] = ..., to_node_id: _Optional[str] = ..., kind: _Optional[_Union[AssetGraphEdgeKind, str]] = ..., task_ids: _Optional[_Iterable[str]] = ...) -> None: ...
