"""What a body can ask and do beyond its arguments: `context()`."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from . import codec
from ._across import IfExists, IfMade, TriggeredRun, TriggerRequest, trigger_request
from ._assets import AssetEvent, EventsPage, EventsRequest, Outlets, read_events
from ._callback import CallbackEvent
from ._control import Control
from ._limits import BLOB_BYTES_MAX, LOG_LINE_BYTES_MAX, XCOM_KEY_CHARS_MAX, XCOMS_BYTES_MAX, XCOMS_MAX
from ._lines import Lines
from ._pull import ALL, RETURN_KEY, MapIndexes, PullAnswer, PullOptions, PullRequest, meant_by, pulled_value, request_of
from ._sensor import SensorFacts
from .args import InputInstance, Inputs, RunFacts
from .errors import CancelledError, TimeoutReached

Level = Literal["debug", "info", "warn", "error"]
PrintStream = Literal["stdout", "stderr"]
Stream = Literal["log", "stdout", "stderr", "system"]
#: Why a body has to stop. The first three are reported differently; "stale" and "shutdown" are not reported.
Interruption = Literal["cancelled", "timeout", "stale", "shutdown"]


class LogSink(Protocol):
    """Takes lines of one attempt. `fields_json` is a JSON object or empty."""

    def write(self, level: Level, message: str, fields_json: str, stream: Stream) -> None: ...


class TaskLog:
    """Writes to the attempt's log. Keyword arguments become fields beside the message."""

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink

    def debug(self, message: str, **fields: Any) -> None:
        self._sink.write("debug", message, fields_json(fields), "log")

    def info(self, message: str, **fields: Any) -> None:
        self._sink.write("info", message, fields_json(fields), "log")

    def warning(self, message: str, **fields: Any) -> None:
        self._sink.write("warn", message, fields_json(fields), "log")

    def error(self, message: str, **fields: Any) -> None:
        self._sink.write("error", message, fields_json(fields), "log")

    def exception(self, message: str, **fields: Any) -> None:
        """Like `error`, with the traceback of the exception being handled."""
        self._sink.write("error", f"{message}\n{traceback.format_exc().rstrip()}", fields_json(fields), "log")


def fields_json(fields: dict[str, Any]) -> str:
    """The fields as JSON text; what JSON cannot hold is written as its repr."""
    if not fields:
        return ""
    text = json.dumps(fields, default=repr, ensure_ascii=True)
    size = len(text)
    return text if size <= LOG_LINE_BYTES_MAX else json.dumps({"left_out": f"fields of {size:,} bytes"})


class Asks(Protocol):
    """Asks the server. `wait` is called between tries, and may raise."""

    def token(self, wait: Callable[[float], None]) -> str: ...
    def pull(self, request: PullRequest, wait: Callable[[float], None]) -> PullAnswer: ...
    def trigger(self, request: TriggerRequest, wait: Callable[[float], None]) -> TriggeredRun: ...
    def events(self, request: EventsRequest, wait: Callable[[float], None]) -> EventsPage: ...


class NoAsks:
    """Where there is no server."""

    def token(self, wait: Callable[[float], None]) -> str:
        raise RuntimeError("there is no server to ask for a task token")

    def pull(self, request: PullRequest, wait: Callable[[float], None]) -> PullAnswer:
        raise RuntimeError("there is no server to ask for values of other tasks")

    def trigger(self, request: TriggerRequest, wait: Callable[[float], None]) -> TriggeredRun:
        raise RuntimeError("there is no server to ask for a run of another DAG")

    def events(self, request: EventsRequest, wait: Callable[[float], None]) -> EventsPage:
        raise RuntimeError("there is no server to ask for events of assets")


