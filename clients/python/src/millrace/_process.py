"""Runs one body in a process of its own (`isolation="process"`): it can be killed, with everything it started.

The new process gets the arguments and the facts of the attempt, and never the worker's key or session.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from . import _capture
from ._across import TriggeredRun, TriggerRequest
from ._assets import EventsPage, EventsRequest
from ._body import Load, ThreadBody
from ._context import Asks, AttemptFacts, Interruption, Level, LogSink, NoAsks, Stream, TaskContext
from ._handlers import Handler
from ._limits import ASK_LOOK_S
from ._outcome import Ended, failed
from ._pull import PullAnswer, PullRequest
from .codec import CodecError
from .errors import MillraceError

_log = logging.getLogger("millrace.worker")


class ProcessBody:
    """The worker's side: starts the process, passes its log lines on, and kills it when told to."""

    def __init__(
        self,
        handler: Handler,
        facts: AttemptFacts,
        sink: LogSink,
        on_end: Callable[[Ended], None],
        on_look: Callable[[bool], None] = lambda is_looking: None,
        load: Load = lambda facts: facts,
        asks: Asks | None = None,
    ) -> None:
        self._load = load
        self._asks: Asks = asks or NoAsks()
        self._handler = handler
        self._facts = facts
        self._sink = sink
        self._on_end = on_end
        self._on_look = on_look
        self._lock = threading.Lock()
        self._pipe: Connection | None = None
        self._pid: int | None = None
        self._interruption: Interruption | None = None
        self._is_forced = False
        self._thread = threading.Thread(target=self._run, name=f"millrace-{facts.task_id}"[:60], daemon=True)

    def start(self) -> None:
        self._thread.start()

    def interrupt(self, why: Interruption) -> None:
        with self._lock:
            self._interruption = why
            self._tell_interruption()

    def force(self) -> None:
        with self._lock:
            self._is_forced = True
            self._kill()

    def _tell_interruption(self) -> None:
        if self._pipe is None or self._interruption is None:
            return
        try:
            self._pipe.send(("stop", self._interruption))
        except OSError:
            _log.debug("process.gone", extra={"task": self._facts.task_id})

    def _kill(self) -> None:
        if self._pid is not None:
            _kill_group(self._pid)

    def _run(self) -> None:
        try:
            ended = self._supervise()
        except (CodecError, MillraceError) as error:
            ended = Ended(failed("setup", str(error), type(error).__name__))
        except Exception as error:
            _log.exception("process.failed")
            message = f"the process for handler {self._handler.name} could not be started: {error}"
            ended = Ended(failed("setup", message, type(error).__name__))
        self._on_end(ended)

    def _supervise(self) -> Ended:
        facts = self._load(self._facts)
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe(duplex=True)
        process = spawn.Process(target=run_child, args=(theirs, self._handler, facts))
        process.start()
        theirs.close()
        with self._lock:
            self._pipe, self._pid = ours, process.pid
            self._tell_interruption()
            if self._is_forced:
                self._kill()
        ended: Ended | None = None
        try:
            while ended is None:
                kind, content = ours.recv()
                if kind == "line":
                    self._sink.write(*content)
                elif kind == "look":
                    self._on_look(content)
                elif kind == "ask":
                    # The lines that the body writes meanwhile are not held up.
                    threading.Thread(target=self._answer, args=(content,), name="millrace-ask", daemon=True).start()
                else:
                    ended = content
        except (EOFError, OSError):
            _log.debug("process.closed", extra={"task": self._facts.task_id})
        with self._lock:
            # The body has ended: what it left running in its group ends with it.
            self._kill()
            self._pipe = self._pid = None
            ours.close()
        process.join()
        return ended if ended is not None else _end_of_exit(process.exitcode)

    def _answer(self, request: PullRequest | TriggerRequest | EventsRequest | None) -> None:
        """Asks the server on behalf of the body: for values, for a run, for events of assets, or for its token."""
        try:
            came: Any
            if request is None:
                came = self._asks.token(time.sleep)
            elif isinstance(request, TriggerRequest):
                came = self._asks.trigger(request, time.sleep)
            elif isinstance(request, EventsRequest):
                came = self._asks.events(request, time.sleep)
            else:
                came = self._asks.pull(request, time.sleep)
        except (CodecError, MillraceError, RuntimeError) as error:
            came = error
        with self._lock:
            if self._pipe is None:
                return
            try:
                self._pipe.send(("answer", came))
            except OSError:
                _log.debug("process.gone", extra={"task": self._facts.task_id})


