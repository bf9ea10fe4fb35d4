"""Deferrals, and what goes on after them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import isolated_handlers
import pytest
from fake_server import assignment, seconds
from google.protobuf import text_format

from millrace import (
    CodecError,
    ConfigError,
    Done,
    FailTask,
    SkipTask,
    codec,
    context,
    defer,
    trigger,
)
from millrace._gen.v1 import dag_pb2, deferral_pb2, value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb
from millrace._handlers import make_handler

SCHEMA = {"type": "object", "properties": {"ok": {"type": "boolean"}}}


def value(of):
    return value_pb2.Value(data=codec.encode(of))


def resumption(event=codec.UNDEFINED, state=codec.UNDEFINED):
    given = {"event": event, "state": state}
    return {"resumption": pb.Resumption(**{key: value(of) for key, of in given.items() if of is not codec.UNDEFINED})}


@pytest.fixture
def run(server, make_worker, start):
    """Runs a function as a handler of a worker of its own, and gives the result."""
    count = iter(range(100))

    def run_one(function, kind="task", resume=None, args=b"[]", **fields):
        number = next(count)
        worker = make_worker()
        worker.handler(f"h{number}", kind=kind, resume=resume)(function)
        start(worker)
        server.wait_for(lambda: len(server.streams) > number, "the worker's stream")
        server.assign(assignment(f"a{number}", f"h{number}", args, **fields))
        return server.result(f"a{number}")

    return run_one


AT = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("made", "sent"),
    [
        (trigger.at(AT), "time { at { seconds: 1767265200 } }"),
        (trigger.after(timedelta(minutes=10)), "time { after { seconds: 600 } }"),
        (trigger.token(), "token { }"),
        (trigger.token(heartbeat=60), "token { heartbeat { seconds: 60 } }"),
        (
            trigger.custom("mine", {"job": 7}, "job 7"),
            'watch { handler: "mine" config { data: "{\\"job\\":7}" } summary: "job 7" }',
        ),
    ],
)
def test_a_body_defers_until_a_trigger_fires(run, made, sent):
    deferral = run(lambda: defer(made)).deferred
    expected = deferral_pb2.Deferral(on_timeout=deferral_pb2.TIMEOUT_OUTCOME_FAIL)
    text_format.Parse(sent, expected)
    assert deferral == expected


def test_a_form_goes_as_it_is_with_its_defaults(run):
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}, "n": {"default": 3}}}
    asks = trigger.input("Ship it?", schema, body="**Now?**", defaults={"ok": False}, assignees=["user:anna"])
    deferral = run(lambda: defer(asks, timeout=timedelta(hours=1))).deferred
    form = deferral.input.form
    assert (form.subject, form.body, list(form.assignees)) == ("Ship it?", "**Now?**", ["user:anna"])
    assert form.schema == '{"type": "object", "properties": {"ok": {"type": "boolean"}, "n": {"default": 3}}}'
    assert form.defaults.data == b'{"ok":false,"n":3}'
    # Without another wish the defaults are taken when the time is over.
    assert (deferral.timeout.seconds, deferral.on_timeout) == (3600, deferral_pb2.TIMEOUT_OUTCOME_FULFIL)
    given_up = run(lambda: defer(asks, timeout=1, on_timeout="fail")).deferred
    assert given_up.on_timeout == deferral_pb2.TIMEOUT_OUTCOME_FAIL


def test_http_and_file_triggers_are_what_triggerers_of_typescript_are_told(run, tmp_path):
    made = trigger.http(
        "https://x.example/jobs?key=hush",
        method="post",
        headers={"authorization": {"env": "TOKEN"}},
        body="{}",
        interval=5,
        status=[200, 202],
        until=("job.state", "done"),
    )
    watch = run(lambda: defer(made)).deferred.watch
    assert (watch.handler, watch.summary) == ("http", "POST https://x.example/jobs")
    assert codec.decode(watch.config.data) == {
        "url": "https://x.example/jobs?key=hush",
        "method": "POST",
        "headers": {"authorization": {"env": "TOKEN"}},
        "body": "{}",
        "intervalMs": 5000,
        "status": [200, 202],
        "until": {"path": ["job", "state"], "equals": "done"},
    }
    file = run(lambda: defer(trigger.file(tmp_path / "x.csv"))).deferred.watch
    assert codec.decode(file.config.data) == {"path": str(tmp_path / "x.csv"), "intervalMs": 10_000}
    assert file.summary == str(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: trigger.at(datetime(2026, 1, 1)), "aware datetime"),
        (lambda: trigger.after(-1), "is no wait"),
        (lambda: trigger.token(heartbeat=0.1), "at least 1 s"),
        (lambda: trigger.input("", SCHEMA), "1 to 250 characters"),
        (lambda: trigger.input("two\nlines", SCHEMA), "one line"),
        (lambda: trigger.input("?", SCHEMA, body="x" * 20_000), "16,384 bytes"),
        (lambda: trigger.input("?", {"a": "x" * 70_000}), "65,536 bytes"),
        (lambda: trigger.input("?", SCHEMA, assignees="user:anna"), "write a list"),
        (lambda: trigger.http("ftp://x"), "http:// or https://"),
        (lambda: trigger.http("https://me:hush@x"), "a name or a password"),
        (lambda: trigger.http("https://x", body="x"), "without method GET"),
        (lambda: trigger.http("https://x", status=100), "200 to 599"),
        (lambda: trigger.http("https://x", until=("", 1)), "give a path"),
        (lambda: trigger.custom("", 1, "x"), "1 to 192 characters"),
        (lambda: trigger.custom("mine", 1, ""), "1 to 250 characters"),
        (lambda: defer(5), "is no trigger"),
        (lambda: defer(trigger.token(), on_timeout="later"), "fail, fail_for_good, skip"),
        (lambda: defer(trigger.token(), timeout=0), "give a longer one"),
    ],
)
def test_what_cannot_be_waited_for_is_refused_where_it_is_asked_for(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_a_state_that_cannot_be_carried_is_refused_too():
    with pytest.raises(CodecError, match="the value is a object"):
        defer(trigger.token(), state=object())
    with pytest.raises(CodecError, match="at most 262,144"):
        trigger.custom("mine", "x" * 300_000, "much")


def test_a_body_that_forgot_to_return_what_it_defers_says_so(run):
    def forgets():
        defer(trigger.after(1))

    failure = run(forgets).failed
    assert ("write return defer" in failure.message, failure.retryable) == (True, False)
    assert "is a Deferred" in run(lambda: [defer(trigger.after(1))]).failed.message


def test_what_resume_returns_is_the_value_and_it_may_defer_again(run):
    seen = []

    def resume(event, state):
        seen.append((event, state, context().task_id))
        if state["left"] == 0:
            return [event, "done"]
        return defer(trigger.token(), state={"left": state["left"] - 1})

    def body():
        return defer(trigger.token(), state={"left": 1})

    first = run(body, resume=resume).deferred
    assert (first.resumes, codec.decode(first.state.data)) == (True, {"left": 1})
    second = run(body, resume=resume, **resumption(7, {"left": 1})).deferred
    assert codec.decode(second.state.data) == {"left": 0}
    third = run(body, resume=resume, **resumption(8, {"left": 0})).succeeded
    assert codec.decode(third.return_value.data) == [8, "done"]
    assert [one[:2] for one in seen] == [(7, {"left": 1}), (8, {"left": 0})]


@pytest.mark.parametrize(
    ("resume", "gets"),
    [(lambda: "none", "none"), (lambda event: [event], [5]), (lambda event, state, more="m": [event, state, more], [5, None, "m"])],
)
def test_resume_takes_as_much_as_it_wants(run, resume, gets):
    result = run(lambda: None, resume=resume, **resumption(5)).succeeded
    assert codec.decode(result.return_value.data) == gets


def test_a_coroutine_may_go_on_and_after_a_moment_nothing_has_come(run):
    async def resume(event, state):
        await asyncio.sleep(0)
        return [event, state]

    result = run(lambda: None, resume=resume, **resumption()).succeeded
    assert codec.decode(result.return_value.data) == [None, None]


def test_the_arguments_are_not_asked_for_when_only_resume_is_called(run):
    args = b'[{"$":"item","of":"gone","n":0,"path":[]}]'
    result = run(lambda item: None, resume=lambda event: event, args=args, **resumption(3)).succeeded
    assert result.return_value.data == b"3"


def test_what_came_is_the_answer_of_a_branch_that_must_resume(run):
    branch = {"control": dag_pb2.TASK_CONTROL_BRANCH, "cases": ["big", "small"]}
    assert run(lambda: defer(trigger.token()), kind="branch", **branch).deferred.resumes
    result = run(lambda: None, kind="branch", **branch, **resumption("big")).succeeded
    assert list(result.choice.cases) == ["big"]
    assert run(lambda: defer(trigger.token()), map_index_template="{{ map_index }}").deferred.resumes
    measured = {"measured_paths": [b"[]"]}
    assert run(lambda: defer(trigger.after(1)), **measured).deferred.resumes
    assert not run(lambda: defer(trigger.token()), **measured).deferred.resumes


def sensor_of(**fields):
    return {"sensor": dag_pb2.SensorSpec(interval=seconds(0.01), timeout=seconds(60), **fields)}


def test_a_sensor_that_defers_waits_no_longer_than_its_time(run):
    wait = run(lambda: defer(trigger.token()), kind="sensor", **sensor_of(), try_age=seconds(20)).deferred
    assert 20 < wait.timeout.seconds + wait.timeout.nanos / 1e9 <= 40
    assert (wait.on_timeout, wait.resumes) == (deferral_pb2.TIMEOUT_OUTCOME_FAIL_FOR_GOOD, False)
    soft = run(lambda: defer(trigger.token()), kind="sensor", **sensor_of(soft_fail=True)).deferred
    assert soft.on_timeout == deferral_pb2.TIMEOUT_OUTCOME_SKIP
    short = run(lambda: defer(trigger.token(), timeout=5, on_timeout="fail"), kind="sensor", **sensor_of()).deferred
    assert (short.timeout.seconds, short.on_timeout) == (5, deferral_pb2.TIMEOUT_OUTCOME_FAIL)


def test_a_sensor_that_goes_on_is_done_with_what_came_or_looks_again(run):
    looks = []

    def look():
        looks.append(len(looks))
        return Done("found")

    came = run(look, kind="sensor", **sensor_of(), **resumption("it")).succeeded
    assert (came.return_value.data, looks) == (b'"it"', [])
    again = run(look, kind="sensor", resume=lambda event: False, **sensor_of(), **resumption("it")).succeeded
    assert (again.return_value.data, looks) == (b'"found"', [0])


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        (lambda: None, "succeeded"),
        (lambda: [][0], "failed"),
        (lambda: (_ for _ in ()).throw(SkipTask("no")), "skipped"),
        (lambda: (_ for _ in ()).throw(FailTask("never")), "failed"),
        (lambda: defer(trigger.token()), "deferred"),
    ],
)
def test_xcoms_come_with_every_outcome(run, ends, outcome):
    def body():
        context().xcom.push("left", [1])
        return ends()

    result = run(body)
    assert result.WhichOneof("outcome") == outcome
    assert result.xcoms["left"].data == b"[1]"


def test_xcoms_come_with_a_cancel_and_a_look_in_vain(server, make_worker, start):
    worker = make_worker()

    def look():
        context().xcom.push("left", 1)

    def waits():
        look()
        context().sleep(60)

    worker.handler("look", kind="sensor")(look)
    worker.handler("waits")(waits)
    start(worker)
    mode = dag_pb2.SENSOR_MODE_RESCHEDULE
    server.assign(assignment("a1", "look", **sensor_of(mode=mode)), assignment("a2", "waits"))
    assert server.result("a1").xcoms["left"].data == b"1"
    server.wait_for(lambda: any("a2" in held for _, held in server.renewals), "the attempt in a renewal")
    server.cancel("a2")
    assert server.result("a2").failed.type == "CancelledError"
    assert server.result("a2").xcoms["left"].data == b"1"


def test_the_token_of_an_attempt_is_the_servers(run):
    result = run(lambda: context().task_token())
    assert result.succeeded.return_value.data == f'"token-of-{result.attempt_id}"'.encode()


def test_a_process_of_its_own_defers_and_goes_on(server, make_worker, start):
    worker = make_worker()
    worker.add_module(isolated_handlers)
    start(worker)
    server.assign(assignment("a1", "defers", b"[2]"))
    wait = server.result("a1").deferred
    assert (wait.time.after.seconds, wait.resumes, wait.state.data) == (2, True, b'{"from":2}')
    server.assign(assignment("a2", "defers", b"[2]", **resumption("now", {"from": 2})))
    result = server.result("a2").succeeded
    assert codec.decode(result.return_value.data) == ["now", {"from": 2}, True]
    with pytest.raises(ConfigError, match="the resume of handler"):
        make_handler("adds", isolated_handlers.adds, "process", resume=lambda event: None)
