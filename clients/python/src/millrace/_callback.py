"""Callbacks: what a function is told when a task or a run has ended in a certain way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .args import RunFacts


@dataclass(frozen=True)
class CallbackTask:
    id: str
    #: -1 for a task that is not mapped.
    map_index: int


@dataclass(frozen=True)
class CallbackFailure:
    """Why it failed. `kind` is "application", "timeout", "cancelled", "lost", "exited" or "setup"."""

    kind: str
    type: str
    message: str
    stack: str


@dataclass(frozen=True)
class CallbackDeadline:
    """A deadline that was missed, or is in danger."""

    name: str
    due_at: datetime
    #: When the run, or the task, is expected to have succeeded: an estimate; None when none was made.
    estimated_end_at: datetime | None
    #: The tasks that the estimate is made of, in the order in which they wait for each other; at most 20.
    critical_task_ids: tuple[str, ...]


CallbackWord = Literal["success", "failure", "retry", "skipped", "deadline_missed", "deadline_at_risk"]


@dataclass(frozen=True)
class CallbackEvent:
    """What happened. A callback may be told of it more than once."""

    event: CallbackWord
    run: RunFacts
    #: None for callbacks of the run.
    task: CallbackTask | None
    #: The try it is about; None for callbacks of the run, and about deadlines.
    try_number: int | None
    failure: CallbackFailure | None
    #: With "deadline_missed" and "deadline_at_risk": which one.
    deadline: CallbackDeadline | None
    run_state: Literal["queued", "running", "success", "failed"]
    happened_at: datetime
    #: How often this callback was tried, this time included.
    delivery_try: int
