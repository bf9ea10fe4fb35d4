"""How a sensor looks: when again, and when no more."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from ._deferral import Deferred
from ._outcome import Failed, Outcome, Rescheduled, Skipped, failed

T = TypeVar("T")

#: Whether the slot is kept between two looks. "unknown" is a mode that this version does not know.
SensorMode = Literal["poke", "reschedule", "unknown"]

SENSOR_TIMEOUT = "SensorTimeout"


@dataclass(frozen=True)
class SensorFacts:
    """How it looks, as the DAG says, and what this try has seen of it."""

    mode: SensorMode
    interval_s: float
    timeout_s: float
    soft_fail: bool = False
    backoff: bool = False
    max_interval_s: float | None = None
    #: What tells the waits of this sensor and try from those of others.
    seed: str = ""
    #: How long ago that was when the attempt came.
    try_age_s: float = 0.0
    #: How often it has looked in this try before.
    looks: int = 0


class Done(Generic[T]):
    """Returned by a sensor that has found what it waits for, with a value for the tasks after it."""

    def __init__(self, value: T) -> None:
        self.value: T = value


#: No wait is shorter: the time that is left may be nothing.
WAIT_MIN_S = 0.001


def _done(answer: Any) -> Done[Any] | None:
    """Anything truthy is done, without a value unless it is `Done`."""
    if isinstance(answer, Done):
        return answer
    return Done(None) if answer else None


@dataclass(frozen=True)
class SensorDefers:
    """It gives its slot back and waits for something; so much of its time is left."""

    deferred: Deferred
    left_s: float


def poke(
    sensor: SensorFacts, look: Callable[[], Any], wait: Callable[[float], None]
) -> Done[Any] | SensorDefers | Outcome:
    """Looks until it is done; else gives how the attempt ends. What `look` and `wait` raise ends it too."""
    began_at = time.monotonic()
    looks = sensor.looks
    while True:
        answer = look()
        done = None if isinstance(answer, Deferred) else _done(answer)
        if done is not None:
            return done
        looks += 1
        elapsed_s = sensor.try_age_s + time.monotonic() - began_at
        if elapsed_s > sensor.timeout_s:
            return timed_out(sensor, looks)
        if isinstance(answer, Deferred):
            # A wait of no time at all is none.
            return SensorDefers(answer, max(sensor.timeout_s - elapsed_s, WAIT_MIN_S))
        wait_s = max(wait_after(sensor, looks, elapsed_s), WAIT_MIN_S)
        if sensor.mode == "reschedule":
            return Rescheduled(wait_s)
        wait(wait_s)


def timed_out(sensor: SensorFacts, looks: int) -> Failed | Skipped:
    times = "once" if looks == 1 else f"{looks} times"
    message = f"the sensor looked {times} in vain and its timeout of {sensor.timeout_s:g} s is over"
    return Skipped(message) if sensor.soft_fail else failed("timeout", message, SENSOR_TIMEOUT, retryable=False)


def wait_after(sensor: SensorFacts, look: int, elapsed_s: float) -> float:
    """Seconds from the look of this number, from 1 within the try, to the next.

    With back-off it doubles from look to look, with a part of it that a hash picks, and ends no later than the
    sensor's timeout (the formula is in docs/worker-protocol.md).
    """
    wait_s = _backoff_s(sensor, look, elapsed_s) if sensor.backoff else sensor.interval_s
    return wait_s if sensor.max_interval_s is None else min(wait_s, sensor.max_interval_s)


def _backoff_s(sensor: SensorFacts, look: int, elapsed_s: float) -> float:
    left_s = sensor.timeout_s - math.floor(elapsed_s)
    # Beyond what is left the doubling no longer matters, and the number may be too large to be an integer.
    exact_s = sensor.interval_s * 2.0 ** min(look - 2, 64)
    if exact_s >= left_s:
        return left_s
    base_s = max(int(exact_s), 1)
    digest = hashlib.sha1(f"{sensor.seed}#{look}".encode(), usedforsecurity=False)
    return min(left_s, base_s + int(digest.hexdigest(), 16) % base_s)
