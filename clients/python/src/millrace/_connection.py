"""The one connection of a worker, and what the errors on it mean."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import grpc

from ._gen.worker.v1 import worker_service_pb2 as pb
from ._gen.worker.v1.worker_service_pb2_grpc import WorkerServiceStub
from ._limits import KEEPALIVE_S, RECEIVED_BYTES_MAX, RPC_TIMEOUT_S, TRANSFER_TIMEOUT_S
from .errors import ConfigError

_OPTIONS = [
    ("grpc.keepalive_time_ms", int(KEEPALIVE_S * 1000)),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.max_receive_message_length", RECEIVED_BYTES_MAX),
    # The worker waits with jitter of its own between its attempts; these only bound the channel's.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
]

#: Codes that asking again cannot cure when a worker announces itself.
_REFUSALS = {
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.FAILED_PRECONDITION,
}


class Connection:
    """Calls of the WorkerService with the worker key. Every unary call has a deadline and raises grpc.RpcError."""

    def __init__(self, server: str, key: str, tls: bool | str, insecure: bool) -> None:
        self._channel = _channel_to(server, tls, insecure)
        self._stub: Any = cast(Any, WorkerServiceStub)(self._channel)
        self._metadata = (("authorization", f"Bearer {key}"),)

    def open_session(self, request: pb.OpenSessionRequest) -> pb.OpenSessionResponse:
        return cast(pb.OpenSessionResponse, self._call("OpenSession", request))

    def renew_session(self, request: pb.RenewSessionRequest, timeout_s: float) -> pb.RenewSessionResponse:
        return cast(pb.RenewSessionResponse, self._call("RenewSession", request, timeout_s))

    def close_session(self, request: pb.CloseSessionRequest) -> None:
        self._call("CloseSession", request, 2.0)

    def append_log(self, request: pb.AppendLogRequest) -> pb.AppendLogResponse:
        return cast(pb.AppendLogResponse, self._call("AppendLog", request))

    def make_task_token(self, request: pb.MakeTaskTokenRequest) -> pb.MakeTaskTokenResponse:
        return cast(pb.MakeTaskTokenResponse, self._call("MakeTaskToken", request))

    def pull_xcoms(self, request: pb.PullXComsRequest) -> pb.PullXComsResponse:
        return cast(pb.PullXComsResponse, self._call("PullXComs", request))

    def trigger_dag_run(self, request: pb.TriggerDagRunRequest) -> pb.TriggerDagRunResponse:
        return cast(pb.TriggerDagRunResponse, self._call("TriggerDagRun", request))

    def read_asset_events(self, request: pb.ReadAssetEventsRequest) -> pb.ReadAssetEventsResponse:
        return cast(pb.ReadAssetEventsResponse, self._call("ReadAssetEvents", request))

    def upload_blob(self, pieces: Iterator[pb.UploadBlobRequest]) -> pb.UploadBlobResponse:
        return cast(pb.UploadBlobResponse, self._call("UploadBlob", pieces, TRANSFER_TIMEOUT_S))

    def download_blob(self, request: pb.DownloadBlobRequest) -> Iterator[pb.DownloadBlobResponse]:
        return cast("Iterator[pb.DownloadBlobResponse]", self._call("DownloadBlob", request, TRANSFER_TIMEOUT_S))

    def work(self, requests: Iterator[pb.WorkRequest]) -> Any:
        """The stream: iterate over it for responses, `cancel()` it to end it."""
        return self._stub.Work(requests, metadata=self._metadata)

    def close(self) -> None:
        self._channel.close()

    def _call(self, method: str, request: Any, timeout_s: float = RPC_TIMEOUT_S) -> Any:
        return getattr(self._stub, method)(request, timeout=timeout_s, metadata=self._metadata)


def _channel_to(server: str, tls: bool | str, insecure: bool) -> grpc.Channel:
    host, separator, port = server.rpartition(":")
    if not separator or not host or not port.isdigit():
        raise ConfigError(f'server is {server!r}; write host:port, such as "127.0.0.1:7070"')
    if tls:
        roots = Path(tls).read_bytes() if isinstance(tls, str) else None
        return grpc.secure_channel(server, grpc.ssl_channel_credentials(roots), _OPTIONS)
    if not insecure and not _is_loopback(host.strip("[]")):
        raise ConfigError(
            f"server is {server}, not on this machine, and without TLS the worker key would travel in clear: "
            "give tls=True (or a CA file), or insecure=True on a network you trust"
        )
    return grpc.insecure_channel(server, _OPTIONS)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_session_expired(error: grpc.RpcError) -> bool:
    return reason_of(error) == "SESSION_EXPIRED"


def is_refusal(error: grpc.RpcError) -> bool:
    """Whether OpenSession was refused for good: key, queues, protocol. Everything else means "ask again"."""
    code = code_of(error)
    return code is not None and code in _REFUSALS


def is_invalid(error: grpc.RpcError) -> bool:
    """Whether the server called the request wrong in itself: sending it again changes nothing."""
    return code_of(error) is grpc.StatusCode.INVALID_ARGUMENT


def describe(error: grpc.RpcError) -> str:
    code = code_of(error)
    details = error.details() if hasattr(error, "details") else str(error)
    return f"{code.name if code is not None else 'UNKNOWN'}: {details}"


def reason_of(error: grpc.RpcError) -> str | None:
    """The reason of the google.rpc.ErrorInfo that errors of Millrace carry, such as "SESSION_EXPIRED"."""
    trailing: Any = error.trailing_metadata() if hasattr(error, "trailing_metadata") else None
    for key, value in trailing or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return _reason_in_status(value)
    return None


def code_of(error: grpc.RpcError) -> grpc.StatusCode | None:
    return error.code() if hasattr(error, "code") else None


def _reason_in_status(status: bytes) -> str | None:
    # google.rpc.Status is {3: details}, Any {1: type_url, 2: value}, ErrorInfo {1: reason}. They are read by hand:
    # their generated code belongs to googleapis-common-protos, and registering a copy would clash with it.
    for number, detail in _fields(status):
        if number != 3:
            continue
        parts = dict(_fields(detail))
        if parts.get(1, b"").endswith(b"google.rpc.ErrorInfo"):
            reason = dict(_fields(parts.get(2, b""))).get(1)
            return None if reason is None else reason.decode("utf-8", errors="replace")
    return None


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message; the walk ends at what is not well-formed."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        size, position = _varint(message, position)
        if tag & 7 == 2:
            yield tag >> 3, message[position : position + size]
            position += size
        elif tag & 7 != 0:
            return


def _varint(message: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while position < len(message):
        byte = message[position]
        position += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return number, position