class XComs:
    """Values that bodies leave for others beside what they return, and those that others left."""

    def __init__(self, task_id: str, map_index: int, ask: Callable[[PullRequest], PullAnswer]) -> None:
        self.encoded: dict[str, bytes] = {}
        self._task_id = task_id
        self._map_index = map_index
        self._ask = ask

    def pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        key: str = RETURN_KEY,
        *,
        map_indexes: MapIndexes = ALL,
        default: Any = None,
        include_prior_dates: bool = False,
        run_id: str | None = None,
        dag_id: str | None = None,
    ) -> Any:
        """What other tasks returned, or left under a key.

        One task gives its value, a mapped one the list of what its instances left; several tasks give a list. Without
        `task_ids` it is this task; of a mapped one, this instance. `map_indexes` are one index or several, None for the
        one of a task that is not mapped; `default` stands for what was not left. `include_prior_dates` takes values from
        the newest run with no later logical date that has any; `run_id`, and `dag_id` with either, look into others.
        The whole table: docs/xcoms.md. Arguments are the better way where they will do: they order the tasks.

        Raises ValueError for options that cannot be, MillraceError TASK_NOT_FOUND, RUN_NOT_FOUND, VALUE_TOO_LARGE …
        """
        options = PullOptions(task_ids, key, map_indexes, default, include_prior_dates, run_id, dag_id)
        meant = meant_by(options, self._task_id, self._map_index)
        request = request_of(options, meant)
        answer = PullAnswer() if request is None else self._ask(request)
        xcoms = [(task_id, index, codec.decode(data, None)) for task_id, index, data in answer.xcoms]
        return pulled_value(meant, default, xcoms, answer.mapped_task_ids)

    def push(self, key: str, value: Any) -> None:
        """Leaves a value under a key; a second push replaces the first. Sent with the outcome, whatever it is."""
        if not key or len(key) > XCOM_KEY_CHARS_MAX:
            raise codec.CodecError(f"the XCom key {key[:80]!r} must have 1 to {XCOM_KEY_CHARS_MAX} characters")
        if key == RETURN_KEY:
            raise codec.CodecError(f"the XCom key {RETURN_KEY!r} is that of what the body returns; choose another")
        if key not in self.encoded and len(self.encoded) == XCOMS_MAX:
            raise codec.CodecError(f"an attempt may leave {XCOMS_MAX} XComs; {key!r} is one too many", "VALUE_TOO_LARGE")
        data = codec.encode(value, BLOB_BYTES_MAX)
        others = sum(len(known) for name, known in self.encoded.items() if name != key)
        if others + len(data) > XCOMS_BYTES_MAX:
            raise codec.CodecError(f"the XComs of an attempt may have {XCOMS_BYTES_MAX:,} bytes together", "VALUE_TOO_LARGE")
        self.encoded[key] = data


@dataclass(frozen=True)
class Resumption:
    """What a body goes on with, encoded; None for nothing."""

    event: bytes | None
    state: bytes | None


#: What is to be done: the work of a task, a callback about what happened, or the watch for what a task waits for.
Role = Literal["task", "callback", "trigger"]


@dataclass(frozen=True)
class AttemptFacts:
    """An assignment without its protobuf, so that it can be sent to a process of its own."""

    run: RunFacts
    task_id: str
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 1
    fencing: str = ""
    idempotency_key: str = ""
    execution_timeout_s: float | None = None
    #: The argument expression, and the encoded values it refers to by task id.
    args: bytes = b"[]"
    inputs: dict[str, bytes] = field(default_factory=dict)
    #: Encoded elements of the mappings around the instance, by "<task or group id>/<number of the source>".
    items: dict[str, bytes] = field(default_factory=dict)
    #: How many instances the task has; 0 when it is not mapped.
    map_length: int = 0
    map_index_template: str = ""
    #: Paths into the return value, as JSON, whose lengths the result must tell.
    measured_paths: tuple[bytes, ...] = ()
    control: Control = "none"
    cases: tuple[str, ...] = ()
    sensor: SensorFacts | None = None
    env: dict[str, str] = field(default_factory=dict)
    role: Role = "task"
    #: Set when the body deferred and goes on now.
    resumption: Resumption | None = None
    #: Set when the role is "callback".
    told: CallbackEvent | None = None

    def all_inputs(self) -> Inputs:
        return Inputs(self.inputs, self.items, self.run)


