"""The worker: a process that announces handlers, takes attempts, runs their bodies and reports."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from . import _capture
from ._attempts import Attempts
from ._connection import Connection
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._handlers import Function, Handler, HandlerKind, Isolation, MarkFunction, Resume, TargetOf, handlers_of, make_handler
from ._limits import GOODBYE_S, SIGNAL_LOOK_S, SLOTS_MAX, TRIGGER_SLOTS, WORKER_NAME_MAX
from ._logs import LogShipper
from ._retry import RetryPolicy
from ._session import SessionKeeper
from ._stream import WorkStream
from ._timing import Timers
from ._trigger_body import TriggerLoop
from ._version import VERSION
from ._watchers import built_in
from .errors import ConfigError

_log = logging.getLogger("millrace.worker")

PROTOCOL = 1
#: What the session that watches is called beside the worker's name.
TRIGGERER_SUFFIX = " (triggers)"


@dataclass(frozen=True)
class Plane:
    """One session with everything that works for it."""

    logs: LogShipper
    attempts: Attempts
    sessions: SessionKeeper
    stream: WorkStream
    is_triggerer: bool


class Worker:
    """Runs handlers for tasks that name them.

    server: host:port of the server's gRPC port. Plaintext to this machine only, unless `insecure`.
    key, key_file: the worker key, or the file that holds it.
    name: shown in lists; the host and process id unless given.
    queues: the lines to take work from.
    slots: how many attempts run at a time, up to 10,000; 0 for a worker that only watches.
    trigger_slots: how many waits it watches at a time, for URLs, files and triggers of its own, up to 10,000; 0 for none.
        They take no slots.
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
        trigger_slots: int = TRIGGER_SLOTS,
        tls: bool | str = False,
        insecure: bool = False,
        cancel_grace: float = 10.0,
        drain_grace: float = 30.0,
    ) -> None:
        if isinstance(queues, str):
            raise ConfigError(f'queues is the text {queues!r}; write a list: queues=["{queues}"]')
        if not 0 <= slots <= SLOTS_MAX:
            raise ConfigError(f"slots is {slots}; give 0 to {SLOTS_MAX:,}")
        if not 0 <= trigger_slots <= SLOTS_MAX:
            raise ConfigError(f"trigger_slots is {trigger_slots}; give 0 to {SLOTS_MAX:,}")
        self._server = server
        self._key = _read_key(key, key_file)
        self._name = (name or f"{socket.gethostname()}-{os.getpid()}")[:WORKER_NAME_MAX]
        self._queues = list(queues)
        self._slots = slots
        self._trigger_slots = trigger_slots
        self._tls = tls
        self._insecure = insecure
        self._cancel_grace_s = cancel_grace
        self._drain_grace_s = drain_grace
        self._handlers: dict[str, Handler] = {}
        self._stop_asked = threading.Event()
        self._stop_now = threading.Event()
        self._planes: list[Plane] = []

    def handler(
        self,
        name: str | None = None,
        *,
        kind: HandlerKind = "task",
        isolation: Isolation = "thread",
        retry_policy: RetryPolicy | None = None,
        resume: Resume | None = None,
        target: TargetOf | None = None,
        check_target: bool = True,
    ) -> MarkFunction:
        """Registers the decorated function as a handler; its name is the function's unless given.

        What `kind` and the options mean say `millrace.task`, `branch`, `short_circuit` and `sensor`.
        """

        def register(function: Function) -> Function:
            self._add(make_handler(name, function, isolation, kind, retry_policy, resume, target, check_target))
            return function

        return register

    def callback(self, name: str | None = None, *, isolation: Isolation = "thread") -> MarkFunction:
        """Registers the decorated function as a callback, as `millrace.callback` does."""
        return self.handler(name, kind="callback", isolation=isolation)

    def trigger(self, name: str | None = None) -> MarkFunction:
        """Registers the decorated function as a trigger, as `millrace.triggerer` does."""
        return self.handler(name, kind="trigger")

    def add_module(self, module: ModuleType) -> None:
        """Registers every function of a module that `@task`, `@branch`, `@sensor`, `@callback`, `@triggerer` … marks."""
        for handler in handlers_of(module):
            self._add(handler)

    @property
    def handlers(self) -> list[str]:
        """The names it announces."""
        return sorted(self._handlers)

    @property
    def renewal_gap_max(self) -> float:
        """The longest time between two renewals of the session so far, in seconds. Near the TTL, work may be lost."""
        return max((plane.sessions.renewal_gap_max_s for plane in self._planes), default=0.0)

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
        if self._slots == 0 and self._trigger_slots == 0:
            raise ConfigError("slots and trigger_slots are both 0; give one of them")
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
        loop = TriggerLoop()
        self._planes = self._make_planes(connection, timers, loop)
        try:
            # Opening can wait for a server that is not up yet: a signal has to end that too.
            stopper = threading.Thread(target=self._stop_opening, name="millrace-stopper", daemon=True)
            stopper.start()
            timers.start()
            for plane in self._planes:
                plane.sessions.start()
                plane.logs.start(plane.sessions)
                plane.stream.start()
            # A signal that comes between Python's look for signals and the wait itself is noticed at the next look.
            while not self._stop_asked.wait(SIGNAL_LOOK_S):
                pass
            self._drain()
        finally:
            for plane in self._planes:
                plane.stream.close()
                plane.sessions.close()
                plane.logs.close()
            timers.close()
            loop.close()
            connection.close()
            _log.info("worker.stopped")

    def _make_planes(self, connection: Connection, timers: Timers, loop: TriggerLoop) -> list[Plane]:
        """A session for tasks, and one for triggers: what is watched takes no slots."""
        own = {name: handler for name, handler in self._handlers.items() if handler.kind == "trigger"}
        triggers = {handler.name: handler for handler in built_in()} | own
        others = {name: handler for name, handler in self._handlers.items() if handler.kind != "trigger"}
        wanted = [(others, self._slots, False), (triggers, self._trigger_slots, True)]
        planes: list[Plane] = []
        for handlers, slots, is_triggerer in wanted:
            if not handlers or slots == 0:
                continue
            logs = LogShipper(connection)
            attempts = Attempts(handlers, slots, timers, logs, self._secrets, self._cancel_grace_s, connection, loop)
            announcement = self._announcement(handlers, slots, is_triggerer)
            sessions = SessionKeeper(connection, announcement, attempts.held, attempts.on_verdicts)
            stream = WorkStream(connection, sessions, attempts)
            attempts.begin(sessions)
            attempts.on_change = stream.notify
            sessions.on_lost = stream.drop
            planes.append(Plane(logs, attempts, sessions, stream, is_triggerer))
        return planes

    def _stop_opening(self) -> None:
        self._stop_asked.wait()
        for plane in self._planes:
            if plane.sessions.current() is None:
                plane.sessions.stop()

    def _drain(self) -> None:
        for plane in self._planes:
            plane.attempts.drain()
            # What is watched goes on elsewhere.
            if plane.is_triggerer:
                plane.attempts.cancel_all()
        # Said once it is so: whoever reads it may count on that nothing new is begun.
        _log.info("worker.draining")
        stopper = threading.Thread(target=self._hurry, name="millrace-hurry", daemon=True)
        stopper.start()
        for plane in self._planes:
            grace_s = self._cancel_grace_s if plane.is_triggerer else self._drain_grace_s
            if not plane.attempts.wait_ended(grace_s):
                plane.attempts.stop_all()
                plane.attempts.wait_ended(self._cancel_grace_s)
                plane.attempts.force_all()
                plane.attempts.wait_ended(1.0)
        if not self._stop_now.is_set():
            for plane in self._planes:
                plane.attempts.wait_reported(GOODBYE_S)
                plane.logs.wait_empty(GOODBYE_S)

    def _hurry(self) -> None:
        self._stop_now.wait()
        for plane in self._planes:
            plane.attempts.stop_all()
            plane.attempts.force_all()
            plane.attempts.stop_waiting()

    def _secrets(self) -> list[str]:
        sessions = (plane.sessions.current() for plane in self._planes)
        return [self._key, *(session.token for session in sessions if session is not None)]

    def _announcement(self, handlers: Iterable[str], slots: int, is_triggerer: bool) -> pb.OpenSessionRequest:
        return pb.OpenSessionRequest(
            worker_name=f"{self._name[: WORKER_NAME_MAX - len(TRIGGERER_SUFFIX)]}{TRIGGERER_SUFFIX}"
            if is_triggerer
            else self._name,
            sdk=f"python {VERSION}",
            protocol=PROTOCOL,
            queues=self._queues,
            handlers=sorted(handlers),
            runs_bundles=False,
            slots=slots,
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
