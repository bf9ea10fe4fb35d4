"""`defer`: what a body returns to give its slot back and wait."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from . import codec
from ._outcome import Deferral, TimeoutOutcome
from .codec import UNDEFINED
from .errors import seconds_of
from .trigger import InputTrigger, TimeTrigger, Trigger

if TYPE_CHECKING:
    from ._context import AttemptFacts

_OUTCOMES: Final = ("fail", "fail_for_good", "skip")


class Deferred:
    """What `defer` gives, for a body to return."""

    def __init__(
        self, trigger: Trigger, timeout_s: float | None, on_timeout: TimeoutOutcome | None, state: bytes | None
    ) -> None:
        self.trigger = trigger
        self.timeout_s = timeout_s
        self.on_timeout: TimeoutOutcome | None = on_timeout
        self.state = state


def defer(
    trigger: Trigger,
    *,
    timeout: timedelta | float | None = None,
    on_timeout: TimeoutOutcome | None = None,
    state: Any = UNDEFINED,
) -> Deferred:
    """Gives the slot back until the trigger fires; the body *returns* it: `return defer(trigger.after(600))`.

    What comes is the task's value, or goes on to the handler's `resume`, together with `state` (any value that can be
    carried, at most 256 KiB). `timeout` is how long it waits at most, a timedelta or seconds; then the task fails and is
    retried, fails whatever retries are left ("fail_for_good"), or is skipped ("skip"). Of an input with defaults these are
    taken unless `on_timeout` says otherwise; a sensor goes by its own timeout too, whichever is over first.

    Raises ValueError for what cannot be waited for, CodecError for a state that cannot be carried.
    """
    if not isinstance(trigger, Trigger):
        raise ValueError(f"defer: {trigger!r} is no trigger: make one with trigger.at, trigger.token or another of these")
    if on_timeout is not None and on_timeout not in _OUTCOMES:
        raise ValueError(f"defer: on_timeout is {on_timeout!r}; use {', '.join(_OUTCOMES)}")
    timeout_s = None if timeout is None else seconds_of(timeout)
    if timeout_s == 0:
        raise ValueError("defer: timeout is 0; give a longer one")
    encoded = None if state is UNDEFINED else codec.encode(state)
    _note()
    return Deferred(trigger, timeout_s, on_timeout, encoded)


def _note() -> None:
    from ._context import current

    context = current.get()
    if context is not None:
        context.has_deferred = True


def deferral_of(
    facts: AttemptFacts, deferred: Deferred, can_resume: bool, left_s: float | None, soft_fail: bool = False
) -> Deferral:
    """The wait that is reported. `left_s` is what is left of a sensor's time; None for tasks that are none."""
    trigger, timeout_s = deferred.trigger, deferred.timeout_s
    has_defaults = isinstance(trigger, InputTrigger) and trigger.defaults is not None
    wanted: TimeoutOutcome | None = deferred.on_timeout or ("fulfil" if has_defaults else None)
    if left_s is not None:
        of_sensor: TimeoutOutcome = "skip" if soft_fail else "fail_for_good"
        if timeout_s is None or timeout_s >= left_s:
            timeout_s, wanted = left_s, of_sensor
        else:
            wanted = wanted or of_sensor
    return Deferral(
        trigger=trigger,
        timeout_s=timeout_s,
        on_timeout=wanted or "fail",
        resumes=can_resume or _must_resume(facts, trigger),
        state=deferred.state,
    )


def _must_resume(facts: AttemptFacts, trigger: Trigger) -> bool:
    """What only a worker can see of a value: what it chooses, how an instance is named, and that there is none to measure."""
    is_measured = isinstance(trigger, TimeTrigger) and bool(facts.measured_paths)
    return facts.control != "none" or facts.map_index_template != "" or is_measured
