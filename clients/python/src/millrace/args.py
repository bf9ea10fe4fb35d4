"""Argument expressions: a JSON array of values with references to other tasks' values and to the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal, Union

from . import codec
from .codec import UNDEFINED, CodecError, Map, MapEntries

PathKey = Union[str, int]
#: The mapped task or group, and the number of the source within its mapping.
ItemKey = tuple[str, int]


RunType = Literal["scheduled", "manual", "backfill", "asset_triggered", "asset_materialization"]


@dataclass(frozen=True)
class InputInstance:
    """One instance of a dated asset."""

    uri: str
    partition_key: str
    #: What the key tells.
    date: datetime


@dataclass(frozen=True)
class RunFacts:
    """What a body may know of its run."""

    id: str
    #: Unique within the DAG, such as "manual__2026-01-01T00:00:00+00:00".
    name: str
    dag_id: str
    dag_version: int
    type: RunType
    #: None when the run has no logical date.
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    #: When the run was due: its tick, or the moment somebody asked for it.
    run_after: datetime
    params: Any
    #: The part of the data that the run is about, such as "2026-01-02"; None when it has none.
    partition_key: str | None = None
    #: What the run was given of its DAG's inputs, by name; each by date.
    inputs: Mapping[str, tuple[InputInstance, ...]] = field(default_factory=dict)

    @property
    def instant(self) -> datetime:
        """The logical date, or `run_after` when there is none."""
        return self.logical_date or self.run_after

    @property
    def ds(self) -> str:
        """The day of `instant` in UTC, "YYYY-MM-DD"."""
        return self.instant.astimezone(timezone.utc).date().isoformat()

    @property
    def ts(self) -> str:
        """`instant` as ISO 8601 with its zone, "2026-01-01T00:00:00+00:00"."""
        return self.instant.astimezone(timezone.utc).isoformat()

    def as_value(self) -> dict[str, Any]:
        """The object that `{"$":"run","path":…}` walks, under the names every language uses."""
        return {
            "id": self.id,
            "name": self.name,
            "dagId": self.dag_id,
            "dagVersion": self.dag_version,
            "type": self.type,
            "logicalDate": self.logical_date,
            "dataInterval": {"start": self.data_interval_start, "end": self.data_interval_end},
            "runAfter": self.run_after,
            "partitionKey": self.partition_key,
            "params": self.params,
            "ds": self.ds,
            "ts": self.ts,
        }


@dataclass(frozen=True)
class Inputs:
    """What argument expressions refer to, decoded when it is asked for."""

    #: Encoded values by task id; a task that is missing returned nothing.
    values: Mapping[str, bytes]
    #: Encoded elements of the mappings around the instance, by "<task or group id>/<number of the source>".
    items: Mapping[str, bytes]
    run: RunFacts

    def value(self, task_id: str) -> Any:
        data = self.values.get(task_id, b"")
        return decode_input(data) if data else UNDEFINED

    def has_value(self, task_id: str) -> bool:
        return bool(self.values.get(task_id))

    def item(self, of: str, n: int) -> Any:
        data = self.items.get(f"{of}/{n}")
        if data is None:
            raise CodecError(f"the assignment has no element of source {n} of {of}")
        return decode_input(data)

    def all_items(self) -> dict[ItemKey, Any]:
        """Every element. Raises CodecError for one that cannot be read."""
        keys = (key.rpartition("/") for key in self.items)
        return {(of, int(n)): self.item(of, int(n)) for of, _, n in keys if n.isdigit()}


def resolve_args(args: bytes, inputs: Inputs) -> list[Any]:
    """The arguments a body is called with. Raises CodecError for a malformed expression."""
    resolver = _Resolver(inputs)
    resolved = codec.from_wire(codec.parse(args or b"[]"), resolver.resolve)
    if not isinstance(resolved, list):
        raise CodecError("the argument expression is no list")
    return resolved


class _Resolver:
    """Looks up what references stand for; each value is decoded once."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._known: dict[object, Any] = {}

    def resolve(self, reference: dict[str, Any]) -> Any:
        if reference[codec.TAG] == "first":
            return self._first(reference)
        root = self._root_of(reference)
        return follow(root, read_path(reference.get("path"), "the argument expression has a reference"))

    def _root_of(self, reference: dict[str, Any]) -> Any:
        tag = reference[codec.TAG]
        if tag == "run":
            return self._inputs.run.as_value()
        if tag == "task":
            task_id = _task_id_of(reference)
            return self._value_of(task_id)
        if tag == "item":
            of, n = _source_of(reference)
            return self._once((of, n), lambda: self._inputs.item(of, n))
        raise CodecError(f"the argument expression has the unknown tag {tag!r}")

    def _first(self, reference: dict[str, Any]) -> Any:
        """The value of the first of several tasks that left one."""
        references = reference.get("of")
        if not isinstance(references, list) or not all(_is_task_reference(one) for one in references):
            raise CodecError(f"the argument expression has a \"first\" of no task references: {reference}")
        # Read to the end, so that a wrong one is found whichever is chosen.
        checked = [(_task_id_of(one), read_path(one.get("path"), "the argument expression has a reference")) for one in references]
        present = [
            (self._value_of(task_id), path)
            for task_id, path in checked
            if self._inputs.has_value(task_id)
        ]
        # A mapped task in a case that was not taken has left an empty list.
        full = [one for one in present if one[0] != []]
        for value, path in full or present:
            return follow(value, path)
        return UNDEFINED

    def _value_of(self, task_id: str) -> Any:
        return self._once(task_id, lambda: self._inputs.value(task_id))

    def _once(self, key: object, decode: Callable[[], Any]) -> Any:
        if key not in self._known:
            self._known[key] = decode()
        return self._known[key]


def _is_task_reference(reference: Any) -> bool:
    return isinstance(reference, dict) and reference.get(codec.TAG) == "task"


def _task_id_of(reference: dict[str, Any]) -> str:
    task_id = reference.get("id")
    if not isinstance(task_id, str):
        raise CodecError(f"the argument expression has a reference without a task id: {reference}")
    return task_id


def _source_of(reference: dict[str, Any]) -> ItemKey:
    of, n = reference.get("of"), reference.get("n")
    if not isinstance(of, str) or not isinstance(n, int) or isinstance(n, bool) or n < 0:
        raise CodecError(f"the argument expression has an item reference without a source: {reference}")
    return of, n


def decode_input(data: bytes) -> Any:
    """A value as the control plane hands it on: of a mapped task, the list of the values of its instances, of any size."""
    wire = codec.parse(data, bytes_max=None)
    # Each value in such a list had the codec's depth for itself.
    return [codec.from_wire(item) for item in wire] if isinstance(wire, list) else codec.from_wire(wire)


def read_path(path: object, what: str) -> list[PathKey]:
    """A path as it is written in JSON. Raises CodecError."""
    if not isinstance(path, list) or not all(_is_key(key) for key in path):
        raise CodecError(f"{what} without a path")
    return path


def _is_key(key: object) -> bool:
    return isinstance(key, (str, int)) and not isinstance(key, bool)


def follow(value: Any, path: Iterable[PathKey]) -> Any:
    """A step that leads nowhere gives UNDEFINED, and so does every step after it."""
    for key in path:
        value = _step(value, key)
    return value


def _step(value: Any, key: PathKey) -> Any:
    if isinstance(value, MapEntries):
        value = Map((known, item) for known, item in value if type(known) is type(key))
    if isinstance(value, Map):
        return value.get(key, UNDEFINED)
    if isinstance(value, dict):
        return value.get(str(key), UNDEFINED)
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return UNDEFINED