def _end_of_exit(code: int | None) -> Ended:
    if code is not None and code < 0:
        how = f"was killed by {signal.Signals(-code).name}"
    else:
        how = f"exited with code {code}"
    return Ended(failed("exited", f"the process of the body {how} before the body ended", "ProcessExited"))


def _kill_group(pid: int) -> None:
    try:
        if hasattr(os, "killpg") and os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except ProcessLookupError:
        return


class _PipeSink:
    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def write(self, level: Level, message: str, fields_json: str, stream: Stream) -> None:
        self.send("line", (level, message, fields_json, stream))

    def send(self, kind: str, content: Any) -> None:
        with self._lock:
            self._pipe.send((kind, content))


class _PipeAsks:
    """The body's side of what it asks: through the worker, which has the session."""

    def __init__(self, sink: _PipeSink) -> None:
        self._sink = sink
        self._turn = threading.Lock()
        self.answers: queue.Queue[Any] = queue.Queue()

    def token(self, wait: Callable[[float], None]) -> str:
        token: str = self._ask(None, wait)
        return token

    def pull(self, request: PullRequest, wait: Callable[[float], None]) -> PullAnswer:
        answer: PullAnswer = self._ask(request, wait)
        return answer

    def trigger(self, request: TriggerRequest, wait: Callable[[float], None]) -> TriggeredRun:
        run: TriggeredRun = self._ask(request, wait)
        return run

    def events(self, request: EventsRequest, wait: Callable[[float], None]) -> EventsPage:
        page: EventsPage = self._ask(request, wait)
        return page

    def _ask(self, request: PullRequest | TriggerRequest | EventsRequest | None, wait: Callable[[float], None]) -> Any:
        # One at a time: answers have no names.
        with self._turn:
            self._sink.send("ask", request)
            while True:
                try:
                    came = self.answers.get(timeout=ASK_LOOK_S)
                    break
                except queue.Empty:
                    # Raises when the body has to stop.
                    wait(0)
        if isinstance(came, Exception):
            raise came
        return came


def run_child(pipe: Connection, handler: Handler, facts: AttemptFacts) -> None:
    """The new process: runs the body in a thread, listens for the order to stop, and exits at once when it has ended."""
    if hasattr(os, "setsid"):
        os.setsid()
    _clean_environment()
    os.environ.update(facts.env)
    sink = _PipeSink(pipe)
    captured = _capture.capture_descriptors(sink)
    _capture.install(find_sink=lambda: sink)
    asks = _PipeAsks(sink)
    context = TaskContext(facts, sink, asks)
    ended = threading.Event()
    ends: list[Ended] = []

    def on_end(end: Ended) -> None:
        ends.append(end)
        ended.set()

    body = ThreadBody(handler, facts, context, on_end, lambda is_looking: sink.send("look", is_looking))
    body.start()
    threading.Thread(target=_listen, args=(pipe, body, asks), name="millrace-orders", daemon=True).start()
    ended.wait()
    captured.close()
    sink.send("end", ends[0])
    logging.shutdown()
    os._exit(0)


def _clean_environment() -> None:
    """Takes out what is Millrace's own: keys and addresses are none of the body's business."""
    for name in list(os.environ):
        if name.startswith("MILLRACE_") or name in ("DATABASE_URL", "NATS_URL"):
            del os.environ[name]


def _listen(pipe: Connection, body: ThreadBody, asks: _PipeAsks) -> None:
    try:
        while True:
            kind, content = pipe.recv()
            if kind == "stop":
                body.interrupt(content)
            else:
                asks.answers.put(content)
    except (EOFError, OSError):
        # The worker is gone, and nobody would hear the result.
        _kill_group(os.getpid())
        os._exit(1)
