"""The attempts a worker holds: from assignment over body and result to the verdict that settles it."""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from . import codec
from ._asks import ServerAsks, Sessions
from ._blobs import Blobs
from ._body import Body, ThreadBody
from ._connection import Connection
from ._context import AttemptFacts, Interruption, TaskContext
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._handlers import Handler
from ._large import Cuts, Fetching, lightened, refers_to_blobs
from ._limits import ABANDON_S, LOG_BEFORE_RESULT_S, RESULT_HOLD_S, SETTLED_REMEMBERED, UNREPORTED_MAX
from ._logs import LocalLog, LogBuffer, LogShipper
from ._outcome import Ended, Failed, Outcome, Returned, Skipped, failed
from ._process import ProcessBody
from ._trigger_body import TriggerBody, TriggerLoop
from ._timing import Timer, Timers
from ._wire import facts_of, result_of, verdict_name
from .errors import MillraceError

_log = logging.getLogger("millrace.worker")


class Attempt:
    """One attempt with its body."""

    def __init__(self, attempt_id: str, facts: AttemptFacts, log: LogBuffer | LocalLog) -> None:
        self.id = attempt_id
        self.facts = facts
        self.log = log
        self.body: Body | None = None
        #: Why the body was told to stop; decides what is reported when it has.
        self.interruption: Interruption | None = None
        #: Its outcome is settled although the body goes on, because it could not be stopped.
        self.is_abandoned = False
        self.timers: list[Timer] = []
        #: Ends at the execution timeout: of the body, or of the look a sensor is at.
        self.clock: Timer | None = None


@dataclass
class Unreported:
    """A result without a verdict. Built once, so that it is the same bytes every time it is sent."""

    result: pb.Result
    since: float
    #: What came of a task may still be turned into a cancel, and is remembered: callbacks and watches may begin anew.
    is_of_task: bool = True
    #: It waits for the last lines of its log, so that a task that is over has a log that is whole.
    waits_for_log: bool = False


