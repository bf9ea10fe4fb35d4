"""Keeps the worker's session: opens it, renews it from a thread of its own, and opens another when it has expired."""

from __future__ import annotations

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import grpc

from ._connection import Connection, describe, is_refusal, is_session_expired
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._limits import RPC_TIMEOUT_S
from ._timing import Backoff
from .errors import WorkerRefused

_log = logging.getLogger("millrace.worker")

#: Share by which a renewal may come earlier or later, so that workers started together do not renew together.
_JITTER = 0.1


@dataclass(frozen=True)
class Session:
    id: str
    token: str
    ttl_s: float
    renew_interval_s: float

    def ref(self) -> pb.SessionRef:
        return pb.SessionRef(session_id=self.id, session_token=self.token)


class SessionKeeper:
    """`held` says what the worker holds, for the inventory of each renewal; `on_verdicts` gets the answers."""

    def __init__(
        self,
        connection: Connection,
        announcement: pb.OpenSessionRequest,
        held: Callable[[], list[str]],
        on_verdicts: Callable[[Iterable[pb.Verdict]], None],
    ) -> None:
        self._connection = connection
        self._announcement = announcement
        self._held = held
        self._on_verdicts = on_verdicts
        self._changed = threading.Condition()
        self._session: Session | None = None
        self._is_closed = False
        self._last_renewed_at: float | None = None
        #: Called when a session is given up: a stream of it is of no use any more.
        self.on_lost: Callable[[], None] = lambda: None
        #: The longest time between two successful renewals of a session, in seconds, by the monotonic clock.
        self.renewal_gap_max_s = 0.0
        self._thread = threading.Thread(target=self._run, name="millrace-session", daemon=True)

    def start(self) -> None:
        """Opens the first session, however long the server takes to appear. Raises WorkerRefused."""
        self._open(is_first=True)
        self._thread.start()

    def current(self) -> Session | None:
        with self._changed:
            return self._session

    def current_ref(self) -> pb.SessionRef | None:
        session = self.current()
        return None if session is None else session.ref()

    def wait(self) -> Session | None:
        """The session, waited for while a new one is being opened; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._session is not None or self._is_closed)
            return None if self._is_closed else self._session

    def expired(self, session_id: str) -> None:
        """Somebody was told SESSION_EXPIRED: a new one is opened, unless that has happened already."""
        with self._changed:
            if self._session is None or self._session.id != session_id:
                return
            self._session = None
            self._changed.notify_all()
        _log.warning("session.expired", extra={"session": session_id})
        self.on_lost()

    def stop(self) -> None:
        """No more renewals; the session itself stays until `close` or its end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the session in order. If that fails the server lets it expire."""
        session = self._session
        self.stop()
        if session is None:
            return
        try:
            self._connection.close_session(pb.CloseSessionRequest(request_id=str(uuid.uuid4()), session=session.ref()))
        except grpc.RpcError as error:
            _log.warning("session.close_failed", extra={"error": describe(error)})

    def _run(self) -> None:
        backoff = Backoff()
        wait_s = 0.0
        while self._wait(wait_s):
            session = self.current()
            if session is None:
                self._open(is_first=False)
                wait_s = 0.0
            elif self._renew(session):
                backoff.reset()
                wait_s = session.renew_interval_s * random.uniform(1 - _JITTER, 1 + _JITTER)
            else:
                wait_s = min(backoff.next_s(), session.renew_interval_s / 2)

    def _wait(self, seconds: float) -> bool:
        """False once closed; returns early when the session has expired."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._session is None, seconds)
            return not self._is_closed

    def _open(self, is_first: bool) -> None:
        backoff = Backoff()
        request = pb.OpenSessionRequest()
        request.CopyFrom(self._announcement)
        # One id for all tries: an answer that was lost has not made a second session.
        request.request_id = str(uuid.uuid4())
        while self._wait_unopened(0.0):
            try:
                response = self._connection.open_session(request)
            except grpc.RpcError as error:
                if is_session_expired(error):
                    # It was opened, its answer was lost, and by now it has ended.
                    request.request_id = str(uuid.uuid4())
                elif is_first and is_refusal(error):
                    raise WorkerRefused(f"the server refused this worker: {describe(error)}") from None
                wait_s = backoff.next_s()
                _log.warning("session.open_failed", extra={"error": describe(error), "retry_in_s": round(wait_s, 2)})
                if self._wait_unopened(wait_s):
                    continue
                return
            self._opened(response)
            return

    def _wait_unopened(self, seconds: float) -> bool:
        with self._changed:
            return not self._changed.wait_for(lambda: self._is_closed, seconds)

    def _opened(self, response: pb.OpenSessionResponse) -> None:
        ttl_s = response.ttl.ToTimedelta().total_seconds()
        renew_interval_s = response.renew_interval.ToTimedelta().total_seconds() or ttl_s / 3 or 1.0
        session = Session(response.session_id, response.session_token, ttl_s, renew_interval_s)
        self._last_renewed_at = time.monotonic()
        with self._changed:
            self._session = session
            self._changed.notify_all()
        _log.info("session.opened", extra={"session": session.id, "renew_interval_s": renew_interval_s})

    def _renew(self, session: Session) -> bool:
        sent_at = time.monotonic()
        # Each renewal is new, one after a failure too: what the worker holds may have changed.
        request = pb.RenewSessionRequest(request_id=str(uuid.uuid4()), session=session.ref(), attempt_ids=self._held())
        # A renewal that is not answered soon is worth more as a second try.
        timeout_s = min(RPC_TIMEOUT_S, max(session.renew_interval_s, 0.5))
        try:
            response = self._connection.renew_session(request, timeout_s)
        except grpc.RpcError as error:
            if is_session_expired(error):
                self.expired(session.id)
            else:
                _log.warning("session.renew_failed", extra={"error": describe(error)})
            return False
        if self._last_renewed_at is not None:
            self.renewal_gap_max_s = max(self.renewal_gap_max_s, sent_at - self._last_renewed_at)
        # Counted from sending: a slow answer must not stretch it.
        self._last_renewed_at = sent_at
        self._on_verdicts(response.verdicts)
        return True
