"""Runs one body in a thread of its own, and stops it: first by asking, then by an exception raised inside it."""

from __future__ import annotations

import asyncio
import ctypes
import inspect
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from . import codec
from ._context import AttemptFacts, Interruption, TaskContext, current
from ._control import ValueRefused, choice_of, lengths_of
from ._deferral import Deferred, deferral_of
from ._handlers import Handler, bind_args, bind_resume, misplaced
from ._label import label_variables, render_label
from ._limits import BLOB_BYTES_MAX
from ._outcome import Ended, Failed, Interrupted, Outcome, Skipped, Succeeded, failed, outcome_of_error
from ._retry import apply_policy
from ._sensor import Done, SensorDefers, poke
from ._target import existing, missing
from .args import decode_input, read_path, resolve_args
from .codec import UNDEFINED
from .errors import CancelledError, FailTask, MillraceError

#: Puts values in the places of references among what an attempt is given.
Load = Callable[[AttemptFacts], AttemptFacts]


class Body(Protocol):
    """A running body. `start` is called once; `on_end` comes exactly once, from the body's own thread.

    Of a sensor, `on_look(True)` comes when it begins to look, and `on_look(False)` when it has.
    """

    def start(self) -> None: ...
    def interrupt(self, why: Interruption) -> None:
        """Asks it to stop."""

    def force(self) -> None:
        """Stops it without asking, as far as that is possible."""


class ThreadBody:
    """A body in a daemon thread. A pure-Python loop can be stopped by force, a call that blocks in C cannot."""

    def __init__(
        self,
        handler: Handler,
        facts: AttemptFacts,
        context: TaskContext,
        on_end: Callable[[Ended], None],
        on_look: Callable[[bool], None] = lambda is_looking: None,
        load: Load = lambda facts: facts,
    ) -> None:
        self._load = load
        self._handler = handler
        self._facts = facts
        self._context = context
        self._on_end = on_end
        self._on_look = on_look
        self._lock = threading.Lock()
        self._has_begun = False
        self._is_over = False
        self._cancel_async: Callable[[], object] | None = None
        self._thread = threading.Thread(target=self._run, name=f"millrace-{facts.task_id}"[:60], daemon=True)

    def start(self) -> None:
        self._thread.start()

    def interrupt(self, why: Interruption) -> None:
        self._context.interrupt(why)
        with self._lock:
            cancel_async = None if self._is_over else self._cancel_async
            if cancel_async is not None:
                cancel_async()
        if why == "timeout" and cancel_async is None:
            self.force()

    def force(self) -> None:
        with self._lock:
            if not self._is_over and self._thread.ident is not None:
                _raise_in(self._thread.ident, CancelledError)

    def _run(self) -> None:
        current.set(self._context)
        outcome: Outcome = Interrupted()
        # An exception raised from outside can arrive at any instruction up to the moment `_is_over` is set.
        while True:
            try:
                if not self._has_begun:
                    self._has_begun = True
                    outcome = self._call()
                with self._lock:
                    self._is_over = True
                    _raise_in(threading.get_ident(), None)
                break
            except CancelledError:
                continue
        self._context.end()
        # What the worker itself logs from here on is not the body's.
        current.set(None)
        self._on_end(Ended(outcome, dict(self._context.xcom.encoded)))

    def _call(self) -> Outcome:
        misuse = misplaced(self._handler, self._facts)
        if misuse is not None:
            return failed("setup", misuse, "HandlerMisplaced", retryable=False)
        try:
            self._facts = self._load(self._facts)
            first = going_on(self._handler, self._facts)
            args = args_of(self._handler, self._facts)
        except (codec.CodecError, MillraceError, TypeError) as error:
            return failed("setup", str(error), type(error).__name__)
        try:
            present = self._existing(args) if first is None else None
            if present is not None:
                return self._outcome_of(present.value)
            answer = self._answer(args, first)
        except (CancelledError, asyncio.CancelledError) as error:
            return Interrupted() if self._context.cancelled.is_set() else outcome_of_error(error)
        except BaseException as error:
            return self._outcome_of_error(error)
        if isinstance(answer, SensorDefers):
            soft_fail = self._facts.sensor is not None and self._facts.sensor.soft_fail
            return deferral_of(self._facts, answer.deferred, self._can_resume, answer.left_s, soft_fail)
        if not isinstance(answer, Done):
            return answer
        if isinstance(answer.value, Deferred) or not self._handler.check_target:
            return self._outcome_of(answer.value)
        return self._missing(args) or self._outcome_of(answer.value)

    def _existing(self, args: list[Any]) -> Done[Any] | None:
        """What was there already, and is the task's value therefore; None where the body has to run."""
        if self._handler.target is None or self._facts.sensor is not None:
            return None
        self._context.begin()
        return existing(self._handler.target, args, self._context)

    def _missing(self, args: list[Any]) -> Outcome | None:
        if self._handler.target is None or self._facts.sensor is not None:
            return None
        try:
            return missing(self._handler.target, args)
        except CancelledError:
            return Interrupted() if self._context.cancelled.is_set() else outcome_of_error(CancelledError())
        except Exception as error:
            return outcome_of_error(error)

    @property
    def _can_resume(self) -> bool:
        # Whether the target is there when the wait is over, only a worker can see.
        return self._handler.resume is not None or (self._handler.target is not None and self._handler.check_target)

    def _outcome_of(self, value: Any) -> Outcome:
        facts = self._facts
        if facts.role == "callback":
            return Succeeded(None)
        if facts.role == "task" and facts.sensor is None:
            if isinstance(value, Deferred):
                return deferral_of(facts, value, self._can_resume, None)
            if value is None and self._context.has_deferred:
                message = "the body called defer(…) and returned nothing, so it would not wait: write return defer(…)"
                return failed("application", message, "DeferForgotten", retryable=False)
        outcome = succeeded(facts, self._handler.name, value)
        said = self._context.outlets.said
        return replace(outcome, outlet_events=said) if said and isinstance(outcome, Succeeded) else outcome

    def _answer(self, args: list[Any], first: Call | None) -> Done[Any] | SensorDefers | Outcome:
        # Only the first call goes on after a wait: a sensor that is not done then looks again.
        calls = [] if first is None else [first]

        def call() -> Any:
            function, given = calls.pop() if calls else (self._handler.function, args)
            return self._invoke(function, given)

        sensor = self._facts.sensor
        if sensor is None:
            return Done(call())
        return poke(sensor, lambda: self._look(call), self._context.sleep)

    def _look(self, call: Callable[[], Any]) -> Any:
        self._on_look(True)
        try:
            return call()
        finally:
            self._on_look(False)

    def _invoke(self, function: Callable[..., Any], args: list[Any]) -> Any:
        self._context.begin()
        if inspect.iscoroutinefunction(function):
            return asyncio.run(self._await(function, args))
        return function(*args)

    def _outcome_of_error(self, error: BaseException) -> Outcome:
        outcome = outcome_of_error(error)
        sensor = self._facts.sensor
        if sensor is not None and sensor.soft_fail and isinstance(error, FailTask):
            return Skipped(outcome.message if isinstance(outcome, Failed) else str(error))
        if not isinstance(outcome, Failed):
            return outcome
        return apply_policy(self._handler.retry_policy, error, self._facts.try_number, outcome, self._warn)

    def _warn(self, message: str) -> None:
        self._context.sink.write("warn", message, "", "system")

    async def _await(self, function: Callable[..., Any], args: list[Any]) -> Any:
        running = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if running is not None:
            with self._lock:
                self._cancel_async = lambda: loop.call_soon_threadsafe(running.cancel)
        try:
            self._context.check()
            return await function(*args)
        finally:
            with self._lock:
                self._cancel_async = None


