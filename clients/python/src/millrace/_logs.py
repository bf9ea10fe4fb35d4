"""Lines of attempts on their way to the server: numbered, bounded, sent in chunks, and sent again until stored."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import grpc

from ._connection import Connection, describe, is_invalid, is_session_expired, reason_of
from ._context import Level, Stream, current
from ._gen.v1 import task_instance_pb2
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._limits import (
    LOG_BACKPRESSURE_S,
    LOG_BATCH_S,
    LOG_BUFFERS_MAX,
    LOG_CHUNK_BYTES_MAX,
    LOG_CHUNK_LINES_MAX,
    LOG_LINE_BYTES_MAX,
    LOG_PENDING_BYTES_MAX,
    LOG_PENDING_LINES_MAX,
    LOG_RETRY_MAX_S,
    cut,
)
from ._timing import Backoff
from ._wire import line_of

_log = logging.getLogger("millrace.worker")
#: Protobuf's own share of a line, rounded up.
_LINE_OVERHEAD_BYTES = 48


class Sessions(Protocol):
    """Where the shipper finds the session to send under."""

    def current_ref(self) -> pb.SessionRef | None: ...
    def expired(self, session_id: str) -> None: ...


class LocalLog:
    """What callbacks and triggers write: the server keeps no log of them, so it goes to the worker's own."""

    def __init__(self, role: str, handler: str) -> None:
        self._log = logging.getLogger(f"millrace.{role}")
        self._handler = handler

    def write(self, level: Level, message: str, fields_json: str, stream: Stream) -> None:
        facts = {"handler": self._handler, **({"fields": fields_json} if fields_json else {})}
        # What is logged inside of a body is the body's, and would come here again.
        token = current.set(None)
        try:
            self._log.log(_LOCAL_LEVELS[level], message, extra=facts)
        finally:
            current.reset(token)

    def end(self, on_stored: Callable[[], None]) -> None:
        on_stored()


