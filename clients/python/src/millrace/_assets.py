"""Events of assets, as bodies make and read them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from . import codec

#: Of the extra of one event.
EXTRA_BYTES_MAX: Final = 64 * 1024
#: What one success may say of its outlets.
EVENTS_MAX: Final = 1_000
#: Characters of a partition key.
PARTITION_MAX: Final = 250
_PAGE_SIZE: Final = 200

EventSource = Literal["task", "caller", "watcher"]


@dataclass(frozen=True)
class AssetEvent:
    """Something happened to an asset."""

    #: Grows, though not strictly with time.
    id: int
    uri: str
    name: str
    at: datetime
    #: What its maker said; empty for nothing.
    extra: Mapping[str, Any]
    source: EventSource
    #: Of a task that made it; empty for others.
    dag_id: str = ""
    run_id: str = ""
    run_name: str = ""
    task_id: str = ""
    #: -1 for a task that is not mapped.
    map_index: int = -1
    #: The aliases that the asset was named for.
    aliases: tuple[str, ...] = ()
    #: The person or program that made it, such as "user:admin"; empty for others.
    created_by: str = ""
    #: The part of the data that it is about; empty for none.
    partition_key: str = ""


@dataclass(frozen=True)
class OutletEvent:
    """What a body says of an outlet, encoded; with an alias, an asset that it names for that."""

    uri: str
    alias: str
    extra: bytes | None
    #: The part of the data that it is about; empty for that of the run.
    partition_key: str = ""


@dataclass(frozen=True)
class EventsRequest:
    """One page of events. With neither uri nor alias, those that the run was made of."""

    uri: str = ""
    alias: str = ""
    since: datetime | None = None
    before: datetime | None = None
    newest_first: bool = False
    page_size: int = _PAGE_SIZE
    page_token: str = ""


@dataclass(frozen=True)
class EventsPage:
    """`extra` of each is encoded beside it."""

    events: tuple[tuple[AssetEvent, bytes | None], ...] = ()
    next_page_token: str = ""


class Outlets:
    """What the body says of its outlets. It counts when the body succeeds, in the part after a wait if it deferred."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str, str, bytes | None], OutletEvent] = {}

    def extra(self, uri: str, extra: Mapping[str, Any], *, partition: str = "") -> None:
        """Gives the event of an outlet an extra, at most 64 KiB. The last one counts.

        Partitions that are named, of 1 to 250 characters, are events of their own, in the place of the one about the run's.
        """
        self._note((uri, "", partition, None), OutletEvent(uri, "", _encoded(uri, extra), _partition(uri, partition)))

    def add(self, alias: str, uri: str, extra: Mapping[str, Any] | None = None, *, partition: str = "") -> None:
        """Names an asset for an alias among the outlets: it gets an event, and is made if nobody has named it before."""
        data = None if extra is None else _encoded(uri, extra)
        self._note((uri, alias, partition, data), OutletEvent(uri, alias, data, _partition(uri, partition)))

    @property
    def said(self) -> tuple[OutletEvent, ...]:
        return tuple(self._said.values())

    def _note(self, key: tuple[str, str, str, bytes | None], event: OutletEvent) -> None:
        self._said[key] = event
        if len(self._said) > EVENTS_MAX:
            raise codec.CodecError(f"an attempt may name {EVENTS_MAX} events of assets; several tasks may name more", "VALUE_TOO_LARGE")


def _partition(uri: str, partition: str) -> str:
    if not isinstance(partition, str) or len(partition) > PARTITION_MAX or not all(map(_is_plain, partition)):
        raise codec.CodecError(
            f"the partition of an event of {uri} is {partition!r}; it has 1 to {PARTITION_MAX} characters, and none that controls a terminal"
        )
    return partition


def _is_plain(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cs")


def _encoded(uri: str, extra: Mapping[str, Any]) -> bytes:
    if not isinstance(extra, Mapping):
        raise codec.CodecError(f"the extra of an event of {uri} is a {type(extra).__name__}; it must be a dict")
    return codec.encode(dict(extra), EXTRA_BYTES_MAX)


def read_events(request: EventsRequest, limit: int | None, ask: Callable[[EventsRequest], EventsPage]) -> Iterator[AssetEvent]:
    """Page by page, as far as somebody asks for them."""
    left = limit
    while left is None or left > 0:
        size = _PAGE_SIZE if left is None else min(left, _PAGE_SIZE)
        page = ask(replace(request, page_size=size))
        for event, data in page.events:
            yield event if data is None else replace(event, extra=codec.decode(data, None))
        if left is not None:
            left -= len(page.events)
        if not page.next_page_token:
            return
        request = replace(request, page_token=page.next_page_token)
