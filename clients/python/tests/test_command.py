"""`python -m millrace`, as a process, with signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import isolated_handlers
import pytest
from fake_server import WAIT_S, assignment

from millrace import codec

FILE = str(Path(isolated_handlers.__file__))


@pytest.fixture
def launch(server, tmp_path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts the command against the fake server; what is left of it is killed."""
    key_file = tmp_path / "worker.key"
    key_file.write_text("test-key\n")
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "millrace", FILE, "--server", f"127.0.0.1:{server.port}", "--key-file", str(key_file), "--trigger-slots", "0"]
        process = subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_runs_the_marked_functions_of_a_file(server, launch):
    launch("--queue", "python", "--queue", "gpu", "--slots", "2", "--name", "cli")
    server.assign(assignment("a1", "waits", b"[0]"), assignment("a2", "adds", b"[1,2]"))
    assert server.result("a1").succeeded.return_value.data == b'"waited"'
    assert server.result("a2").succeeded.return_value.data == b"3"
    opened = server.opened[0]
    assert list(opened.queues) == ["python", "gpu"]
    assert (opened.worker_name, opened.slots) == ("cli", 2)
    assert "waits" in opened.handlers


def test_sigterm_lets_running_bodies_end_and_reports_them_before_it_closes_the_session(server, launch, tmp_path):
    process = launch("--slots", "1")
    end = tmp_path / "end"
    server.assign(assignment("a1", "waits_for", codec.encode([str(end)])))
    server.log_of("a1", 1)
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    assert any("worker.draining" in line for line in process.stderr)
    end.touch()
    assert server.result("a1").HasField("succeeded")
    server.wait_for(lambda: server.closed_sessions, "the session to be closed")
    assert process.wait(WAIT_S) == 0


def test_an_assignment_that_comes_while_draining_is_given_back(server, launch, tmp_path):
    process = launch("--slots", "2")
    end = tmp_path / "end"
    server.assign(assignment("a1", "waits_for", codec.encode([str(end)])))
    server.log_of("a1", 1)
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    assert any("worker.draining" in line for line in process.stderr)
    server.assign(assignment("a2", "waits", b"[0]"))
    assert server.result("a2").HasField("returned")
    end.touch()
    assert server.result("a1").HasField("succeeded")
    assert process.wait(WAIT_S) == 0


def test_bodies_that_outlast_the_drain_are_stopped_and_given_back_with_the_session(server, launch):
    process = launch("--drain-grace", "0.2", "--cancel-grace", "0.2")
    server.assign(assignment("a1", "waits", b"[600]"))
    server.log_of("a1", 1)
    process.send_signal(signal.SIGTERM)
    server.wait_for(lambda: server.closed_sessions, "the session to be closed")
    assert process.wait(WAIT_S) == 0
    assert server.results == []


def test_a_second_sigterm_ends_it_at_once(server, launch):
    process = launch("--drain-grace", "600")
    server.assign(assignment("a1", "waits", b"[600]"))
    server.log_of("a1", 1)
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    assert any("worker.draining" in line for line in process.stderr)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_S) == 0


def test_sigterm_ends_a_worker_that_still_looks_for_its_server(server, launch):
    server.stop()
    process = launch()
    assert process.stderr is not None
    assert any("session.open_failed" in line for line in process.stderr)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_S) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nowhere.py"], 2, "nowhere.py is not a Python file"),
        ([FILE, "--slots", "-1"], 2, "slots is -1; give 0 to 10,000"),
        ([FILE, "--server", "example.org:7070"], 2, "the worker key would travel in clear"),
        ([FILE, "--server", "7070"], 2, "write host:port"),
        ([FILE, "--key-file", "missing.key"], 2, "key_file missing.key cannot be read"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(tmp_path, arguments, code, says):
    environment = os.environ | {"MILLRACE_WORKER_KEY": "test-key"}
    command = [sys.executable, "-m", "millrace", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=WAIT_S)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_key_exits_with_the_code_for_authentication(server, launch, tmp_path):
    (tmp_path / "worker.key").write_text("wrong")
    process = launch()
    _, stderr = process.communicate(timeout=WAIT_S)
    assert process.returncode == 4
    assert "UNAUTHENTICATED" in stderr
