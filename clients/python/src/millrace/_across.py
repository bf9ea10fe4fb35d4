"""Runs of other DAGs: what a body asks for, and what it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final, Literal

from . import codec

IfExists = Literal["fail", "clear", "use"]
IfMade = Literal["continue", "another"]

IF_EXISTS: Final = ("fail", "clear", "use")
IF_MADE: Final = ("continue", "another")
NOTE_MAX: Final = 1000
DEPTH_MAX: Final = 100


@dataclass(frozen=True)
class TriggerRequest:
    dag_id: str
    #: Encoded.
    params: bytes
    logical_date: datetime | None
    note: str
    if_exists: IfExists
    if_made: IfMade
    max_depth: int


@dataclass(frozen=True)
class TriggeredRun:
    """A run that a body asked for."""

    dag_id: str
    run_id: str
    #: Unique within its DAG.
    run_name: str
    #: When it was asked for: queued, running, success or failed.
    state: str
    #: made (also when this attempt had made it before), exists (nothing was done), cleared, used or continued.
    outcome: str


#: What asks the server; `wait` is called between tries.
AskTrigger = Callable[[TriggerRequest, Callable[[float], None]], TriggeredRun]


def trigger_request(
    dag_id: str,
    params: Any,
    logical_date: datetime | None,
    note: str,
    if_exists: IfExists,
    if_made: IfMade,
    max_depth: int,
) -> TriggerRequest:
    """Raises ValueError for what cannot be asked for, CodecError for params that cannot be carried."""
    if not isinstance(dag_id, str) or not dag_id:
        raise ValueError(f"trigger_dag: dag_id is {dag_id!r}: give the id of a DAG")
    if logical_date is not None and logical_date.utcoffset() is None:
        raise ValueError(f"trigger_dag: logical_date is {logical_date!r}: give an aware datetime, or None for none")
    if len(note) > NOTE_MAX:
        raise ValueError(f"trigger_dag: note has {len(note)} characters: at most {NOTE_MAX} may be")
    if if_exists not in IF_EXISTS:
        raise ValueError(f"trigger_dag: if_exists is {if_exists!r}; use {', '.join(IF_EXISTS)}")
    if if_made not in IF_MADE:
        raise ValueError(f"trigger_dag: if_made is {if_made!r}; use {', '.join(IF_MADE)}")
    if not 1 <= max_depth <= DEPTH_MAX:
        raise ValueError(f"trigger_dag: max_depth is {max_depth!r}: give 1 to {DEPTH_MAX}")
    date = None if logical_date is None else logical_date.astimezone(timezone.utc)
    encoded = codec.encode({} if params is None else params)
    return TriggerRequest(dag_id, encoded, date, note, if_exists, if_made, max_depth)
