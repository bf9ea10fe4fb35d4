"""Values that are stored elsewhere, seen from a worker: sends them, fetches them, and keeps some of those it fetched."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

import grpc

from ._asks import Sessions, passes, refused
from ._blob_ref import BlobRef
from ._connection import Connection, describe, is_session_expired, reason_of
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._limits import BLOB_CACHE_BYTES_MAX, BLOB_PATIENCE_S, BLOB_PIECE_BYTES, BLOB_STORE_TRIES_MAX, BLOB_STORE_WAIT_S, TRANSFERS_MAX
from ._timing import Backoff
from .codec import CodecError

_log = logging.getLogger("millrace.worker")

T = TypeVar("T")


class Blobs:
    """Thread-safe. Every call blocks until it works, nobody can expect it to any more, or it is refused."""

    def __init__(self, connection: Connection, sessions: Sessions) -> None:
        self._connection = connection
        self._sessions = sessions
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._fetching: dict[str, Future[bytes]] = {}
        self._turns = threading.BoundedSemaphore(TRANSFERS_MAX)

    def fetch(self, ref: BlobRef) -> bytes:
        """The whole value behind a reference; wanted many times at once, fetched once.

        Raises MillraceError BLOB_NOT_FOUND and the like, CodecError when it is not what it was.
        """
        with self._lock:
            kept = self._kept.get(ref.key)
            if kept is not None:
                self._kept.move_to_end(ref.key)
                return kept
            running = self._fetching.get(ref.key)
            mine: Future[bytes] = Future()
            if running is None:
                self._fetching[ref.key] = mine
        if running is not None:
            return running.result()
        try:
            mine.set_result(self._patiently("fetched", lambda session: self._download(session, ref)))
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._lock:
                del self._fetching[ref.key]
        return mine.result()

    def store(self, attempt_id: str, data: bytes) -> BlobRef:
        """Stores a value for the run of an attempt. Raises MillraceError BLOB_STORE_UNAVAILABLE, ATTEMPT_UNKNOWN …"""
        digest = hashlib.sha256(data).hexdigest()

        def upload(session: pb.SessionRef) -> str:
            return self._connection.upload_blob(_pieces(session, attempt_id, digest, data)).key

        return BlobRef(self._patiently("stored", upload), len(data))

    def _download(self, session: pb.SessionRef, ref: BlobRef) -> bytes:
        content = bytearray()
        for piece in self._connection.download_blob(pb.DownloadBlobRequest(session=session, key=ref.key)):
            content += piece.content
            if len(content) > ref.size:
                raise _damaged(ref, f"more than its {ref.size:,} bytes")
        if len(content) != ref.size:
            raise _damaged(ref, f"{len(content):,} bytes instead of {ref.size:,}")
        digest = hashlib.sha256(content).hexdigest()
        if digest != ref.digest:
            raise _damaged(ref, f"bytes with the digest {digest}")
        data = bytes(content)
        self._keep(ref.key, data)
        return data

    def _keep(self, key: str, data: bytes) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = data
            self._kept_bytes += len(data)
            while self._kept_bytes > BLOB_CACHE_BYTES_MAX:
                self._kept_bytes -= len(self._kept.popitem(last=False)[1])

    def _patiently(self, doing: str, act: Callable[[pb.SessionRef], T]) -> T:
        backoff = Backoff()
        ends_at = time.monotonic() + BLOB_PATIENCE_S
        outages = 0
        while True:
            is_outage = False
            session = self._sessions.current_ref()
            if session is not None:
                try:
                    with self._turns:
                        return act(session)
                except grpc.RpcError as error:
                    if is_session_expired(error):
                        self._sessions.expired(session.session_id)
                    is_outage = reason_of(error) == "BLOB_STORE_UNAVAILABLE"
                    outages += is_outage
                    is_hopeless = outages >= BLOB_STORE_TRIES_MAX or time.monotonic() > ends_at
                    if is_hopeless or not passes(error):
                        raise refused(error) from None
                    _log.warning(f"value.not_{doing}", extra={"error": describe(error)})
            elif time.monotonic() > ends_at:
                raise refused(None)
            # A store that is out of order takes longer than a server that restarts.
            time.sleep(max(BLOB_STORE_WAIT_S if is_outage else 0.0, backoff.next_s()))


def _pieces(session: pb.SessionRef, attempt_id: str, digest: str, data: bytes) -> Iterator[pb.UploadBlobRequest]:
    for at in range(0, max(len(data), 1), BLOB_PIECE_BYTES):
        piece = data[at : at + BLOB_PIECE_BYTES]
        if at == 0:
            yield pb.UploadBlobRequest(
                session=session, attempt_id=attempt_id, digest=digest, size=len(data), content=piece
            )
        else:
            yield pb.UploadBlobRequest(content=piece)


def _damaged(ref: BlobRef, what: str) -> CodecError:
    return CodecError(f"the server sent {what} for the stored value {ref.key}: its store is damaged")
