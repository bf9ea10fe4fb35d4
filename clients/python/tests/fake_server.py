"""A scripted control plane: it says what a test tells it to, keeps what a worker says, and breaks on request."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration

from millrace._gen.v1 import value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb
from millrace._gen.worker.v1.worker_service_pb2_grpc import WorkerServiceServicer, add_WorkerServiceServicer_to_server

#: A busy machine is slow, not wrong.
WAIT_S = 60.0


def verdict(attempt_id: str, kind: int = pb.VERDICT_KIND_OK) -> pb.Verdict:
    return pb.Verdict(attempt_id=attempt_id, kind=kind)


def assignment(attempt_id: str, handler: str, args: bytes = b"[]", **fields: Any) -> pb.Assignment:
    given = pb.RunFacts(run_id="run_1", dag_id="polyglot", run_name="manual__1", params=value_pb2.Value(data=b'{"region":"eu"}'))
    run = fields.pop("run", given)
    run.run_after.FromSeconds(1_767_225_600)
    return pb.Assignment(
        attempt_id=attempt_id, run=run, task_id=handler, map_index=-1, try_number=1, max_tries=1, handler=handler, args=args, **fields
    )


def seconds(value: float) -> Duration:
    return Duration(seconds=int(value), nanos=int(value % 1 * 1e9))


class Stream:
    """The server's end of one Work stream."""

    def __init__(self) -> None:
        self.outgoing: queue.SimpleQueue[pb.WorkResponse | None] = queue.SimpleQueue()
        self.credit = 0
        self.session_id = ""