_LOCAL_LEVELS: dict[Level, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class LogBuffer:
    """The lines of one attempt that the server has not stored yet.

    A body that writes faster than lines can be sent is held up for a moment; after that lines are left out, and a
    line of the system says how many.
    """

    def __init__(self, attempt_id: str, secrets: Iterable[str], on_lines: Callable[[], None]) -> None:
        self.attempt_id = attempt_id
        self._secrets = [secret for secret in secrets if secret]
        self._on_lines = on_lines
        self._lines: deque[tuple[task_instance_pb2.LogLine, int]] = deque()
        self._bytes = 0
        self._next_seq = 1
        self._left_out = 0
        self._is_closed = False
        self._is_held_up = True
        self._room = threading.Condition()
        self.has_ended = False
        self._on_stored: Callable[[], None] | None = None

    def write(self, level: Level, message: str, fields_json: str, stream: Stream) -> None:
        at_ns = time.time_ns()
        text = cut(self._masked(message), LOG_LINE_BYTES_MAX)
        fields = self._masked(fields_json)
        with self._room:
            if self._is_closed:
                return
            if not self._has_room():
                self._left_out += 1
                return
            self._append_left_out(at_ns)
            self._append(at_ns, level, text, fields, stream)
        self._on_lines()

    def end(self, on_stored: Callable[[], None]) -> None:
        """No body writes any more; what could not be kept is said. `on_stored` comes once no line is left here."""
        with self._room:
            self._append_left_out(time.time_ns())
            self.has_ended = True
            if self._lines:
                self._on_stored = on_stored
        if self._on_stored is None:
            on_stored()
        self._on_lines()

    def close(self) -> None:
        """The server takes no more: what is here, and what comes, is dropped."""
        with self._room:
            self._is_closed = True
            self._lines.clear()
            self._bytes = 0
            self._room.notify_all()
        self._tell_stored()

    def chunk(self) -> list[task_instance_pb2.LogLine]:
        """The oldest lines, as many as one message may hold; they stay here until `stored`."""
        lines: list[task_instance_pb2.LogLine] = []
        size = 0
        with self._room:
            for line, line_size in self._lines:
                size += line_size
                if len(lines) == LOG_CHUNK_LINES_MAX or (lines and size > LOG_CHUNK_BYTES_MAX):
                    break
                lines.append(line)
        return lines

    def stored(self, through_seq: int) -> bool:
        """Drops what is durable. False when nothing was."""
        with self._room:
            before = len(self._lines)
            while self._lines and self._lines[0][0].seq <= through_seq:
                self._bytes -= self._lines.popleft()[1]
            self._is_held_up = True
            self._room.notify_all()
            is_progress = len(self._lines) < before
        self._tell_stored()
        return is_progress

    def _tell_stored(self) -> None:
        with self._room:
            on_stored = None if self._lines else self._on_stored
            if on_stored is not None:
                self._on_stored = None
        if on_stored is not None:
            on_stored()

    def is_empty(self) -> bool:
        with self._room:
            return not self._lines

    def is_urgent(self) -> bool:
        """Whether waiting for further lines would gain nothing."""
        return self.has_ended or len(self._lines) >= LOG_CHUNK_LINES_MAX

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _has_room(self) -> bool:
        if self._is_held_up and self._is_full():
            self._on_lines()
            # Once a wait was in vain the server is not taking lines: the body is not held up again until it does.
            self._is_held_up = self._room.wait_for(lambda: not self._is_full() or self._is_closed, LOG_BACKPRESSURE_S)
        return not self._is_full()

    def _is_full(self) -> bool:
        return len(self._lines) >= LOG_PENDING_LINES_MAX or self._bytes >= LOG_PENDING_BYTES_MAX

    def _append_left_out(self, at_ns: int) -> None:
        if self._left_out == 0 or self._is_closed:
            return
        text = f"{self._left_out:,} lines left out: they came faster than they could be sent"
        self._left_out = 0
        self._append(at_ns, "warn", text, "", "system")

    def _append(self, at_ns: int, level: Level, message: str, fields_json: str, stream: Stream) -> None:
        line = line_of(self._next_seq, at_ns, level, message, fields_json, stream)
        self._next_seq += 1
        size = line.ByteSize() + _LINE_OVERHEAD_BYTES
        self._lines.append((line, size))
        self._bytes += size


class LogShipper:
    """One thread that sends the lines of all attempts, a chunk of each in turn."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sessions: Sessions | None = None
        self._buffers: dict[str, LogBuffer] = {}
        self._changed = threading.Condition()
        self._has_news = False
        self._is_closed = False
        self._backoff = Backoff(max_s=LOG_RETRY_MAX_S)
        self._thread = threading.Thread(target=self._run, name="millrace-logs", daemon=True)

    def start(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._thread.start()

    def buffer(self, attempt_id: str, secrets: Iterable[str]) -> LogBuffer:
        buffer = LogBuffer(attempt_id, secrets, self._on_lines)
        with self._changed:
            self._forget_oldest()
            self._buffers[attempt_id] = buffer
        return buffer

    def _forget_oldest(self) -> None:
        if len(self._buffers) < LOG_BUFFERS_MAX:
            return
        oldest = next((known for known in self._buffers.values() if known.has_ended), None)
        if oldest is not None:
            _log.error("log.dropped", extra={"attempt": oldest.attempt_id, "limit": LOG_BUFFERS_MAX})
            del self._buffers[oldest.attempt_id]

    def wait_empty(self, timeout_s: float) -> bool:
        with self._changed:
            self._has_news = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: all(b.is_empty() for b in self._buffers.values()), timeout_s)

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _on_lines(self) -> None:
        if self._has_news:
            return
        with self._changed:
            self._has_news = True
            self._changed.notify_all()

    def _run(self) -> None:
        while self._wait_for_news():
            is_all_sent = self._send_round()
            with self._changed:
                if is_all_sent:
                    self._backoff.reset()
                    continue
                self._has_news = True
                self._changed.wait_for(lambda: self._is_closed, self._backoff.next_s())

    def _wait_for_news(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._has_news or self._is_closed)
            # A moment, so that lines written together travel together; an ended attempt does not wait.
            self._changed.wait_for(self._is_urgent, LOG_BATCH_S)
            self._has_news = False
            return not self._is_closed

    def _is_urgent(self) -> bool:
        return self._is_closed or any(buffer.is_urgent() for buffer in self._buffers.values())

    def _send_round(self) -> bool:
        """False when something has to be sent again after a wait."""
        with self._changed:
            buffers = list(self._buffers.values())
        is_fine = True
        for buffer in buffers:
            ended = buffer.has_ended
            lines = buffer.chunk()
            if lines:
                is_fine = self._send(buffer, lines) and is_fine
            if not buffer.is_empty():
                self._on_lines()
            elif ended:
                with self._changed:
                    self._buffers.pop(buffer.attempt_id, None)
        with self._changed:
            self._changed.notify_all()
        return is_fine

    def _send(self, buffer: LogBuffer, lines: list[task_instance_pb2.LogLine]) -> bool:
        sessions = self._sessions
        session = None if sessions is None else sessions.current_ref()
        if sessions is None or session is None:
            return False
        # A line keeps its number and its text: these lines again are the same request.
        request_id = f"{buffer.attempt_id} {lines[0].seq}-{lines[-1].seq}"
        request = pb.AppendLogRequest(request_id=request_id, session=session, attempt_id=buffer.attempt_id, lines=lines)
        try:
            response = self._connection.append_log(request)
        except grpc.RpcError as error:
            if is_session_expired(error):
                sessions.expired(session.session_id)
                return False
            return self._on_error(buffer, error)
        return buffer.stored(response.stored_through_seq)

    def _on_error(self, buffer: LogBuffer, error: grpc.RpcError) -> bool:
        if reason_of(error) in ("LOG_LIMIT_REACHED", "ATTEMPT_UNKNOWN") or is_invalid(error):
            _log.warning("log.refused", extra={"attempt": buffer.attempt_id, "error": describe(error)})
            buffer.close()
            return True
        _log.warning("log.append_failed", extra={"attempt": buffer.attempt_id, "error": describe(error)})
        return False
