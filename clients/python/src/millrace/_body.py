"""Runs one body in a thread of its own, and stops it: first by asking, then by an exception raised inside it."""

from __future__ import annotations

import asyncio
import ctypes
import inspect
import threading
from collections.abc import Callable
from typing import Any, Protocol

from . import codec
from ._context import AttemptFacts, Interruption, TaskContext, current
from ._handlers import Handler, bind_args
from ._outcome import Interrupted, Outcome, Succeeded, failed, outcome_of_error
from .args import resolve_args
from .errors import CancelledError


class Body(Protocol):
    """A running body. `start` is called once; `on_end` comes exactly once, from the body's own thread."""

    def start(self) -> None: ...
    def interrupt(self, why: Interruption) -> None:
        """Asks it to stop."""

    def force(self) -> None:
        """Stops it without asking, as far as that is possible."""


class ThreadBody:
    """A body in a daemon thread. A pure-Python loop can be stopped by force, a call that blocks in C cannot."""

    def __init__(self, handler: Handler, facts: AttemptFacts, context: TaskContext, on_end: Callable[[Outcome], None]) -> None:
        self._handler = handler
        self._facts = facts
        self._context = context
        self._on_end = on_end
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
        self._on_end(outcome)

    def _call(self) -> Outcome:
        try:
            args = bind_args(self._handler, resolve_args(self._facts.args, self._facts.inputs, self._facts.run))
        except (codec.CodecError, TypeError) as error:
            return failed("setup", str(error), type(error).__name__)
        self._context.begin()
        try:
            if inspect.iscoroutinefunction(self._handler.function):
                value = asyncio.run(self._await(args))
            else:
                value = self._handler.function(*args)
            encoded = None if value is codec.UNDEFINED else codec.encode(value)
        except (CancelledError, asyncio.CancelledError) as error:
            return Interrupted() if self._context.cancelled.is_set() else outcome_of_error(error)
        except codec.CodecError as error:
            return failed("application", f"the result of {self._handler.name}: {error}", error.reason, retryable=False)
        except BaseException as error:
            return outcome_of_error(error)
        return Succeeded(encoded, dict(self._context.xcom.encoded))

    async def _await(self, args: list[Any]) -> Any:
        running = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if running is not None:
            with self._lock:
                self._cancel_async = lambda: loop.call_soon_threadsafe(running.cancel)
        try:
            self._context.check()
            return await self._handler.function(*args)
        finally:
            with self._lock:
                self._cancel_async = None


def _raise_in(thread_id: int, error: type[BaseException] | None) -> None:
    """Makes an exception come up in a thread at its next instruction; None takes one back that has not."""
    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), raised)
