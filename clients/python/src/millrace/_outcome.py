"""How a body ended, as plain data that can cross a process boundary."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Union

from ._assets import OutletEvent
from ._limits import FAILURE_MESSAGE_BYTES_MAX, FAILURE_STACK_BYTES_MAX, cut, cut_front
from .errors import FailTask, RetryTask, SkipTask
from .trigger import Trigger

FailureKind = Literal["application", "timeout", "cancelled", "exited", "setup"]

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


#: What becomes of a task whose wait took too long. "fulfil": the form's defaults are taken.
TimeoutOutcome = Literal["fail", "fail_for_good", "skip", "fulfil"]


@dataclass(frozen=True)
class Succeeded:
    #: Encoded; None when nothing was returned.
    value: bytes | None
    #: One for each measured path.
    lengths: tuple[int, ...] = ()
    #: Of a branch or a short circuit: what goes on. None for other tasks.
    choice: tuple[str, ...] | None = None
    #: The rendered map_index_template; empty for none.
    label: str = ""
    #: What the body says of its outlets.
    outlet_events: tuple[OutletEvent, ...] = ()


@dataclass(frozen=True)
class Failed:
    kind: FailureKind
    type: str
    message: str
    stack: str = ""
    retryable: bool = True
    #: The wait before the next try; None for the task's own.
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Skipped:
    message: str


@dataclass(frozen=True)
class Rescheduled:
    """A sensor has looked in vain and gives its slot back until it looks again."""

    after_s: float


@dataclass(frozen=True)
class Deferral:
    """The body gave its slot back and waits."""

    trigger: Trigger
    timeout_s: float | None
    on_timeout: TimeoutOutcome
    #: Whether a worker goes on with what comes; else that is what the task returns.
    resumes: bool
    #: Encoded.
    state: bytes | None


@dataclass(frozen=True)
class Returned:
    """Never begun: another worker may have it."""

    message: str


@dataclass(frozen=True)
class Interrupted:
    """The body stopped because it was told to; whoever told it knows what to report."""


Outcome = Union[Succeeded, Failed, Skipped, Rescheduled, Deferral, Returned, Interrupted]


@dataclass(frozen=True)
class Ended:
    """How a body ended, and what it left under keys, whatever the outcome."""

    outcome: Outcome
    xcoms: dict[str, bytes] = field(default_factory=dict)


def failed(kind: FailureKind, message: str, type: str = "", retryable: bool = True) -> Failed:
    return Failed(kind, type, cut(message, FAILURE_MESSAGE_BYTES_MAX), retryable=retryable)


def outcome_of_error(error: BaseException) -> Outcome:
    """What an exception that left a body says about its end."""
    if isinstance(error, SkipTask):
        return Skipped(cut(str(error), FAILURE_MESSAGE_BYTES_MAX))
    if isinstance(error, SystemExit):
        return failed("exited", f"the body called sys.exit({error.code!r})", "SystemExit")
    return Failed(
        kind="application",
        type=type(error).__name__,
        message=cut(str(error) or type(error).__name__, FAILURE_MESSAGE_BYTES_MAX),
        stack=cut_front(_stack_of(error), FAILURE_STACK_BYTES_MAX),
        retryable=not isinstance(error, FailTask),
        retry_after_s=error.after_s if isinstance(error, RetryTask) else None,
    )


def _stack_of(error: BaseException) -> str:
    """As Python prints it, without the worker's own frames above the body."""
    frames = _from_body_on(error.__traceback__) or error.__traceback__
    return "".join(traceback.format_exception(type(error), error, frames))


def _from_body_on(frames: TracebackType | None) -> TracebackType | None:
    while frames is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return frames


def _is_ours(filename: str) -> bool:
    is_asyncio = f"{os.sep}asyncio{os.sep}" in filename
    return is_asyncio or os.path.abspath(filename).startswith(_PACKAGE)
