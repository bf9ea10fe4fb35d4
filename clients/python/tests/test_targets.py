"""Targets: a task whose target exists does not run, and one whose target does not appear fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_server import assignment

from millrace import ConfigError, codec, defer, trigger
from millrace._handlers import make_handler

KEY = "millrace.existing_target"


class Thing:
    def __init__(self, name="thing", there=True):
        self.name = name
        self.there = there

    def exists(self):
        return self.there

    def read(self):
        return {"read": self.name}


def test_a_task_whose_target_exists_is_not_run_and_has_the_targets_value(server, make_worker, start):
    worker, ran = make_worker(), []
    worker.handler("make", target=lambda name: Thing(name))(ran.append)
    start(worker)
    server.assign(assignment("a1", "make", args=b'["orders"]'))
    result = server.result("a1")
    assert codec.decode(result.succeeded.return_value.data) == {"read": "orders"}
    assert codec.decode(result.xcoms[KEY].data) == "orders"
    assert ran == []


def test_a_task_whose_target_does_not_exist_is_run_and_must_make_it(server, make_worker, start, tmp_path: Path):
    worker = make_worker()
    file = tmp_path / "out.csv"
    worker.handler("make", target=lambda: file)(lambda: file.write_text("a"))
    worker.handler("forget", target=lambda: tmp_path / "never")(lambda: 1)
    worker.handler("later", target=lambda: tmp_path / "never", check_target=False)(lambda: 1)
    start(worker)
    server.assign(assignment("a1", "make"), assignment("a2", "forget"), assignment("a3", "later"))
    made = server.result("a1")
    assert made.HasField("succeeded")
    assert KEY not in made.xcoms
    failure = server.result("a2").failed
    assert failure.type == "TargetMissing"
    assert f"its target {tmp_path / 'never'} does not exist" in failure.message
    assert server.result("a3").HasField("succeeded")
    server.assign(assignment("a4", "make"))
    again = server.result("a4")
    assert codec.decode(again.xcoms[KEY].data) == str(file)
    assert not again.succeeded.HasField("return_value")


def test_a_task_that_waits_comes_back_to_show_its_target(server, make_worker, start):
    worker = make_worker()
    worker.handler("wait", target=lambda: Thing(there=False))(lambda: defer(trigger.after(60)))
    start(worker)
    server.assign(assignment("a1", "wait"))
    assert server.result("a1").deferred.resumes


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (lambda: "a", "the target is str; it must be an object with a function exists"),
        (lambda: Thing(there=1), "answered int; it must be True or False"),
    ],
)
def test_what_is_no_target_is_said(server, make_worker, start, target, says):
    worker = make_worker()
    worker.handler("make", target=target)(lambda: None)
    start(worker)
    server.assign(assignment("a1", "make"))
    assert says in server.result("a1").failed.message


def test_only_tasks_have_targets():
    with pytest.raises(ConfigError, match="target of handler look must be a function"):
        make_handler("look", lambda: True, "thread", "sensor", target=lambda: Thing())
