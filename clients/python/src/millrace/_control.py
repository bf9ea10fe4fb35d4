"""What the control plane has to know of a value that it never looks into: which cases it chose, how long its lists are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from .args import PathKey, follow
from .codec import UNDEFINED, MapEntries, SetItems

#: Whether a task's outcome chooses what follows. "unknown" is a kind that this version does not know.
Control = Literal["none", "branch", "short_circuit", "unknown"]

#: The name under which a short circuit says that what follows goes on.
CONTINUE = "continue"

_SHOWN_MAX = 100


class ValueRefused(Exception):
    """A value does not fit the place its task has in the DAG. Trying again would give the same."""


def choice_of(control: Control, value: Any, cases: Sequence[str], what: str) -> tuple[str, ...] | None:
    """What a value chooses; None for a task that chooses nothing. Raises ValueRefused.

    A branch returns the name of a case, several, or None for none. A short circuit goes on with anything truthy.
    """
    if control == "none":
        return None
    if control == "short_circuit":
        return (CONTINUE,) if value else ()
    if value is None or value is UNDEFINED:
        return ()
    names = [value] if isinstance(value, str) else value
    is_list = isinstance(names, Iterable) and not isinstance(names, (str, bytes, dict))
    chosen = list(names) if is_list else []
    if not is_list or not all(isinstance(name, str) for name in chosen):
        raise ValueRefused(f"{what} returned {_show(value)}; a branch returns the name of a case, several, or None")
    unknown = [name for name in chosen if name not in cases]
    if unknown:
        raise ValueRefused(f"{what} chose {_show(unknown[0])}, which is no case of it; its cases are {', '.join(cases)}")
    return tuple(dict.fromkeys(chosen))


def lengths_of(value: Any, paths: Iterable[list[PathKey]], what: str) -> tuple[int, ...]:
    """How long the lists at these paths of a value, as the codec reads it, are. Raises ValueRefused where there is none."""
    return tuple(_length_at(value, path, what) for path in paths)


def _length_at(value: Any, path: list[PathKey], what: str) -> int:
    found = follow(value, path)
    if isinstance(found, list) and not isinstance(found, (MapEntries, SetItems)):
        return len(found)
    place = f"the result of {what}" + "".join(f"[{key!r}]" for key in path)
    raise ValueRefused(f"{place} is {_describe(found)} and no list, but another task is mapped over it")


def _describe(value: Any) -> str:
    if value is None or value is UNDEFINED:
        return "nothing"
    if isinstance(value, bool) or not isinstance(value, (str, int, float, datetime)):
        return f"a {type(value).__name__}"
    return f"the {type(value).__name__} {_show(value)}"


def _show(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN_MAX else f"{shown[:_SHOWN_MAX]}…"
