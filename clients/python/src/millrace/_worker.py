"""The worker: a process that announces handlers, takes attempts, runs their bodies and reports."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from . import _capture
from ._attempts import Attempts
from ._connection import Connection
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._handlers import Function, Handler, HandlerKind, Isolation, MarkFunction, handlers_of, make_handler
from ._limits import GOODBYE_S, SIGNAL_LOOK_S, SLOTS_MAX, WORKER_NAME_MAX
from ._logs import LogShipper
from ._retry import RetryPolicy
from ._session import SessionKeeper
from ._stream import WorkStream
from ._timing import Timers
from ._version import VERSION
from .errors import ConfigError

_log = logging.getLogger("millrace.worker")

PROTOCOL = 1


class Worker:
    """Runs handlers for tasks that name them.

    server: host:port of the server's gRPC port. Plaintext to this machine only, unless `insecure`.
    key, key_file: the worker key, or the file that holds it.
    name: shown in lists; the host and process id unless given.
    queues: the lines to take work from.
    slots: how many attempts run at a time, 1 to 10,000.
    tls: True for the system's authorities, or the path of a CA file.
    cancel_grace: seconds between telling a body to stop and stopping it by force.
    drain_grace: seconds that running bodies get after SIGTERM before they are told to stop.

    Raises ConfigError for a value that is not allowed.
    """

    def __init__(
        self,
        server: str = "127.0.0.1:7070",
        *,
        key: str | None = None,
        key_file: str | os.PathLike[str] | None = None,
        name: str | None = None,
        queues: Iterable[str] = ("default",),
        slots: int = 4,
        tls: bool | str = False,
        insecure: bool = False,
        cancel_grace: float = 10.0,
        drain_grace: float = 30.0,
    ) -> None:
        if isinstance(queues, str):
            raise ConfigError(f'queues is the text {queues!r}; write a list: queues=["{queues}"]')
        if not 1 <= slots <= SLOTS_MAX:
            raise ConfigError(f"slots is {slots}; give 1 to {SLOTS_MAX:,}")
        self._server = server
        self._key = _read_key(key, key_file)
        self._name = (name or f"{socket.gethostname()}-{os.getpid()}")[:WORKER_NAME_MAX]
        self._queues = list(queues)
        self._slots = slots
        self._tls = tls
        self._insecure = insecure
        self._cancel_grace_s = cancel_grace
        self._drain_grace_s = drain_grace
        self._handlers: dict[str, Handler] = {}
        self._stop_asked = threading.Event()
        self._stop_now = threading.Event()
        self._sessions: SessionKeeper | None = None

    def handler(
        self,
        name: str | None = None,
        *,
        kind: HandlerKind = "task",
        isolation: Isolation = "thread",
        retry_policy: RetryPolicy | None = None,
    ) -> MarkFunction:
        """Registers the decorated function as a handler; its name is the function's unless given.

        What `kind`, `isolation` and `retry_policy` mean say `millrace.task`, `branch`, `short_circuit` and `sensor`.
        """

        def register(function: Function) -> Function:
            self._add(make_handler(name, function, isolation, kind, retry_policy))
            return function

        return register

    def add_module(self, module: ModuleType) -> None:
        """Registers every function of a module that `@task`, `@branch`, `@short_circuit` or `@sensor` marks."""
        for handler in handlers_of(module):
            self._add(handler)

    @property
    def handlers(self) -> list[str]:
        """The names it announces."""
        return sorted(self._handlers)

    @property
    def renewal_gap_max(self) -> float:
        """The longest time between two renewals of the session so far, in seconds. Near the TTL, work may be lost."""
        return 0.0 if self._sessions is None else self._sessions.renewal_gap_max_s

    def stop(self, now: bool = False) -> None:
        """Ends `run` from another thread: after the running bodies, or now."""
        if now:
            self._stop_now.set()
        self._stop_asked.set()

    def run(self) -> None:
        """Works until SIGTERM, SIGINT or `stop`; then drains. A second signal ends it at once.

        Raises WorkerRefused when the server does not take it, ConfigError when it has no handler.
        """
        if multiprocessing.parent_process() is not None:
            raise RuntimeError('a body\'s process came to worker.run(): put it under `if __name__ == "__main__":`')
        if not self._handlers:
            raise ConfigError("the worker has no handlers; register one with @worker.handler or add_module")
        restore_signals = self._listen_to_signals()
        uncapture = _capture.install()
        try:
            self._run()
        finally:
            uncapture()
            restore_signals()

    def _run(self) -> None:
        connection = Connection(self._server, self._key, self._tls, self._insecure)
        timers = Timers()
        logs = LogShipper(connection)
        attempts = Attempts(self._handlers, self._slots, timers, logs, self._secrets, self._cancel_grace_s)
        sessions = SessionKeeper(connection, self._announcement(), attempts.held, attempts.on_verdicts)
        stream = WorkStream(connection, sessions, attempts)
        attempts.on_change = stream.notify
        sessions.on_lost = stream.drop
        self._sessions = sessions
        try:
            # Opening can wait for a server that is not up yet: a signal has to end that too.
            stopper = threading.Thread(target=self._stop_opening, args=(sessions,), name="millrace-stopper", daemon=True)
            stopper.start()
            sessions.start()
            timers.start()
            logs.start(sessions)
            stream.start()
            # A signal that comes between Python's look for signals and the wait itself is noticed at the next look.
            while not self._stop_asked.wait(SIGNAL_LOOK_S):
                pass
            self._drain(attempts, logs)
        finally:
            stream.close()
            sessions.close()
            logs.close()
            timers.close()
            connection.close()
            _log.info("worker.stopped")

    def _stop_opening(self, sessions: SessionKeeper) -> None:
        self._stop_asked.wait()
        if sessions.current() is None:
            sessions.stop()

    def _drain(self, attempts: Attempts, logs: LogShipper) -> None:
        _log.info("worker.draining")
        attempts.drain()
        stopper = threading.Thread(target=self._hurry, args=(attempts,), name="millrace-hurry", daemon=True)
        stopper.start()
        if not attempts.wait_ended(self._drain_grace_s):
            attempts.stop_all()
            attempts.wait_ended(self._cancel_grace_s)
            attempts.force_all()
            attempts.wait_ended(1.0)
        if not self._stop_now.is_set():
            attempts.wait_reported(GOODBYE_S)
            logs.wait_empty(GOODBYE_S)

    def _hurry(self, attempts: Attempts) -> None:
        self._stop_now.wait()
        attempts.stop_all()
        attempts.force_all()
        attempts.stop_waiting()

    def _secrets(self) -> list[str]:
        session = None if self._sessions is None else self._sessions.current()
        return [self._key] if session is None else [self._key, session.token]

    def _announcement(self) -> pb.OpenSessionRequest:
        return pb.OpenSessionRequest(
            worker_name=self._name,
            sdk=f"python {VERSION}",
            protocol=PROTOCOL,
            queues=self._queues,
            handlers=self.handlers,
            runs_bundles=False,
            slots=self._slots,
        )

    def _add(self, handler: Handler) -> None:
        if handler.name in self._handlers and self._handlers[handler.name].function is not handler.function:
            raise ConfigError(f"two handlers are named {handler.name}; give one of them another name")
        self._handlers[handler.name] = handler

    def _listen_to_signals(self) -> Callable[[], None]:
        if threading.current_thread() is not threading.main_thread():
            return lambda: None

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            # From a thread: the main one may hold the very lock that setting an event takes.
            threading.Thread(target=self.stop, args=(self._stop_asked.is_set(),), daemon=True).start()

        previous: dict[int, Any] = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}

        def restore() -> None:
            for number, handler in previous.items():
                signal.signal(number, handler)

        return restore


def _read_key(key: str | None, key_file: str | os.PathLike[str] | None) -> str:
    if key is not None and key_file is not None:
        raise ConfigError("both key and key_file are given; give one")
    if key_file is not None:
        try:
            key = Path(key_file).read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"key_file {os.fspath(key_file)} cannot be read: {error.strerror}") from None
    if key is None or not key.strip():
        raise ConfigError("the worker key is missing; give key= or key_file= (the server writes a file worker.key)")
    return key.strip()
