"""Watches on behalf of tasks that wait: coroutines, thousands of them in one thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from ._body import args_of, succeeded
from ._context import AttemptFacts, Interruption, TaskContext, current
from ._handlers import Handler, misplaced
from ._outcome import Ended, Interrupted, Outcome, failed, outcome_of_error
from .codec import CodecError


class TriggerLoop:
    """The thread that they share; begun when the first one is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                threading.Thread(target=_turn, args=(loop,), name="millrace-triggers", daemon=True).start()
                self._loop = loop
            return self._loop

    def close(self) -> None:
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


class TriggerBody:
    def __init__(
        self,
        handler: Handler,
        facts: AttemptFacts,
        context: TaskContext,
        on_end: Callable[[Ended], None],
        loop: TriggerLoop,
    ) -> None:
        self._handler = handler
        self._facts = facts
        self._context = context
        self._on_end = on_end
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self._is_stopped = False

    def start(self) -> None:
        loop = self._loop.get()
        loop.call_soon_threadsafe(self._start, loop)

    def interrupt(self, why: Interruption) -> None:
        self._context.interrupt(why)
        self.force()

    def force(self) -> None:
        self._loop.get().call_soon_threadsafe(self._stop)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._task = loop.create_task(self._run(loop))
        if self._is_stopped:
            self._task.cancel()

    def _stop(self) -> None:
        self._is_stopped = True
        if self._task is not None:
            self._task.cancel()

    async def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        # A task has a context of its own.
        current.set(self._context)
        outcome: Outcome = Interrupted()
        try:
            outcome = await self._watch()
        except asyncio.CancelledError:
            outcome = Interrupted()
        finally:
            current.set(None)
            self._context.end()
            # It may wait: for a lock, and until a large value is stored.
            loop.run_in_executor(None, self._on_end, Ended(outcome))

    async def _watch(self) -> Outcome:
        misuse = misplaced(self._handler, self._facts)
        if misuse is not None:
            return failed("setup", misuse, "HandlerMisplaced", retryable=False)
        try:
            args = args_of(self._handler, self._facts)
        except (CodecError, TypeError) as error:
            return failed("setup", str(error), type(error).__name__)
        try:
            came: Any = await self._handler.function(*args)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            return outcome_of_error(error)
        return succeeded(self._facts, self._handler.name, came)
