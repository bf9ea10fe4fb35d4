"""Argument expressions: a JSON array of values with references to other tasks' values and to the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Literal

from . import codec
from .codec import UNDEFINED, CodecError, Map, MapEntries


@dataclass(frozen=True)
class RunFacts:
    """What a body may know of its run."""

    id: str
    #: Unique within the DAG, such as "manual__2026-01-01T00:00:00+00:00".
    name: str
    dag_id: str
    dag_version: int
    type: Literal["scheduled", "manual"]
    #: None when the run has no logical date.
    logical_date: datetime | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    #: When the run was due: its tick, or the moment somebody asked for it.
    run_after: datetime
    params: Any

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
            "params": self.params,
            "ds": self.ds,
            "ts": self.ts,
        }


def resolve_args(args: bytes, inputs: Mapping[str, bytes], run: RunFacts) -> list[Any]:
    """The arguments a body is called with. Raises CodecError for a malformed expression.

    `inputs` are encoded values by task id; a task that is missing there returned nothing and gives UNDEFINED.
    """
    values: dict[str, Any] = {}

    def value_of(task_id: str) -> Any:
        if task_id not in values:
            data = inputs.get(task_id, b"")
            values[task_id] = codec.decode(data) if data else UNDEFINED
        return values[task_id]

    def resolve(reference: dict[str, Any]) -> Any:
        tag = reference[codec.TAG]
        path = reference.get("path")
        if tag not in ("task", "run"):
            raise CodecError(f"the argument expression has the unknown tag {tag!r}")
        if not isinstance(path, list) or not all(_is_key(key) for key in path):
            raise CodecError(f"the argument expression has a reference without a path: {reference}")
        if tag == "run":
            return _follow(run.as_value(), path)
        task_id = reference.get("id")
        if not isinstance(task_id, str):
            raise CodecError(f"the argument expression has a reference without a task id: {reference}")
        return _follow(value_of(task_id), path)

    resolved = codec.from_wire(codec.parse(args or b"[]"), resolve)
    if not isinstance(resolved, list):
        raise CodecError("the argument expression is no list")
    return resolved


def _is_key(key: object) -> bool:
    return isinstance(key, (str, int)) and not isinstance(key, bool)


def _follow(value: Any, path: list[Any]) -> Any:
    """A step that leads nowhere gives UNDEFINED, and so does every step after it."""
    for key in path:
        value = _step(value, key)
    return value


def _step(value: Any, key: str | int) -> Any:
    if isinstance(value, MapEntries):
        value = Map((known, item) for known, item in value if type(known) is type(key))
    if isinstance(value, Map):
        return value.get(key, UNDEFINED)
    if isinstance(value, dict):
        return value.get(str(key), UNDEFINED)
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return UNDEFINED