class TaskContext:
    """The attempt a body is running in."""

    def __init__(self, facts: AttemptFacts, sink: LogSink, asks: Asks | None = None) -> None:
        self.run: RunFacts = facts.run
        self.task_id: str = facts.task_id
        #: -1 for a task that is not mapped.
        self.map_index: int = facts.map_index
        #: How many instances the task has; 0 when it is not mapped.
        self.map_length: int = facts.map_length
        #: From 1: tries that count. Looks of a sensor, the parts before a wait, and lost attempts do not.
        self.try_number: int = facts.try_number
        #: The tries the task may have in all.
        self.max_tries: int = facts.max_tries
        #: Grows with every attempt of the task instance: hand it to systems that can refuse older writers.
        self.fencing: str = facts.fencing
        #: The same for every attempt of the task instance, another for each mapped instance.
        self.idempotency_key: str = facts.idempotency_key
        self.log = TaskLog(sink)
        self._asks: Asks = asks or NoAsks()
        self.xcom = XComs(facts.task_id, facts.map_index, lambda request: self._asks.pull(request, self.sleep))
        #: What the body says of the events that its success makes.
        self.outlets = Outlets()
        #: For the worker: whether the body has called `defer`.
        self.has_deferred = False
        #: Set when the body has to stop. A body that waits should wait on this.
        self.cancelled = threading.Event()
        self._interruption: Interruption | None = None
        self._ends_at: float | None = None
        self._timeout_s = facts.execution_timeout_s
        self.sink = sink
        #: For the worker: what the body prints, cut into lines.
        self.printed: dict[PrintStream, Lines] = {
            "stdout": Lines(lambda line: sink.write("info", line, "", "stdout")),
            "stderr": Lines(lambda line: sink.write("info", line, "", "stderr")),
        }

    @property
    def params(self) -> Any:
        """The run's params."""
        return self.run.params

    @property
    def inputs(self) -> Mapping[str, tuple[InputInstance, ...]]:
        """The instances of assets that the run waited for, by the names of the DAG's inputs; what comes later changes nothing."""
        return self.run.inputs

    @property
    def interruption(self) -> Interruption | None:
        """Why the body has to stop; None while it need not."""
        return self._interruption

    def check(self) -> None:
        """A checkpoint: raises CancelledError (TimeoutReached after the execution timeout) if the body has to stop."""
        if self.cancelled.is_set():
            raise TimeoutReached() if self._interruption == "timeout" else CancelledError()

    def sleep(self, seconds: float) -> None:
        """Sleeps, and raises as `check` does as soon as the body has to stop."""
        self.cancelled.wait(seconds)
        self.check()

    def remaining(self) -> float | None:
        """Seconds until the execution timeout, by the monotonic clock; None without one."""
        return None if self._ends_at is None else max(0.0, self._ends_at - time.monotonic())

    def task_token(self) -> str:
        """A token with which anybody, from anywhere, ends the wait that this attempt begins with `defer(trigger.token())`.

        The same each time; a retry has another. Raises MillraceError when the server cannot be reached for long.
        """
        return self._asks.token(self.sleep)

    def trigger_dag(
        self,
        dag_id: str,
        params: Any = None,
        *,
        logical_date: datetime | None = None,
        note: str = "",
        if_exists: IfExists = "fail",
        if_made: IfMade = "continue",
        max_depth: int = 10,
    ) -> TriggeredRun:
        """Makes a run of another DAG, which the task's option `triggers` has to name.

        An attempt makes at most one; a retry finds the run that an attempt before it has made ("continue", which clears what
        failed in it), or makes "another". `if_exists` says what to do when the DAG has a run with the logical date: nothing
        but say so ("fail": the outcome is "exists"), run it again ("clear"), or take it as it is ("use").

        Raises MillraceError with a reason (TRIGGER_NOT_DECLARED, TRIGGER_TOO_DEEP, DAG_NOT_FOUND, PARAMS_INVALID …), ValueError.
        """
        request = trigger_request(dag_id, params, logical_date, note, if_exists, if_made, max_depth)
        return self._asks.trigger(request, self.sleep)

    def triggering_asset_events(self) -> Iterator[AssetEvent]:
        """The events of assets that the run was made of, oldest first; none for other runs."""
        return read_events(EventsRequest(), None, self._ask_events)

    def inlet_events(
        self,
        uri: str = "",
        *,
        alias: str = "",
        since: datetime | None = None,
        before: datetime | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[AssetEvent]:
        """Events of an inlet, an asset or an alias, oldest first.

        Raises MillraceError FIELD_INVALID, once they are read, for what is no inlet of the task.
        """
        if bool(uri) == bool(alias):
            raise ValueError("inlet_events takes the uri of an asset, or alias=…; one of them")
        return read_events(EventsRequest(uri, alias, since, before, newest_first), limit, self._ask_events)

    def _ask_events(self, request: EventsRequest) -> EventsPage:
        return self._asks.events(request, self.sleep)

    def begin(self) -> None:
        """For the worker: the body begins now."""
        self._ends_at = None if self._timeout_s is None else time.monotonic() + self._timeout_s

    def end(self) -> None:
        """For the worker: the body has ended; a last line without its newline is a line too."""
        for lines in self.printed.values():
            lines.close()

    def interrupt(self, why: Interruption) -> None:
        """For the worker: tells the body to stop."""
        self._interruption = why
        self.cancelled.set()


current: ContextVar[TaskContext | None] = ContextVar("millrace_context", default=None)


def context() -> TaskContext:
    """The context of the body this is called in.

    Raises RuntimeError elsewhere; a thread that a body starts has to be given its context
    (`contextvars.copy_context().run`, or asyncio.to_thread, which does it).
    """
    found = current.get()
    if found is None:
        raise RuntimeError("context() is for bodies of tasks: no attempt is running here")
    return found
