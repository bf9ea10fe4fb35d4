"""The stream of work: credit and results go out, assignments, verdicts and cancels come in.

It may break at any time. A new one begins with hello, the credit of the slots that are free, and all results
that have no verdict yet.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc

from ._attempts import Attempts
from ._connection import Connection, describe, is_session_expired
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._limits import RESULT_MESSAGE_BYTES_MAX, RESULT_RESEND_S, RESULTS_PER_MESSAGE_MAX
from ._session import Session, SessionKeeper
from ._timing import Backoff

_log = logging.getLogger("millrace.worker")


class Outgoing:
    """What waits to be written to one stream. Iterating blocks until there is something, and ends when closed."""

    def __init__(self, session: Session, attempts: Attempts) -> None:
        self._hello = pb.WorkRequest(hello=pb.Hello(session=session.ref()))
        self._attempts = attempts
        self._changed = threading.Condition()
        self._has_news = True
        self._is_closed = False
        #: Credit said on this stream and not used up by assignments. Below zero when a new stream begins with the
        #: assignments of the old one, which use up credit before any was said.
        self._credit = 0
        #: What was sent on this stream and when, by attempt id.
        self._sent: dict[str, tuple[pb.Result, float]] = {}

    def notify(self) -> None:
        with self._changed:
            self._has_news = True
            self._changed.notify()

    def on_assigned(self, count: int) -> None:
        with self._changed:
            self._credit -= count

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def __iter__(self) -> Iterator[pb.WorkRequest]:
        yield self._hello
        while self._wait():
            for results in _batches(self._due()):
                yield pb.WorkRequest(results=pb.Results(results=results))
            count = self._further_credit()
            if count > 0:
                yield pb.WorkRequest(credit=pb.Credit(count=count))

    def _wait(self) -> bool:
        with self._changed:
            # Looks up now and then: a result whose verdict does not come is sent again.
            self._changed.wait_for(lambda: self._has_news or self._is_closed, RESULT_RESEND_S / 4)
            self._has_news = False
            return not self._is_closed

    def _due(self) -> list[pb.Result]:
        now = time.monotonic()
        sent = self._sent
        waiting = self._attempts.unreported()
        # A cancel can have put another result in the place of the one that was sent.
        self._sent = {
            result.attempt_id: sent[result.attempt_id]
            for result in waiting
            if result.attempt_id in sent and sent[result.attempt_id][0] is result
        }
        due = [result for result in waiting if self._is_due(result, now)]
        self._sent |= {result.attempt_id: (result, now) for result in due}
        return due

    def _is_due(self, result: pb.Result, now: float) -> bool:
        return result.attempt_id not in self._sent or now - self._sent[result.attempt_id][1] >= RESULT_RESEND_S

    def _further_credit(self) -> int:
        with self._changed:
            count = self._attempts.free_slots() - self._credit
            self._credit += max(0, count)
            return count


def _batches(results: list[pb.Result]) -> Iterator[list[pb.Result]]:
    batch: list[pb.Result] = []
    size = 0
    for result in results:
        result_size = result.ByteSize()
        if batch and (len(batch) == RESULTS_PER_MESSAGE_MAX or size + result_size > RESULT_MESSAGE_BYTES_MAX):
            yield batch
            batch, size = [], 0
        batch.append(result)
        size += result_size
    if batch:
        yield batch


class WorkStream:
    """Keeps a stream open as long as there is a session, from a thread of its own."""

    def __init__(self, connection: Connection, sessions: SessionKeeper, attempts: Attempts) -> None:
        self._connection = connection
        self._sessions = sessions
        self._attempts = attempts
        self._lock = threading.Lock()
        self._outgoing: Outgoing | None = None
        self._call: Any = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="millrace-stream", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def notify(self) -> None:
        """Something may be ready to be sent."""
        with self._lock:
            outgoing = self._outgoing
        if outgoing is not None:
            outgoing.notify()

    def drop(self) -> None:
        """Ends the stream there is; another follows."""
        with self._lock:
            if self._call is not None:
                self._call.cancel()

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            if self._outgoing is not None:
                self._outgoing.close()
            if self._call is not None:
                self._call.cancel()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._closed.is_set():
            session = self._sessions.wait()
            if session is None:
                return
            try:
                if self._work(session):
                    backoff.reset()
            except Exception:
                _log.exception("stream.failed")
            self._closed.wait(backoff.next_s())

    def _work(self, session: Session) -> bool:
        """Runs one stream to its end. True when the server said anything on it."""
        outgoing = Outgoing(session, self._attempts)
        has_spoken = False
        with self._lock:
            if self._closed.is_set():
                return False
            call = self._connection.work(iter(outgoing))
            self._outgoing, self._call = outgoing, call
        try:
            for response in call:
                has_spoken = True
                self._take(response, outgoing)
            _log.info("stream.ended")
        except grpc.RpcError as error:
            self._on_error(session, error)
        finally:
            outgoing.close()
            call.cancel()
            with self._lock:
                self._outgoing = self._call = None
        return has_spoken

    def _on_error(self, session: Session, error: grpc.RpcError) -> None:
        if self._closed.is_set():
            return
        if is_session_expired(error):
            self._sessions.expired(session.id)
        else:
            _log.warning("stream.broken", extra={"error": describe(error)})

    def _take(self, response: pb.WorkResponse, outgoing: Outgoing) -> None:
        kind = response.WhichOneof("message")
        if kind == "assignments":
            outgoing.on_assigned(len(response.assignments.assignments))
            for assignment in response.assignments.assignments:
                self._attempts.accept(assignment)
            outgoing.notify()
        elif kind == "verdicts":
            self._attempts.on_results_answered(response.verdicts.verdicts)
        elif kind == "cancels":
            self._attempts.on_cancels(response.cancels.attempt_ids)
