"""What `context().xcom.pull` asks for and gives back: the table of docs/xcoms.md, as functions of nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Union

from ._limits import PULLED_TASKS_MAX, XCOM_KEY_CHARS_MAX

RETURN_KEY: Final = "return_value"
NOT_MAPPED: Final = -1


class All:
    """All instances there are. There is one: ALL."""

    def __repr__(self) -> str:
        return "ALL"


ALL: Final = All()
#: One index or several; None is the one of a task that is not mapped.
MapIndexes = Union[int, None, Iterable[Union[int, None]], All]


@dataclass(frozen=True)
class PullOptions:
    #: None for the task itself; of a mapped task, for this instance.
    task_ids: str | Iterable[str] | None = None
    key: str = RETURN_KEY
    map_indexes: MapIndexes = ALL
    default: Any = None
    include_prior_dates: bool = False
    run_id: str | None = None
    dag_id: str | None = None


@dataclass(frozen=True)
class PullRequest:
    """What the server is asked. Indexes are -1 for tasks that are not mapped; none means all."""

    task_ids: tuple[str, ...]
    key: str
    map_indexes: tuple[int, ...]
    run_id: str | None
    include_prior_dates: bool
    dag_id: str


@dataclass(frozen=True)
class PullAnswer:
    #: Task, map index, and the encoded value. Those that left nothing are missing.
    xcoms: tuple[tuple[str, int, bytes], ...] = ()
    mapped_task_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meant:
    """What options mean, once: iterables among them can be read once only."""

    task_ids: tuple[str, ...]
    is_one_task: bool
    #: None: all that there are.
    map_indexes: tuple[int, ...] | None
    is_one_index: bool


def meant_by(options: PullOptions, own_task: str, own_index: int) -> Meant:
    """Raises ValueError naming the option."""
    task_ids, map_indexes = options.task_ids, options.map_indexes
    is_one_task = task_ids is None or isinstance(task_ids, str)
    named: tuple[object, ...]
    if task_ids is None:
        named = (own_task,)
    else:
        named = (task_ids,) if isinstance(task_ids, str) else tuple(task_ids)
    ids = tuple(each for each in named if isinstance(each, str) and each)
    if len(ids) != len(named):
        raise _invalid("task_ids", task_ids, "must be the id of a task, or several")
    if isinstance(map_indexes, All):
        # A mapped task means its own instance when it speaks of itself.
        if task_ids is not None or own_index == NOT_MAPPED:
            return Meant(ids, is_one_task, None, False)
        return Meant(ids, is_one_task, (own_index,), True)
    is_one_index = map_indexes is None or isinstance(map_indexes, (int, float, str))
    given: Sequence[object] = [map_indexes] if is_one_index else list(map_indexes)  # type: ignore[arg-type]
    return Meant(ids, is_one_task, tuple(_index_of(each) for each in given), is_one_index)


def _index_of(given: object) -> int:
    if given is None:
        return NOT_MAPPED
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    raise _invalid("map_indexes", given, "must be whole numbers from 0, or None for tasks that are not mapped")


def request_of(options: PullOptions, meant: Meant) -> PullRequest | None:
    """None when nothing is asked for. Raises ValueError naming the option."""
    key, run_id, dag_id = options.key, options.run_id, options.dag_id
    if not key or len(key) > XCOM_KEY_CHARS_MAX:
        raise _invalid("key", key, f"must have 1 to {XCOM_KEY_CHARS_MAX} characters")
    if run_id is not None and options.include_prior_dates:
        raise _invalid("run_id", run_id, "goes without include_prior_dates; leave one of them out")
    if dag_id is not None and run_id is None and not options.include_prior_dates:
        raise _invalid("dag_id", dag_id, "needs run_id or include_prior_dates, which say in which run")
    asked = tuple(dict.fromkeys(meant.task_ids))
    if len(asked) > PULLED_TASKS_MAX:
        raise _invalid("task_ids", len(asked), f"may name at most {PULLED_TASKS_MAX} tasks")
    if not asked or meant.map_indexes == ():
        return None
    indexes = tuple(dict.fromkeys(meant.map_indexes or ()))
    return PullRequest(asked, key, indexes, run_id, options.include_prior_dates, dag_id or "")


def pulled_value(
    meant: Meant, default: Any, xcoms: Iterable[tuple[str, int, Any]], mapped_task_ids: Iterable[str]
) -> Any:
    """One task, all its instances: what it left; of a mapped task the list of what its instances left, however many.

    Several tasks: one list of all that, in the order of the tasks. With indexes: one value for each task and index, a
    list unless one task and one index were asked for. What is missing is `default`, also where nothing was left by a
    task that is not mapped; a None that was left is None.
    """
    by_task: dict[str, dict[int, Any]] = {}
    for task_id, map_index, value in xcoms:
        by_task.setdefault(task_id, {})[map_index] = value

    def at(task_id: str, map_index: int) -> Any:
        return by_task.get(task_id, {}).get(map_index, default)

    if meant.map_indexes is not None:
        found = [at(task_id, map_index) for task_id in meant.task_ids for map_index in meant.map_indexes]
        return found[0] if meant.is_one_task and meant.is_one_index else found
    mapped = frozenset(mapped_task_ids)

    def all_of(task_id: str) -> list[Any]:
        if task_id not in mapped:
            return [at(task_id, NOT_MAPPED)]
        return [value for _, value in sorted(by_task.get(task_id, {}).items(), key=lambda one: one[0])]

    if meant.is_one_task:
        only = meant.task_ids[0]
        return all_of(only) if only in mapped else at(only, NOT_MAPPED)
    return [value for task_id in meant.task_ids for value in all_of(task_id)]


def _invalid(option: str, value: object, rule: str) -> ValueError:
    return ValueError(f"the option {option} of xcom.pull is {repr(value)[:200]}: it {rule}")
