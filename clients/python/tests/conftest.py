from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from fake_server import WAIT_S, FakeServer

from millrace import Worker


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    fake.start()
    yield fake
    fake.stop()


class Running:
    """A worker at work in a thread."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.worker.run()
        except BaseException as error:
            self.error = error

    def join(self, timeout_s: float = WAIT_S) -> None:
        self.thread.join(timeout_s)
        assert not self.thread.is_alive(), "the worker did not end"


@pytest.fixture
def start(server: FakeServer) -> Iterator[Callable[[Worker], Running]]:
    """Starts a worker, and ends it with the test."""
    started: list[Running] = []

    def start_worker(worker: Worker) -> Running:
        running = Running(worker)
        started.append(running)
        return running

    yield start_worker
    for running in started:
        running.worker.stop(now=True)
        running.join()


@pytest.fixture
def make_worker(server: FakeServer) -> Callable[..., Worker]:
    """A worker for the fake server, not started."""

    def make(**options: object) -> Worker:
        settings: dict[str, object] = {"key": "test-key", "queues": ["python"], "slots": 2, "trigger_slots": 0, "cancel_grace": 0.3}
        return Worker(f"127.0.0.1:{server.port}", **(settings | options))  # type: ignore[arg-type]

    return make