#: A function and what it is called with.
Call = tuple[Callable[..., Any], list[Any]]


def args_of(handler: Handler, facts: AttemptFacts) -> list[Any]:
    """The arguments of the body; none when it only goes on after a wait. Raises CodecError, TypeError."""
    if facts.resumption is not None and facts.sensor is None and handler.target is None:
        return []
    args = resolve_args(facts.args, facts.all_inputs())
    return bind_args(handler, args if facts.told is None else [facts.told, *args])


def going_on(handler: Handler, facts: AttemptFacts) -> Call | None:
    """What goes on after a wait; None when the body begins. Raises CodecError."""
    if facts.resumption is None:
        return None
    event, state = (
        UNDEFINED if data is None else decode_input(data) for data in (facts.resumption.event, facts.resumption.state)
    )
    if handler.resume is not None:
        return handler.resume, bind_resume(handler.resume, event, state)
    came = None if event is UNDEFINED else event
    return (lambda: came if facts.sensor is None else Done(came)), []


def succeeded(facts: AttemptFacts, handler: str, value: Any) -> Outcome:
    """What a body that returned this leaves, for the control plane too; a failure when the value does not fit its task."""
    what = f"task {facts.task_id!r}"
    try:
        choice = choice_of(facts.control, value, facts.cases, what)
        encoded = None if value is None or value is codec.UNDEFINED else codec.encode(value, BLOB_BYTES_MAX)
    except ValueRefused as error:
        return failed("application", str(error), "VALUE_INVALID", retryable=False)
    except codec.CodecError as error:
        return failed("application", f"the result of {handler}: {error}", error.reason, retryable=False)
    except Exception as error:
        # Such as a generator that raises while its names are read.
        return outcome_of_error(error)
    try:
        lengths = _measure(facts, encoded, what)
        label = _label(facts)
    except (ValueRefused, codec.CodecError) as error:
        return failed("setup", str(error), "VALUE_INVALID", retryable=False)
    return Succeeded(encoded, lengths, choice, label)


def _measure(facts: AttemptFacts, encoded: bytes | None, what: str) -> tuple[int, ...]:
    if not facts.measured_paths:
        return ()
    paths = [read_path(codec.from_wire(codec.parse(path)), "the assignment measures a value") for path in facts.measured_paths]
    # As other languages read it: a tuple is a list there.
    return lengths_of(codec.UNDEFINED if encoded is None else codec.decode(encoded, None), paths, what)


def _label(facts: AttemptFacts) -> str:
    if not facts.map_index_template:
        return ""
    items = facts.all_inputs().all_items()
    variables = label_variables(facts.run, facts.task_id, facts.map_index, facts.try_number, items)
    return render_label(facts.map_index_template, variables)


def _raise_in(thread_id: int, error: type[BaseException] | None) -> None:
    """Makes an exception come up in a thread at its next instruction; None takes one back that has not."""
    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), raised)
