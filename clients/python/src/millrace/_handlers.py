"""Handlers: the functions a worker runs, and the names it announces them by."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Literal, Protocol, TypeVar, Union, overload

from ._context import AttemptFacts
from ._deferral import Deferred
from ._retry import RetryPolicy
from ._sensor import Done
from .codec import UNDEFINED
from .errors import ConfigError

Isolation = Literal["thread", "process"]
#: What a handler answers: any value, which cases go on, whether to go on, or whether it has found what it waits for. A
#: callback answers nothing, a trigger what has come.
HandlerKind = Literal["task", "branch", "short_circuit", "sensor", "callback", "trigger"]
#: Goes on after a wait: with what came, and the state that the body left for itself. It may take the first alone, or neither.
Resume = Callable[..., Any]

#: What a task makes, by its arguments: an object with `exists()`, and with `read()` where the task has a value.
TargetOf = Callable[..., Any]

#: What a trigger's handler is announced as.
TRIGGER_PREFIX: Final = "trigger/"

#: The name of a case, several, or none; or what to wait for.
BranchChoice = Union[str, Iterable[str], Deferred, None]
#: Whether the sensor has found what it waits for; `Done` says so with a value, `defer(…)` what to wait for.
SensorAnswer = Union[Done[Any], Deferred, bool, None]

Function = TypeVar("Function", bound=Callable[..., Any])
Branch = TypeVar("Branch", bound=Callable[..., Union[BranchChoice, Awaitable[BranchChoice]]])
Sensor = TypeVar("Sensor", bound=Callable[..., Union[SensorAnswer, Awaitable[SensorAnswer]]])

_MARK = "__millrace_handler__"
_KINDS: Final = ("task", "branch", "short_circuit", "sensor", "callback", "trigger")


@dataclass(frozen=True)
class Handler:
    """A function, the name tasks refer to it by, where it runs, and what it answers."""

    name: str
    function: Callable[..., Any]
    isolation: Isolation = "thread"
    kind: HandlerKind = "task"
    retry_policy: RetryPolicy | None = None
    #: Goes on after a wait; None where what came is the answer.
    resume: Resume | None = None
    #: What it makes, by its arguments; None where nobody says.
    target: TargetOf | None = None
    #: Whether an attempt fails whose target does not exist when its body is done.
    check_target: bool = True


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
    name: str | None = None,
    /,
    *,
    isolation: Isolation = "thread",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
    target: TargetOf | None = None,
    check_target: bool = True,
) -> MarkFunction: ...


def task(
    name: Any = None,
    /,
    *,
    isolation: Isolation = "thread",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
    target: TargetOf | None = None,
    check_target: bool = True,
) -> Any:
    """Marks a function as a handler for `python -m millrace file.py` and `Worker.add_module`.

    Its name is the function's unless given. `isolation="process"` runs every attempt in a process of its own, which
    can be killed whatever it does. `retry_policy` is asked about every error of the function but FailTask and
    RetryTask: with the error and the number of the try it answers "retry", "fail", a wait (timedelta or seconds), or
    None for what the task says. A function that returns `defer(…)` gives its slot back and waits; `resume` goes on then,
    with what came and the state that was left, `resume(event, state)`, and may defer again. Without it what came is what
    the task returns. `target` gets the task's arguments and returns what the task makes: an object with `exists()`. Where
    that is true the body does not run, and what its `read()` returns is the task's value; after the body it must be true,
    unless `check_target` is False. The function itself stays as it is and can be called as before.
    """
    return _marker("task", name, isolation, retry_policy, resume, target, check_target)


@overload
def branch(name: Branch, /) -> Branch: ...
@overload
def branch(
    name: str | None = None,
    /,
    *,
    isolation: Isolation = "thread",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
) -> MarkBranch: ...


def branch(
    name: Any = None,
    /,
    *,
    isolation: Isolation = "thread",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
) -> Any:
    """Like `task`, for a task that the DAG declares as a branch: the function returns the name of a case, several, or None."""
    return _marker("branch", name, isolation, retry_policy, resume)


@overload
def short_circuit(name: Function, /) -> Function: ...
@overload
def short_circuit(
    name: str | None = None,
    /,
    *,
    isolation: Isolation = "thread",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
) -> MarkFunction: ...


def short_circuit(
    name: Any = None,
    /,
    *,
    isolation: Isolation = "thread",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
) -> Any:
    """Like `task`, for a task that the DAG declares as a short circuit: what follows is skipped unless it returns something truthy."""
    return _marker("short_circuit", name, isolation, retry_policy, resume)


@overload
def sensor(name: Sensor, /) -> Sensor: ...
@overload
def sensor(
    name: str | None = None,
    /,
    *,
    isolation: Isolation = "thread",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
) -> MarkSensor: ...


def sensor(
    name: Any = None,
    /,
    *,
    isolation: Isolation = "thread",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
) -> Any:
    """Like `task`, for a task that the DAG declares as a sensor: the function looks once, and is called again until it is done.

    Anything truthy is done, without a value; `Done(value)` leaves one. The DAG says how often and for how long it looks,
    and whether the slot is given back between two looks.
    """
    return _marker("sensor", name, isolation, retry_policy, resume)


@overload
def callback(name: Function, /) -> Function: ...
@overload
def callback(name: str | None = None, /, *, isolation: Isolation = "thread") -> MarkFunction: ...


def callback(name: Any = None, /, *, isolation: Isolation = "thread") -> Any:
    """Marks a function that is called when tasks or runs end: `externalCallback({ handler: "name" })` names it in the DAG.

    It gets a `CallbackEvent`, and what the DAG tells it beside that, if anything. What it returns does not matter; when it
    raises, it is called again later, and it may be called more than once in any case.
    """
    return _marker("callback", name, isolation)


@overload
def triggerer(name: Function, /) -> Function: ...
@overload
def triggerer(name: str | None = None, /) -> MarkFunction: ...


def triggerer(name: Any = None, /) -> Any:
    """Marks a function that watches on behalf of tasks that wait: `defer(trigger.custom("name", config, summary))`.

    It gets the config, and returns what has come when it has; when it raises, the wait has failed. Write it `async`: then
    one process watches thousands at a time; a plain function has a thread for each. It may be called again for a wait that
    another triggerer watches already, or has lost.
    """
    return _marker("trigger", name, "thread")


def _marker(
    kind: HandlerKind,
    name: Any,
    isolation: Isolation,
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
    target: TargetOf | None = None,
    check_target: bool = True,
) -> Any:
    if callable(name):
        return _marker(kind, None, isolation, retry_policy, resume, target, check_target)(name)

    def mark(function: Function) -> Function:
        made = make_handler(name, function, isolation, kind, retry_policy, resume, target, check_target)
        setattr(function, _MARK, made)
        return function

    return mark


def make_handler(
    name: str | None,
    function: Callable[..., Any],
    isolation: Isolation,
    kind: HandlerKind = "task",
    retry_policy: RetryPolicy | None = None,
    resume: Resume | None = None,
    target: TargetOf | None = None,
    check_target: bool = True,
) -> Handler:
    """Raises ConfigError for what cannot be a handler."""
    chosen = name if name is not None else getattr(function, "__name__", "")
    if not chosen or len(chosen) > 250 or chosen == "<lambda>":
        raise ConfigError(f"the handler name {chosen!r} must have 1 to 250 characters; give one: @task(\"name\")")
    if isolation not in ("thread", "process"):
        raise ConfigError(f'isolation of handler {chosen} is {isolation!r}; use "thread" or "process"')
    if kind not in _KINDS:
        raise ConfigError(f"kind of handler {chosen} is {kind!r}; use {', '.join(_KINDS)}")
    if target is not None and (kind != "task" or not callable(target)):
        raise ConfigError(f"target of handler {chosen} must be a function of the arguments of a task, and the handler a task")
    if isolation == "process":
        own = (
            ("handler", function),
            ("the retry policy of handler", retry_policy),
            ("the resume of handler", resume),
            ("the target of handler", target),
        )
        for what, code in own:
            if code is not None and "<" in getattr(code, "__qualname__", "<"):
                raise ConfigError(
                    f"{what} {chosen} with isolation=\"process\" must be a function at the top level of a module, "
                    "so that the new process can import it"
                )
    announced = f"{TRIGGER_PREFIX}{chosen}" if kind == "trigger" else chosen
    return Handler(announced, function, isolation, kind, retry_policy, resume, target, check_target)


def misplaced(handler: Handler, facts: AttemptFacts) -> str | None:
    """What is wrong when the DAG calls a handler as something that it is not; None when nothing is."""
    control, sensor = facts.control, facts.sensor
    if control == "unknown" or (sensor is not None and sensor.mode == "unknown"):
        return f"the DAG asks something of handler {handler.name} that this version of the worker does not know; update it"
    asked: HandlerKind = "task" if control == "none" else control
    if sensor is not None:
        asked = "sensor"
    if facts.role != "task":
        asked = facts.role
    # A plain function may answer anything.
    if handler.kind in ("task", asked):
        return None
    return f"handler {handler.name} is a {_WORDS[handler.kind]}, and the DAG calls it as a {_WORDS[asked]}: declare it as what it is"


_WORDS: Final[dict[HandlerKind, str]] = {
    "task": "task",
    "branch": "branch",
    "short_circuit": "short circuit",
    "sensor": "sensor",
    "callback": "callback",
    "trigger": "trigger",
}


def handlers_of(module: ModuleType) -> list[Handler]:
    """The functions of a module that `@task` marks, each once."""
    marked = (getattr(value, _MARK, None) for value in vars(module).values())
    by_name = {handler.name: handler for handler in marked if isinstance(handler, Handler)}
    return list(by_name.values())


def bind_resume(resume: Resume, event: Any, state: Any) -> list[Any]:
    """What `resume` is called with: as much of event and state as it takes."""
    given = [None if value is UNDEFINED else value for value in (event, state)]
    try:
        most = _positional_max(inspect.signature(resume))
    except ValueError:
        return given
    return given[: int(min(most, len(given)))]


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
