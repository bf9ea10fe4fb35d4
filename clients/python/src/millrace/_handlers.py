"""Handlers: the functions a worker runs, and the names it announces them by."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Literal, Protocol, TypeVar, Union, overload

from ._control import Control
from ._retry import RetryPolicy
from ._sensor import Done, SensorFacts
from .codec import UNDEFINED
from .errors import ConfigError

Isolation = Literal["thread", "process"]
#: What a handler answers: any value, which cases go on, whether to go on, or whether it has found what it waits for.
HandlerKind = Literal["task", "branch", "short_circuit", "sensor"]

#: The name of a case, several, or none.
BranchChoice = Union[str, Iterable[str], None]
#: Whether the sensor has found what it waits for; `Done` says so with a value.
SensorAnswer = Union[Done[Any], bool, None]

Function = TypeVar("Function", bound=Callable[..., Any])
Branch = TypeVar("Branch", bound=Callable[..., Union[BranchChoice, Awaitable[BranchChoice]]])
Sensor = TypeVar("Sensor", bound=Callable[..., Union[SensorAnswer, Awaitable[SensorAnswer]]])

_MARK = "__millrace_handler__"
_KINDS: Final = ("task", "branch", "short_circuit", "sensor")


@dataclass(frozen=True)
class Handler:
    """A function, the name tasks refer to it by, where it runs, and what it answers."""

    name: str
    function: Callable[..., Any]
    isolation: Isolation = "thread"
    kind: HandlerKind = "task"
    retry_policy: RetryPolicy | None = None


class MarkFunction(Protocol):
    """A decorator that leaves the function as it is."""

    def __call__(self, function: Function, /) -> Function: ...


class MarkBranch(Protocol):
    def __call__(self, function: Branch, /) -> Branch: ...


class MarkSensor(Protocol):
    def __call__(self, function: Sensor, /) -> Sensor: ...


@overload
def task(name: Function, /) -> Function: ...
@overload
def task(
    name: str | None = None, /, *, isolation: Isolation = "thread", retry_policy: RetryPolicy | None = None
) -> MarkFunction: ...


def task(name: Any = None, /, *, isolation: Isolation = "thread", retry_policy: RetryPolicy | None = None) -> Any:
    """Marks a function as a handler for `python -m millrace file.py` and `Worker.add_module`.

    Its name is the function's unless given. `isolation="process"` runs every attempt in a process of its own, which
    can be killed whatever it does. `retry_policy` is asked about every error of the function but FailTask and
    RetryTask: with the error and the number of the try it answers "retry", "fail", a wait (timedelta or seconds), or
    None for what the task says. The function itself stays as it is and can be called as before.
    """
    return _marker("task", name, isolation, retry_policy)


@overload
def branch(name: Branch, /) -> Branch: ...
@overload
def branch(
    name: str | None = None, /, *, isolation: Isolation = "thread", retry_policy: RetryPolicy | None = None
) -> MarkBranch: ...


def branch(name: Any = None, /, *, isolation: Isolation = "thread", retry_policy: RetryPolicy | None = None) -> Any:
    """Like `task`, for a task that the DAG declares as a branch: the function returns the name of a case, several, or None."""
    return _marker("branch", name, isolation, retry_policy)


@overload
def short_circuit(name: Function, /) -> Function: ...
@overload
def short_circuit(
    name: str | None = None, /, *, isolation: Isolation = "thread", retry_policy: RetryPolicy | None = None
) -> MarkFunction: ...


def short_circuit(name: Any = None, /, *, isolation: Isolation = "thread", retry_policy: RetryPolicy | None = None) -> Any:
    """Like `task`, for a task that the DAG declares as a short circuit: what follows is skipped unless it returns something truthy."""
    return _marker("short_circuit", name, isolation, retry_policy)


@overload
def sensor(name: Sensor, /) -> Sensor: ...
@overload
def sensor(
    name: str | None = None, /, *, isolation: Isolation = "thread", retry_policy: RetryPolicy | None = None
) -> MarkSensor: ...


def sensor(name: Any = None, /, *, isolation: Isolation = "thread", retry_policy: RetryPolicy | None = None) -> Any:
    """Like `task`, for a task that the DAG declares as a sensor: the function looks once, and is called again until it is done.

    Anything truthy is done, without a value; `Done(value)` leaves one. The DAG says how often and for how long it looks,
    and whether the slot is given back between two looks.
    """
    return _marker("sensor", name, isolation, retry_policy)


def _marker(kind: HandlerKind, name: Any, isolation: Isolation, retry_policy: RetryPolicy | None) -> Any:
    if callable(name):
        return _marker(kind, None, isolation, retry_policy)(name)

    def mark(function: Function) -> Function:
        setattr(function, _MARK, make_handler(name, function, isolation, kind, retry_policy))
        return function

    return mark


def make_handler(
    name: str | None,
    function: Callable[..., Any],
    isolation: Isolation,
    kind: HandlerKind = "task",
    retry_policy: RetryPolicy | None = None,
) -> Handler:
    """Raises ConfigError for what cannot be a handler."""
    chosen = name if name is not None else getattr(function, "__name__", "")
    if not chosen or len(chosen) > 250 or chosen == "<lambda>":
        raise ConfigError(f"the handler name {chosen!r} must have 1 to 250 characters; give one: @task(\"name\")")
    if isolation not in ("thread", "process"):
        raise ConfigError(f'isolation of handler {chosen} is {isolation!r}; use "thread" or "process"')
    if kind not in _KINDS:
        raise ConfigError(f"kind of handler {chosen} is {kind!r}; use {', '.join(_KINDS)}")
    if isolation == "process":
        for what, code in (("handler", function), ("the retry policy of handler", retry_policy)):
            if code is not None and "<" in getattr(code, "__qualname__", "<"):
                raise ConfigError(
                    f"{what} {chosen} with isolation=\"process\" must be a function at the top level of a module, "
                    "so that the new process can import it"
                )
    return Handler(chosen, function, isolation, kind, retry_policy)


def misplaced(handler: Handler, control: Control, sensor: SensorFacts | None) -> str | None:
    """What is wrong when the DAG calls a handler as something that it is not; None when nothing is."""
    if control == "unknown" or (sensor is not None and sensor.mode == "unknown"):
        return f"the DAG asks something of handler {handler.name} that this version of the worker does not know; update it"
    asked: HandlerKind = "task" if control == "none" else control
    if sensor is not None:
        asked = "sensor"
    # A plain function may answer anything.
    if handler.kind in ("task", asked):
        return None
    return f"handler {handler.name} is a {_WORDS[handler.kind]}, and the DAG calls it as a {_WORDS[asked]}: declare it as what it is"


_WORDS: Final[dict[HandlerKind, str]] = {
    "task": "task",
    "branch": "branch",
    "short_circuit": "short circuit",
    "sensor": "sensor",
}


def handlers_of(module: ModuleType) -> list[Handler]:
    """The functions of a module that `@task` marks, each once."""
    marked = (getattr(value, _MARK, None) for value in vars(module).values())
    by_name = {handler.name: handler for handler in marked if isinstance(handler, Handler)}
    return list(by_name.values())


def bind_args(handler: Handler, args: list[Any]) -> list[Any]:
    """The arguments as Python has them: an undefined one takes the parameter's default, or None.

    Raises TypeError that names the function when their number is not what it takes.
    """
    try:
        signature = inspect.signature(handler.function)
    except ValueError:
        return [None if arg is UNDEFINED else arg for arg in args]
    while args and args[-1] is UNDEFINED and len(args) > _positional_max(signature):
        args = args[:-1]
    try:
        signature.bind(*args)
    except TypeError as error:
        count = f"{len(args)} argument{'' if len(args) == 1 else 's'}"
        raise TypeError(f"{handler.name}{signature} was given {count} by the DAG: {error}") from None
    defaults = [parameter.default for parameter in signature.parameters.values()]
    return [_instead_of_undefined(defaults, index) if arg is UNDEFINED else arg for index, arg in enumerate(args)]


def _positional_max(signature: inspect.Signature) -> float:
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return float("inf")
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(kind in positional for kind in kinds)


def _instead_of_undefined(defaults: list[Any], index: int) -> Any:
    has_default = index < len(defaults) and defaults[index] is not inspect.Parameter.empty
    return defaults[index] if has_default else None
