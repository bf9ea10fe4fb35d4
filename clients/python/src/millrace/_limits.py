"""Every limit of the worker has its name here; the protocol's own are in docs/worker-protocol.md."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

FAILURE_MESSAGE_BYTES_MAX: Final = 4 * KIB
FAILURE_STACK_BYTES_MAX: Final = 16 * KIB
XCOMS_MAX: Final = 100
XCOM_KEY_CHARS_MAX: Final = 512
#: All XComs of one attempt.
XCOMS_BYTES_MAX: Final = 64 * MIB
#: Tasks whose values one pull may ask for.
PULLED_TASKS_MAX: Final = 1000
#: Of the values that go with a result: what is more is stored elsewhere, the largest first.
INLINE_BYTES_MAX: Final = MIB
#: Of one value that is stored elsewhere, and of one piece of it.
BLOB_BYTES_MAX: Final = 64 * MIB
BLOB_PIECE_BYTES: Final = 256 * KIB
#: Of fetched values that are kept for others that want them; at least the largest value.
BLOB_CACHE_BYTES_MAX: Final = 128 * MIB
#: Of all stored values that one attempt is given.
FETCHED_BYTES_MAX: Final = 256 * MIB
#: Stored values that are sent and fetched at a time.
TRANSFERS_MAX: Final = 4

RESULTS_PER_MESSAGE_MAX: Final = 1000
RESULT_MESSAGE_BYTES_MAX: Final = 2 * MIB
#: No new work is asked for while so many results wait for their verdict.
UNREPORTED_MAX: Final = 1000
#: Ids of attempts that are over, remembered so that a repeated assignment does not run twice.
SETTLED_REMEMBERED: Final = 10_000
RECEIVED_BYTES_MAX: Final = 64 * MIB

LOG_LINE_BYTES_MAX: Final = 16 * KIB
LOG_CHUNK_LINES_MAX: Final = 1000
LOG_CHUNK_BYTES_MAX: Final = 512 * KIB
#: What an attempt may have waiting to be sent; a body that writes faster is held up, then lines are left out.
LOG_PENDING_LINES_MAX: Final = 20_000
LOG_PENDING_BYTES_MAX: Final = 8 * MIB
#: Logs not stored yet, of attempts running and ended.
LOG_BUFFERS_MAX: Final = 20_000

SLOTS_MAX: Final = 10_000
#: Waits that one process watches, unless it is told otherwise.
TRIGGER_SLOTS: Final = 1000

TRIGGER_INTERVAL_MIN_S: Final = 1.0
HTTP_INTERVAL_S: Final = 30.0
FILE_INTERVAL_S: Final = 10.0
#: What triggers look at, at a time.
LOOKS_AT_ONCE: Final = 16
HTTP_TIMEOUT_S: Final = 30.0
HTTP_REDIRECTS_MAX: Final = 5
HTTP_BODY_BYTES_MAX: Final = 256 * KIB
#: Characters of what a person is asked, and of what is waited for, in a line.
WAIT_TEXT_MAX: Final = 250
FORM_BODY_BYTES_MAX: Final = 16 * KIB
FORM_SCHEMA_BYTES_MAX: Final = 64 * KIB
#: With "trigger/" before it, it is the name of a handler.
TRIGGER_NAME_MAX: Final = 192
WORKER_NAME_MAX: Final = 200

RESULT_HOLD_S: Final = 24 * 3600.0
RESULT_RESEND_S: Final = 10.0
#: How long a result waits for the last lines of its log.
LOG_BEFORE_RESULT_S: Final = 10.0
LOG_BATCH_S: Final = 0.05
LOG_RETRY_MAX_S: Final = 5.0
LOG_BACKPRESSURE_S: Final = 2.0
RPC_TIMEOUT_S: Final = 10.0
#: How long one stored value may take in either direction.
TRANSFER_TIMEOUT_S: Final = 120.0
#: How long a value is tried to be stored or fetched while the server cannot be reached, …
BLOB_PATIENCE_S: Final = 120.0
#: … and how often while its store is out of order.
BLOB_STORE_TRIES_MAX: Final = 5
BLOB_STORE_WAIT_S: Final = 0.5
#: How long what a body asks for is asked for while the server cannot be reached.
ASK_PATIENCE_S: Final = 60.0
#: How often a body in a process of its own that waits for an answer looks whether it has to stop.
ASK_LOOK_S: Final = 0.1
#: From the forced end of a body that ignores it to reporting without it.
ABANDON_S: Final = 5.0
#: For the last results and log lines, once the bodies have ended.
GOODBYE_S: Final = 10.0
#: How often a worker that has nothing else to do looks for signals.
SIGNAL_LOOK_S: Final = 1.0
KEEPALIVE_S: Final = 30.0
BACKOFF_FIRST_S: Final = 0.2
BACKOFF_MAX_S: Final = 30.0

#: Of a sensor whose DAG does not say.
SENSOR_INTERVAL_S: Final = 60.0
SENSOR_TIMEOUT_S: Final = 7 * 24 * 3600.0
#: What a server takes for a wait: ten years.
DURATION_S_MAX: Final = 3650 * 24 * 3600.0


def cut(text: str, bytes_max: int) -> str:
    """At most so many bytes of UTF-8; what was cut ends in "…"."""
    data = text.encode("utf-8", errors="replace")
    if len(data) <= bytes_max:
        return data.decode("utf-8")
    return data[: bytes_max - 3].decode("utf-8", errors="ignore") + "…"


def cut_front(text: str, bytes_max: int) -> str:
    """Like `cut`, keeping the end: what was cut begins with "…"."""
    data = text.encode("utf-8", errors="replace")
    if len(data) <= bytes_max:
        return data.decode("utf-8")
    return "…" + data[3 - bytes_max :].decode("utf-8", errors="ignore")