class Attempts:
    """Thread-safe. `on_change` is called when a slot has become free or a result waits to be sent."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        slots: int,
        timers: Timers,
        logs: LogShipper,
        secrets: Callable[[], list[str]],
        cancel_grace_s: float,
        connection: Connection,
        loop: TriggerLoop,
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._cuts = Cuts()
        self._sessions: Sessions | None = None
        self._blobs: Blobs | None = None
        self._handlers = handlers
        self._slots = slots
        self._timers = timers
        self._logs = logs
        self._secrets = secrets
        self._cancel_grace_s = cancel_grace_s
        self._changed = threading.Condition()
        #: By attempt id: bodies that have not ended, the abandoned ones included.
        self._running: dict[str, Attempt] = {}
        self._unreported: dict[str, Unreported] = {}
        self._settled: OrderedDict[str, None] = OrderedDict()
        self._is_draining = False
        self._waits_no_more = False
        self.on_change: Callable[[], None] = lambda: None

    def begin(self, sessions: Sessions) -> None:
        """Called once, before the first attempt: what bodies ask for is asked under these."""
        self._sessions = sessions
        self._blobs = Blobs(self._connection, sessions)

    # What the session and the stream ask.

    def held(self) -> list[str]:
        """The inventory of a renewal: what runs, and what has ended without a verdict."""
        with self._changed:
            running = [a.id for a in self._running.values() if not a.is_abandoned and a.interruption != "stale"]
            return running + list(self._unreported)

    def free_slots(self) -> int:
        with self._changed:
            if self._is_draining or len(self._unreported) >= UNREPORTED_MAX:
                return 0
            return max(0, self._slots - len(self._running))

    def unreported(self) -> list[pb.Result]:
        with self._changed:
            now = time.monotonic()
            for attempt_id, waiting in list(self._unreported.items()):
                if now - waiting.since > RESULT_HOLD_S:
                    _log.error("result.dropped", extra={"attempt": attempt_id, "hours": RESULT_HOLD_S / 3600})
                    self._settle(attempt_id)
            return [waiting.result for waiting in self._unreported.values() if not waiting.waits_for_log]

    # What the server says.

    def accept(self, assignment: pb.Assignment) -> None:
        """Begins an attempt. One that is held or over already does not run twice."""
        attempt_id = assignment.attempt_id
        with self._changed:
            is_held = attempt_id in self._running or attempt_id in self._unreported
            # Each try of a callback has the same id.
            is_known = is_held or (attempt_id in self._settled and not assignment.HasField("callback"))
            has_room = not self._is_draining and len(self._running) < self._slots
            if is_known:
                _log.info("attempt.repeated", extra={"attempt": attempt_id})
                return
            if has_room:
                attempt = self._prepare(assignment)
                if attempt is not None:
                    self._running[attempt_id] = attempt
            else:
                why = "the worker is shutting down" if self._is_draining else "the worker has no free slot"
                self._report(attempt_id, Ended(Returned(why)))
                attempt = None
        if attempt is not None and attempt.body is not None:
            _log.info("attempt.started", extra={"attempt": attempt_id, "task": assignment.task_id})
            # The clock of a sensor runs while it looks, and that of a body whose values are fetched first begins later.
            if attempt.facts.sensor is None and not refers_to_blobs(attempt.facts):
                self._on_clock(attempt, True)
            attempt.body.start()
        else:
            self.on_change()

    def on_verdicts(self, verdicts: Iterable[pb.Verdict]) -> None:
        """Answers to results, and those of renewals."""
        for verdict in verdicts:
            name = verdict_name(verdict)
            if name == "cancel_requested":
                self._cancel(verdict.attempt_id)
            elif name != "ok":
                self._let_go(verdict.attempt_id, name)

    def on_results_answered(self, verdicts: Iterable[pb.Verdict]) -> None:
        for verdict in verdicts:
            name = verdict_name(verdict)
            with self._changed:
                waiting = self._unreported.get(verdict.attempt_id)
                if waiting is None:
                    continue
                if name == "cancel_requested" and waiting.is_of_task and not _is_cancelled(waiting.result):
                    self._settle(verdict.attempt_id)
                    self._report(verdict.attempt_id, Ended(_cancelled()))
                    continue
                self._settle(verdict.attempt_id)
            if name in ("conflict", "stale"):
                _log.warning("result.refused", extra={"attempt": verdict.attempt_id, "verdict": name})
        self.on_change()

    def on_cancels(self, attempt_ids: Iterable[str]) -> None:
        for attempt_id in attempt_ids:
            self._cancel(attempt_id)

    # Shutting down.

    def drain(self) -> None:
        """Takes no more work; what comes nevertheless is given back."""
        with self._changed:
            self._is_draining = True

    def wait_ended(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._running or self._waits_no_more, timeout_s)

    def wait_reported(self, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._unreported or self._waits_no_more, timeout_s)

    def stop_all(self) -> None:
        """Tells every body to stop; nothing is reported, closing the session gives the attempts back."""
        with self._changed:
            running = list(self._running.values())
        for attempt in running:
            self._interrupt(attempt, "shutdown")

    def cancel_all(self) -> None:
        """Tells every body to stop; it is reported as for a cancel of each."""
        with self._changed:
            running = list(self._running)
        self.on_cancels(running)

    def force_all(self) -> None:
        with self._changed:
            running = list(self._running.values())
        for attempt in running:
            if attempt.body is not None:
                attempt.body.force()

    def stop_waiting(self) -> None:
        """Ends the waits above, now and later."""
        with self._changed:
            self._waits_no_more = True
            self._changed.notify_all()

    # Inside.

    def _prepare(self, assignment: pb.Assignment) -> Attempt | None:
        handler = self._handlers.get(assignment.handler)
        if handler is None:
            known = ", ".join(sorted(self._handlers)) or "none"
            message = f"this worker has no handler {assignment.handler!r}; it has: {known}"
            self._report(assignment.attempt_id, Ended(failed("setup", message, "HandlerUnknown")))
            return None
        try:
            facts = facts_of(assignment)
        except codec.CodecError as error:
            message = f"what the attempt is told: {error}"
            self._report(assignment.attempt_id, Ended(failed("setup", message, error.reason)))
            return None
        assert self._sessions is not None and self._blobs is not None
        blobs = self._blobs
        # Only tasks have logs.
        is_task = facts.role == "task"
        log = self._logs.buffer(assignment.attempt_id, self._secrets()) if is_task else LocalLog(facts.role, assignment.handler)
        attempt = Attempt(assignment.attempt_id, facts, log)

        def on_end(ended: Ended) -> None:
            self._ended(attempt, self._lightened(attempt, ended))

        def load(given: AttemptFacts) -> AttemptFacts:
            if not refers_to_blobs(given):
                return given
            fetched = Fetching(blobs.fetch, self._cuts).facts(given)
            if given.sensor is None:
                self._on_clock(attempt, True)
            return fetched

        def fetch(data: bytes) -> bytes:
            return Fetching(blobs.fetch, self._cuts).value(data, "what is pulled")

        asks = ServerAsks(attempt.id, self._connection, self._sessions, fetch)

        def on_look(is_looking: bool) -> None:
            self._on_clock(attempt, is_looking)

        if handler.isolation == "process":
            attempt.body = ProcessBody(handler, facts, attempt.log, on_end, on_look, load, asks)
            return attempt
        context = TaskContext(facts, attempt.log, asks)
        if handler.kind == "trigger" and inspect.iscoroutinefunction(handler.function):
            attempt.body = TriggerBody(handler, facts, context, on_end, self._loop)
        else:
            attempt.body = ThreadBody(handler, facts, context, on_end, on_look, load)
        return attempt

    def _lightened(self, attempt: Attempt, ended: Ended) -> Ended:
        """Stores large values first: a result that refers to them must not come before them."""
        # The others leave no values.
        if attempt.facts.role == "callback":
            return Ended(ended.outcome)
        if attempt.interruption in ("stale", "shutdown") or self._blobs is None:
            return ended
        blobs = self._blobs
        try:
            return lightened(ended, lambda data: blobs.store(attempt.id, data))
        except MillraceError as error:
            # A body that failed by itself did so all the same; any other end would be one without its values.
            if isinstance(ended.outcome, Failed):
                return Ended(ended.outcome)
            is_refused = error.reason == "VALUE_TOO_LARGE"
            message = f"its values could not be stored: {error}"
            return Ended(failed("application" if is_refused else "setup", message, error.reason, retryable=not is_refused))

    def _on_clock(self, attempt: Attempt, runs: bool) -> None:
        timeout_s = attempt.facts.execution_timeout_s
        if attempt.clock is not None:
            attempt.clock.cancel()
            attempt.clock = None
        if runs and timeout_s is not None:
            attempt.clock = self._timers.after(timeout_s, lambda: self._interrupt(attempt, "timeout"))

    def _cancel(self, attempt_id: str) -> None:
        with self._changed:
            attempt = self._running.get(attempt_id)
        if attempt is not None:
            self._interrupt(attempt, "cancelled")

    def _let_go(self, attempt_id: str, verdict: str) -> None:
        """The attempt is no longer ours, or its outcome stands already: the body stops, the result is dropped."""
        with self._changed:
            attempt = self._running.get(attempt_id)
            if attempt_id in self._unreported:
                self._settle(attempt_id)
        if attempt is not None:
            _log.warning("attempt.lost", extra={"attempt": attempt_id, "verdict": verdict})
            self._interrupt(attempt, "stale")

    def _interrupt(self, attempt: Attempt, why: Interruption) -> None:
        with self._changed:
            is_first = attempt.interruption is None
            # Stale and shutdown mean "do not report", whatever was meant before.
            if not is_first and why not in ("stale", "shutdown"):
                return
            attempt.interruption = why
            if attempt.id not in self._running or attempt.body is None:
                return
            if is_first:
                attempt.timers.append(self._timers.after(self._cancel_grace_s, lambda: self._force(attempt)))
        _log.info("attempt.interrupted", extra={"attempt": attempt.id, "why": why})
        if is_first:
            attempt.body.interrupt(why)

    def _force(self, attempt: Attempt) -> None:
        with self._changed:
            if attempt.id not in self._running or attempt.body is None:
                return
            attempt.timers.append(self._timers.after(ABANDON_S, lambda: self._abandon(attempt)))
        attempt.body.force()

    def _abandon(self, attempt: Attempt) -> None:
        """The body cannot be stopped: its outcome is reported without it, and its slot stays taken."""
        with self._changed:
            if attempt.id not in self._running:
                return
            attempt.is_abandoned = True
            _log.error("attempt.unstoppable", extra={"attempt": attempt.id, "task": attempt.facts.task_id})
            attempt.log.write(
                "error",
                'the body does not stop and keeps its slot until it ends; isolation="process" makes it killable',
                "",
                "system",
            )
            self._report_interrupted(attempt)
        self.on_change()

    def _ended(self, attempt: Attempt, ended: Ended) -> None:
        with self._changed:
            self._on_clock(attempt, False)
            for timer in attempt.timers:
                timer.cancel()
            if attempt.is_abandoned:
                pass
            elif attempt.interruption is None:
                self._report(attempt.id, ended)
            else:
                self._report_interrupted(attempt, ended.xcoms)
            if attempt.id in self._unreported:
                self._unreported[attempt.id].waits_for_log = True
            del self._running[attempt.id]
            if attempt.facts.role == "task":
                self._remember(attempt.id)
            elif attempt.id in self._unreported:
                self._unreported[attempt.id].is_of_task = False
            self._changed.notify_all()
        _log.info("attempt.ended", extra={"attempt": attempt.id, "outcome": type(ended.outcome).__name__})
        self._timers.after(LOG_BEFORE_RESULT_S, lambda: self._release(attempt.id))
        attempt.log.end(on_stored=lambda: self._release(attempt.id))
        self.on_change()

    def _release(self, attempt_id: str) -> None:
        with self._changed:
            waiting = self._unreported.get(attempt_id)
            if waiting is None or not waiting.waits_for_log:
                return
            waiting.waits_for_log = False
        self.on_change()

    def _report_interrupted(self, attempt: Attempt, xcoms: dict[str, bytes] | None = None) -> None:
        if attempt.interruption == "timeout":
            limit, sensor = attempt.facts.execution_timeout_s, attempt.facts.sensor
            what = "the attempt" if sensor is None else "a look of the sensor"
            message = f"{what} did not end within its execution timeout of {limit:g} s"
            is_soft = sensor is not None and sensor.soft_fail
            outcome: Outcome = Skipped(message) if is_soft else failed("timeout", message, "TimeoutReached")
            self._report(attempt.id, Ended(outcome, xcoms or {}))
        elif attempt.interruption == "cancelled" and attempt.facts.role == "trigger":
            self._report(attempt.id, Ended(Returned("the watch was told to stop")))
        elif attempt.interruption == "cancelled":
            self._report(attempt.id, Ended(_cancelled(), xcoms or {}))

    def _report(self, attempt_id: str, ended: Ended) -> None:
        self._unreported[attempt_id] = Unreported(result_of(attempt_id, ended), time.monotonic())

    def _settle(self, attempt_id: str) -> None:
        settled = self._unreported.pop(attempt_id)
        if settled.is_of_task:
            self._remember(attempt_id)
        self._changed.notify_all()

    def _remember(self, attempt_id: str) -> None:
        self._settled[attempt_id] = None
        while len(self._settled) > SETTLED_REMEMBERED:
            self._settled.popitem(last=False)


def _cancelled() -> Outcome:
    return failed("cancelled", "the task was cancelled", "CancelledError", retryable=False)


def _is_cancelled(result: pb.Result) -> bool:
    return result.failed == result_of(result.attempt_id, Ended(_cancelled())).failed
