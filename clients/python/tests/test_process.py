"""Bodies in a process of their own."""

from __future__ import annotations

import os
import time
from pathlib import Path

import isolated_handlers
import pytest
from fake_server import WAIT_S, assignment, seconds

from millrace import ConfigError, codec
from millrace._gen.v1 import value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb


@pytest.fixture
def isolated(make_worker, start):
    worker = make_worker(cancel_grace=0.3)
    worker.add_module(isolated_handlers)
    return start(worker).worker


def value_of(result: pb.Result) -> object:
    return codec.decode(result.succeeded.return_value.data)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pids_in(file: Path, server) -> list[int]:
    ends_at = time.monotonic() + WAIT_S
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < ends_at, "the body did not begin"
        os.sched_yield()
    return [int(pid) for pid in file.read_text().split()]


def wait_dead(pids: list[int]) -> None:
    ends_at = time.monotonic() + WAIT_S
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < ends_at, f"still alive: {pids}"
        os.sched_yield()


def test_a_body_gets_arguments_and_gives_its_value_across_processes(server, isolated):
    server.assign(assignment("a1", "adds", b'[1,{"$":"bigint","v":"2"}]'), assignment("a2", "skips"))
    assert value_of(server.result("a1")) == 3
    assert server.result("a2").skipped.message == "nothing to do"


def test_it_runs_in_another_process_with_its_own_environment_and_without_the_key(server, isolated, monkeypatch):
    monkeypatch.setenv("MILLRACE_WORKER_KEY", "test-key")
    server.assign(assignment("a1", "says_where_it_runs", env={"GREETING": "hello"}))
    where = value_of(server.result("a1"))
    assert where["pid"] != os.getpid()
    assert (where["parent"], where["env"], where["key"]) == (os.getpid(), "hello", None)
    assert "GREETING" not in os.environ


def test_its_lines_and_those_of_its_subprocesses_are_captured(server, isolated):
    server.assign(assignment("a1", "talks"))
    lines = [line.message for line in server.log_of("a1", 3)]
    assert lines[:2] == ["printed", "said"]
    assert lines[2:] == ["from a subprocess"]


def test_a_crash_is_the_attempts_and_not_the_workers(server, isolated):
    server.assign(assignment("a1", "crashes"), assignment("a2", "adds", b"[1,1]"))
    failure = server.result("a1").failed
    assert failure.kind == value_pb2.FAILURE_KIND_EXITED
    assert "exited with code 7" in failure.message
    assert value_of(server.result("a2")) == 2


def test_cancel_kills_it_with_everything_it_started(server, isolated, tmp_path):
    file = tmp_path / "pids"
    server.assign(assignment("a1", "hangs", codec.encode([str(file)])))
    pids = pids_in(file, server)
    server.cancel("a1")
    assert server.result("a1").failed.kind == value_pb2.FAILURE_KIND_CANCELLED
    wait_dead(pids)


def test_an_execution_timeout_kills_it_with_everything_it_started(server, isolated, tmp_path):
    file = tmp_path / "pids"
    server.assign(assignment("a1", "hangs", codec.encode([str(file)]), execution_timeout=seconds(8)))
    pids = pids_in(file, server)
    assert server.result("a1").failed.kind == value_pb2.FAILURE_KIND_TIMEOUT
    wait_dead(pids)


def test_a_function_that_no_other_process_can_import_is_refused_when_it_is_registered(make_worker):
    with pytest.raises(ConfigError, match="top level of a module"):
        make_worker().handler("local", isolation="process")(lambda: None)