class FakeServer(WorkerServiceServicer):
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.renew_interval_s = 0.1
        self.opened: list[pb.OpenSessionRequest] = []
        self.live_sessions: dict[str, str] = {}
        self.closed_sessions: list[str] = []
        self.renewals: list[tuple[float, list[str]]] = []
        #: Said in the next renewals about these attempts.
        self.renew_verdicts: dict[str, int] = {}
        self.results: list[pb.Result] = []
        self.answer: Callable[[pb.Result], pb.Verdict | None] = lambda result: verdict(result.attempt_id)
        self.lines: dict[str, dict[int, Any]] = {}
        self.log_requests: list[pb.AppendLogRequest] = []
        #: Called before each unary call; may raise Refused.
        self.before: Callable[[str], None] = lambda method: None
        self.streams: list[Stream] = []
        #: Values that are stored, by key; and what was uploaded, by attempt.
        self.blobs: dict[str, bytes] = {}
        self.uploads: list[str] = []
        self.downloads: list[str] = []
        #: Answers of PullXComs; may raise Refused.
        self.pull: Callable[[pb.PullXComsRequest], pb.PullXComsResponse] = lambda request: pb.PullXComsResponse()
        #: Answers of ReadAssetEvents; may raise Refused.
        self.events: Callable[[pb.ReadAssetEventsRequest], pb.ReadAssetEventsResponse] = (
            lambda request: pb.ReadAssetEventsResponse()
        )
        self._handlers: dict[str, list[str]] = {}
        self._waiting: list[pb.Assignment] = []
        #: Sent, and neither named in a renewal nor answered: a new stream begins with them.
        self._unconfirmed: dict[str, pb.Assignment] = {}
        self._server: grpc.Server | None = None
        self.port = 0

    # For tests.

    def start(self) -> None:
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
        add_WorkerServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        self._server.start()

    def stop(self) -> None:
        self.break_streams()
        if self._server is not None:
            self._server.stop(grace=0).wait()
            self._server = None

    def wait_for(self, holds: Callable[[], Any], what: str, timeout_s: float = WAIT_S) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, timeout_s), f"waited {timeout_s} s in vain for {what}"

    def assign(self, *assignments: pb.Assignment) -> None:
        """Sends them as soon as a stream has credit for them."""
        with self._changed:
            self._waiting.extend(assignments)
            self._hand_out()

    def send(self, response: pb.WorkResponse) -> None:
        """Says something on the newest stream, credit or not."""
        self.streams[-1].outgoing.put(response)

    def cancel(self, *attempt_ids: str) -> None:
        self.send(pb.WorkResponse(cancels=pb.Cancels(attempt_ids=attempt_ids)))

    def break_streams(self) -> None:
        for stream in self.streams:
            stream.outgoing.put(None)

    def expire_sessions(self) -> None:
        with self._changed:
            self.live_sessions.clear()

    def result(self, attempt_id: str) -> pb.Result:
        """The first result of an attempt, waited for."""
        self.wait_for(lambda: any(r.attempt_id == attempt_id for r in self.results), f"the result of {attempt_id}")
        return next(r for r in self.results if r.attempt_id == attempt_id)

    def log_of(self, attempt_id: str, count: int) -> list[Any]:
        """The lines of an attempt in order, once there are so many."""
        self.wait_for(lambda: len(self.lines.get(attempt_id, {})) >= count, f"{count} lines of {attempt_id}")
        return [self.lines[attempt_id][seq] for seq in sorted(self.lines[attempt_id])]

    # The service.

    def OpenSession(self, request: pb.OpenSessionRequest, context: Any) -> pb.OpenSessionResponse:
        self._begin("OpenSession", context, request_id=request.request_id)
        with self._changed:
            session_id = f"session-{request.request_id}"
            self.live_sessions[session_id] = f"token-{len(self.opened)}"
            self.opened.append(request)
            self._handlers[session_id] = list(request.handlers)
            self._changed.notify_all()
            return pb.OpenSessionResponse(
                session_id=session_id,
                session_token=self.live_sessions[session_id],
                ttl=seconds(self.renew_interval_s * 3),
                renew_interval=seconds(self.renew_interval_s),
            )

    def RenewSession(self, request: pb.RenewSessionRequest, context: Any) -> pb.RenewSessionResponse:
        self._begin("RenewSession", context, request.session, request.request_id)
        with self._changed:
            self.renewals.append((time.monotonic(), list(request.attempt_ids)))
            for attempt_id in request.attempt_ids:
                self._unconfirmed.pop(attempt_id, None)
            self._changed.notify_all()
            return pb.RenewSessionResponse(verdicts=[verdict(name, kind) for name, kind in self.renew_verdicts.items()])

    def CloseSession(self, request: pb.CloseSessionRequest, context: Any) -> pb.CloseSessionResponse:
        self._begin("CloseSession", context, request.session, request.request_id)
        with self._changed:
            self.live_sessions.pop(request.session.session_id)
            self.closed_sessions.append(request.session.session_id)
            self._changed.notify_all()
        return pb.CloseSessionResponse()

    def AppendLog(self, request: pb.AppendLogRequest, context: Any) -> pb.AppendLogResponse:
        with self._changed:
            self.log_requests.append(request)
        self._begin("AppendLog", context, request.session, request.request_id)
        with self._changed:
            stored = self.lines.setdefault(request.attempt_id, {})
            for line in request.lines:
                stored.setdefault(line.seq, line)
            self._changed.notify_all()
            return pb.AppendLogResponse(stored_through_seq=max(stored, default=0))

    def MakeTaskToken(self, request: pb.MakeTaskTokenRequest, context: Any) -> pb.MakeTaskTokenResponse:
        self._begin("MakeTaskToken", context, request.session)
        return pb.MakeTaskTokenResponse(token=f"token-of-{request.attempt_id}")

    def PullXComs(self, request: pb.PullXComsRequest, context: Any) -> pb.PullXComsResponse:
        self._begin("PullXComs", context, request.session)
        try:
            return self.pull(request)
        except Refused as refused:
            refuse(context, refused.code, refused.reason)
            raise

    def ReadAssetEvents(self, request: pb.ReadAssetEventsRequest, context: Any) -> pb.ReadAssetEventsResponse:
        self._begin("ReadAssetEvents", context, request.session)
        try:
            return self.events(request)
        except Refused as refused:
            refuse(context, refused.code, refused.reason)
            raise

    def UploadBlob(self, requests: Iterator[pb.UploadBlobRequest], context: Any) -> pb.UploadBlobResponse:
        first = next(requests)
        self._begin("UploadBlob", context, first.session)
        content = first.content + b"".join(request.content for request in requests)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (first.size, first.digest)
        return pb.UploadBlobResponse(key=self.stored(content, first.attempt_id))

    def DownloadBlob(self, request: pb.DownloadBlobRequest, context: Any) -> Iterator[pb.DownloadBlobResponse]:
        self._begin("DownloadBlob", context, request.session)
        with self._changed:
            self.downloads.append(request.key)
        if request.key not in self.blobs:
            refuse(context, grpc.StatusCode.NOT_FOUND, "BLOB_NOT_FOUND")
        content = self.blobs[request.key]
        for at in range(0, len(content), 100_000):
            yield pb.DownloadBlobResponse(content=content[at : at + 100_000])

    def stored(self, content: bytes, attempt_id: str | None = None) -> str:
        """Stores a value as an upload does."""
        with self._changed:
            key = f"run_1/{hashlib.sha256(content).hexdigest()}"
            self.blobs[key] = content
            if attempt_id is not None:
                self.uploads.append(attempt_id)
            return key

    def Work(self, requests: Iterator[pb.WorkRequest], context: Any) -> Iterator[pb.WorkResponse]:
        hello = next(requests).hello
        self._begin("Work", context, hello.session)
        stream = Stream()
        stream.session_id = hello.session.session_id
        with self._changed:
            self.streams.append(stream)
            missed = list(self._unconfirmed.values())
            stream.credit = -len(missed)
            if missed:
                stream.outgoing.put(pb.WorkResponse(assignments=pb.Assignments(assignments=missed)))
            self._changed.notify_all()
        threading.Thread(target=self._listen, args=(requests, stream), daemon=True).start()
        while (response := stream.outgoing.get()) is not None:
            yield response
        context.abort(grpc.StatusCode.UNAVAILABLE, "the stream was broken by the test")

    def _listen(self, requests: Iterator[pb.WorkRequest], stream: Stream) -> None:
        try:
            for request in requests:
                self._take(request, stream)
        except grpc.RpcError:
            pass
        finally:
            stream.outgoing.put(None)

    def _take(self, request: pb.WorkRequest, stream: Stream) -> None:
        with self._changed:
            if request.WhichOneof("message") == "credit":
                stream.credit += request.credit.count
                self._hand_out()
            for result in request.results.results:
                self.results.append(result)
                self._unconfirmed.pop(result.attempt_id, None)
                answer = self.answer(result)
                if answer is not None:
                    stream.outgoing.put(pb.WorkResponse(verdicts=pb.Verdicts(verdicts=[answer])))
            self._changed.notify_all()

    def _hand_out(self) -> None:
        while self._waiting:
            stream = self._stream_for(self._waiting[0].handler)
            if stream is None or stream.credit <= 0:
                return
            stream.credit -= 1
            one = self._waiting.pop(0)
            self._unconfirmed[one.attempt_id] = one
            stream.outgoing.put(pb.WorkResponse(assignments=pb.Assignments(assignments=[one])))

    def _stream_for(self, handler: str) -> Stream | None:
        """The newest stream of a session that announced the handler; the newest of all for one that nobody announced."""
        fitting = [stream for stream in self.streams if handler in self._handlers.get(stream.session_id, [])]
        return (fitting or self.streams or [None])[-1]

    def _begin(
        self, method: str, context: Any, session: pb.SessionRef | None = None, request_id: str | None = None
    ) -> None:
        """`request_id` is None for streams, which have none."""
        key = dict(context.invocation_metadata()).get("authorization")
        if key != "Bearer test-key":
            refuse(context, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
        if request_id == "":
            refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_MISSING")
        try:
            self.before(method)
        except Refused as refused:
            refuse(context, refused.code, refused.reason)
        if session is not None and self.live_sessions.get(session.session_id) != session.session_token:
            refuse(context, grpc.StatusCode.FAILED_PRECONDITION, "SESSION_EXPIRED")


class Refused(Exception):
    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def refuse(context: Any, code: grpc.StatusCode, reason: str) -> None:
    """Ends a call as Millrace does: with a google.rpc.Status that holds an ErrorInfo."""
    info = b"\x0a" + _sized(reason.encode()) + b"\x12" + _sized(b"millrace")
    detail = b"\x0a" + _sized(b"type.googleapis.com/google.rpc.ErrorInfo") + b"\x12" + _sized(info)
    status = b"\x08" + bytes([code.value[0]]) + b"\x12" + _sized(reason.encode()) + b"\x1a" + _sized(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status),))
    context.abort(code, reason)


def _sized(content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([len(content)]) + content
