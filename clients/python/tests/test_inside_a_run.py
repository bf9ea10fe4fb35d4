"""Branches, short circuits, sensors and retry policies: what Python has of its own. The rest is in tests/conformance."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import isolated_handlers
import pytest
from fake_server import assignment, seconds

from millrace import ConfigError, Done, RetryTask, branch, codec, context, sensor, short_circuit, task
from millrace._gen.v1 import dag_pb2, value_pb2
from millrace._handlers import handlers_of, make_handler

BRANCH = {"control": dag_pb2.TASK_CONTROL_BRANCH, "cases": ["big", "small"]}
SHORT_CIRCUIT = {"control": dag_pb2.TASK_CONTROL_SHORT_CIRCUIT}


def sensor_spec(interval_s=0.01, timeout_s=60.0, **fields):
    return {"sensor": dag_pb2.SensorSpec(interval=seconds(interval_s), timeout=seconds(timeout_s), **fields)}


@pytest.mark.parametrize(
    ("value", "chosen"),
    [("big", ["big"]), (("small", "big"), ["small", "big"]), ({"big"}, ["big"]), (None, []), ((), [])],
)
def test_a_branch_names_its_cases_in_any_collection(server, make_worker, start, value, chosen):
    worker = make_worker()
    worker.handler("pick", kind="branch")(lambda: value)
    start(worker)
    server.assign(assignment("a1", "pick", **BRANCH))
    assert list(server.result("a1").succeeded.choice.cases) == chosen


@pytest.mark.parametrize(("value", "goes_on"), [(1, True), ([0], True), ([], False), (None, False), ("", False)])
def test_a_short_circuit_asks_for_truth_as_if_does(server, make_worker, start, value, goes_on):
    worker = make_worker()
    worker.handler("gate", kind="short_circuit")(lambda: value)
    start(worker)
    server.assign(assignment("a1", "gate", **SHORT_CIRCUIT))
    result = server.result("a1").succeeded
    assert result.HasField("choice")
    assert list(result.choice.cases) == (["continue"] if goes_on else [])
    assert result.HasField("return_value") == (value is not None)


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        ("branch", {}, "is a branch, and the DAG calls it as a task"),
        ("sensor", {}, "is a sensor, and the DAG calls it as a task"),
        ("short_circuit", BRANCH, "is a short circuit, and the DAG calls it as a branch"),
        ("branch", sensor_spec(), "is a branch, and the DAG calls it as a sensor"),
    ],
)
def test_a_handler_that_the_dag_calls_as_something_else_says_so(server, make_worker, start, kind, fields, says):
    worker = make_worker()
    worker.handler("odd", kind=kind)(lambda: None)
    start(worker)
    server.assign(assignment("a1", "odd", **fields))
    failure = server.result("a1").failed
    assert (failure.kind, failure.retryable) == (value_pb2.FAILURE_KIND_SETUP, False)
    assert says in failure.message


def test_the_decorators_mark_handlers_of_their_kind_and_leave_the_function_as_it_is():
    def policy(error: Exception, try_number: int) -> None:
        return None

    class Module:
        one = branch(lambda_named("one"))
        two = short_circuit("second")(lambda_named("two"))
        three = sensor(retry_policy=policy)(lambda_named("three"))
        four = task(lambda_named("four"))

    found = {handler.name: (handler.kind, handler.retry_policy) for handler in handlers_of(Module)}  # type: ignore[arg-type]
    assert found == {
        "one": ("branch", None),
        "second": ("short_circuit", None),
        "three": ("sensor", policy),
        "four": ("task", None),
    }
    assert Module.two() == "two"


def lambda_named(name):
    def function():
        return name

    function.__name__ = name
    return function


def test_a_kind_that_does_not_exist_and_a_policy_that_another_process_cannot_import_are_refused():
    with pytest.raises(ConfigError, match="kind of handler echo is 'gate'"):
        make_handler("echo", lambda_named("echo"), "thread", "gate")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="retry policy of handler adds"):
        make_handler("adds", isolated_handlers.adds, "process", "task", lambda error, number: None)


@pytest.mark.parametrize("answer", [True, 1, "yes", [0]])
def test_anything_true_is_done_without_a_value(server, make_worker, start, answer):
    worker = make_worker()
    worker.handler("look", kind="sensor")(lambda: answer)
    start(worker)
    server.assign(assignment("a1", "look", **sensor_spec()))
    assert not server.result("a1").succeeded.HasField("return_value")


def test_done_leaves_any_value_and_a_coroutine_may_look(server, make_worker, start):
    worker = make_worker()
    looks: list[int] = []

    @worker.handler("look", kind="sensor")
    async def look():
        await asyncio.sleep(0)
        looks.append(len(looks))
        context().xcom.push("looks", len(looks))
        return Done([]) if len(looks) == 3 else None

    start(worker)
    server.assign(assignment("a1", "look", **sensor_spec()))
    result = server.result("a1")
    assert result.succeeded.return_value.data == b"[]"
    assert result.xcoms["looks"].data == b"3"


def test_the_time_limit_of_a_sensor_rests_between_looks_also_in_a_process_of_its_own(server, make_worker, start, tmp_path):
    worker = make_worker()
    worker.add_module(isolated_handlers)
    start(worker)
    file = str(tmp_path / "looks")
    # With its waits it takes longer than a look may.
    fields = {**sensor_spec(interval_s=2.2), "execution_timeout": seconds(4)}
    server.assign(assignment("a1", "looks_thrice", codec.encode([file]), **fields), assignment("a2", "looks_for_ever", **fields))
    assert codec.decode(server.result("a1").succeeded.return_value.data) == 3
    assert server.result("a2").failed.kind == value_pb2.FAILURE_KIND_TIMEOUT


def test_a_policy_is_asked_in_the_process_of_the_body(server, make_worker, start):
    worker = make_worker()
    worker.add_module(isolated_handlers)
    start(worker)
    server.assign(assignment("a1", "is_busy"))
    failure = server.result("a1").failed
    assert (failure.retryable, failure.retry_after.seconds) == (True, 61)


@pytest.mark.parametrize(
    ("answer", "retryable", "after_ms"),
    [
        (None, True, None),
        ("retry", True, None),
        ("fail", False, None),
        (timedelta(minutes=2), True, 120_000),
        (1.5, True, 1_500),
        (True, True, None),
        (-1, True, None),
        ("later", True, None),
    ],
)
def test_the_answers_of_a_policy(server, make_worker, start, answer, retryable, after_ms):
    worker = make_worker()

    @worker.handler("busy", retry_policy=lambda error, number: answer)
    def busy():
        raise ValueError("busy")

    start(worker)
    server.assign(assignment("a1", "busy"))
    failure = server.result("a1").failed
    assert failure.retryable == retryable
    assert (failure.retry_after.ToMilliseconds() if failure.HasField("retry_after") else None) == after_ms
    is_wrong = answer in (True, -1, "later")
    assert ("its retry policy failed" in failure.message) == is_wrong


def test_retry_task_takes_a_timedelta_and_refuses_what_is_no_wait():
    assert RetryTask(after=timedelta(minutes=1)).after_s == 60
    assert RetryTask("busy").after_s is None
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="no wait"):
            RetryTask(after=wrong)


def test_a_tuple_is_a_list_for_those_mapped_over_it(server, make_worker, start):
    worker = make_worker()
    worker.handler("rows")(lambda: {"rows": (1, 2)})
    start(worker)
    server.assign(assignment("a1", "rows", measured_paths=[b'["rows"]']))
    assert list(server.result("a1").succeeded.lengths) == [2]
