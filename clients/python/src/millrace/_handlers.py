"""Handlers: the functions a worker runs, and the names it announces them by."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, TypeVar, overload

from .codec import UNDEFINED
from .errors import ConfigError

Isolation = Literal["thread", "process"]
Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = "__millrace_handler__"


@dataclass(frozen=True)
class Handler:
    """A function, the name tasks refer to it by, and where it runs."""

    name: str
    function: Callable[..., Any]
    isolation: Isolation = "thread"


@overload
def task(name: Function, /) -> Function: ...
@overload
def task(name: str | None = None, /, *, isolation: Isolation = "thread") -> Callable[[Function], Function]: ...


def task(name: Any = None, /, *, isolation: Isolation = "thread") -> Any:
    """Marks a function as a handler for `python -m millrace file.py` and `Worker.add_module`.

    Its name is the function's unless given. `isolation="process"` runs every attempt in a process of its own, which
    can be killed whatever it does. The function itself stays as it is and can be called as before.
    """
    if callable(name):
        return task()(name)

    def mark(function: Function) -> Function:
        handler = make_handler(name, function, isolation)
        setattr(function, _MARK, handler)
        return function

    return mark


def make_handler(name: str | None, function: Callable[..., Any], isolation: Isolation) -> Handler:
    """Raises ConfigError for what cannot be a handler."""
    chosen = name if name is not None else getattr(function, "__name__", "")
    if not chosen or len(chosen) > 250 or chosen == "<lambda>":
        raise ConfigError(f"the handler name {chosen!r} must have 1 to 250 characters; give one: @task(\"name\")")
    if isolation not in ("thread", "process"):
        raise ConfigError(f'isolation of handler {chosen} is {isolation!r}; use "thread" or "process"')
    if isolation == "process" and "<locals>" in getattr(function, "__qualname__", "<locals>"):
        raise ConfigError(
            f"handler {chosen} with isolation=\"process\" must be a function at the top level of a module, "
            "so that the new process can import it"
        )
    return Handler(chosen, function, isolation)


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
