"""Completeness: before a body, whether what it makes is there already; after it, whether it is there now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from . import codec
from ._context import TaskContext
from ._outcome import Outcome, failed
from ._sensor import Done

#: Under this the name of the target is left that was there already.
EXISTING_TARGET_KEY: Final = "millrace.existing_target"
_NAME_CHARS_MAX: Final = 250


def existing(target: Callable[..., Any], args: list[Any], context: TaskContext) -> Done[Any] | None:
    """None where the body has to run. Raises what the target raises."""
    found = _checked(target(*args))
    if not _exists(found):
        return None
    read = getattr(found, "read", None)
    value = None if read is None else read()
    name = _name(found)
    context.xcom.encoded[EXISTING_TARGET_KEY] = codec.encode(name)
    context.sink.write("info", f"The target {name} exists: the body was not run.", "", "system")
    return Done(value)


def missing(target: Callable[..., Any], args: list[Any]) -> Outcome | None:
    """The failure of an attempt whose target is not there when its body is done; None when all is well."""
    found = _checked(target(*args))
    if _exists(found):
        return None
    message = (
        f"The body is done, and its target {_name(found)} does not exist. Write it in the body, correct the option "
        "target, or set check_target=False where it appears later."
    )
    return failed("application", message, "TargetMissing")


def _checked(found: Any) -> Any:
    if callable(getattr(found, "exists", None)):
        return found
    raise TypeError(f"the target is {type(found).__name__}; it must be an object with a function exists, such as a Path")


def _exists(found: Any) -> bool:
    answer = found.exists()
    if isinstance(answer, bool):
        return answer
    raise TypeError(f"exists() of the target {_name(found)} answered {type(answer).__name__}; it must be True or False")


def _name(found: Any) -> str:
    name = getattr(found, "name", None)
    # A Path is known by all of it.
    shown = str(found) if hasattr(found, "__fspath__") else name
    if not isinstance(shown, str) or not shown:
        return "without a name"
    return shown if len(shown) <= _NAME_CHARS_MAX else f"{shown[: _NAME_CHARS_MAX - 1]}…"
