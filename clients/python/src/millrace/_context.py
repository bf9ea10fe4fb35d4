"""What a body can ask and do beyond its arguments: `context()`."""

from __future__ import annotations

import json
import threading
import time
import traceback
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from . import codec
from ._control import Control
from ._limits import LOG_LINE_BYTES_MAX, RESULT_BYTES_MAX, XCOMS_MAX
from ._lines import Lines
from ._sensor import SensorFacts
from .args import Inputs, RunFacts
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


class XComs:
    """Values the body leaves for others beside what it returns."""

    def __init__(self) -> None:
        self.encoded: dict[str, bytes] = {}

    def push(self, key: str, value: Any) -> None:
        """Leaves a value under a key; a second push replaces the first. Sent when the body succeeds."""
        if not key or len(key) > 250:
            raise codec.CodecError(f"the XCom key {key[:80]!r} must have 1 to 250 characters")
        if key not in self.encoded and len(self.encoded) == XCOMS_MAX:
            raise codec.CodecError(f"an attempt may leave {XCOMS_MAX} XComs; {key!r} is one too many", "VALUE_TOO_LARGE")
        data = codec.encode(value)
        others = sum(len(known) for name, known in self.encoded.items() if name != key)
        if others + len(data) > RESULT_BYTES_MAX:
            raise codec.CodecError(f"the XComs of an attempt may have {RESULT_BYTES_MAX:,} bytes together", "VALUE_TOO_LARGE")
        self.encoded[key] = data


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

    def all_inputs(self) -> Inputs:
        return Inputs(self.inputs, self.items, self.run)


class TaskContext:
    """The attempt a body is running in."""

    def __init__(self, facts: AttemptFacts, sink: LogSink) -> None:
        self.run: RunFacts = facts.run
        self.task_id: str = facts.task_id
        #: -1 for a task that is not mapped.
        self.map_index: int = facts.map_index
        #: How many instances the task has; 0 when it is not mapped.
        self.map_length: int = facts.map_length
        #: From 1.
        self.try_number: int = facts.try_number
        #: The attempts the task may have in all.
        self.max_tries: int = facts.max_tries
        #: Grows with every attempt of the task instance: hand it to systems that can refuse older writers.
        self.fencing: str = facts.fencing
        #: The same for every attempt of the task instance, another for each mapped instance.
        self.idempotency_key: str = facts.idempotency_key
        self.log = TaskLog(sink)
        self.xcom = XComs()
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
