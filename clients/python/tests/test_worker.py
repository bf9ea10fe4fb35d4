"""A worker and a server that behaves: every way a body can end, and what it may ask and write."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading

import pytest
from fake_server import WAIT_S, assignment, seconds

import millrace
from millrace import UNDEFINED, FailTask, SkipTask, WorkerRefused, codec, context
from millrace._gen.v1 import task_instance_pb2, value_pb2


def test_announces_itself_with_its_queues_handlers_and_slots(server, make_worker, start):
    worker = make_worker(name="unit", slots=3)
    worker.handler("one")(lambda: None)
    worker.handler("two")(lambda: None)
    start(worker)
    server.wait_for(lambda: server.opened and server.streams and server.streams[0].credit == 3, "credit")
    opened = server.opened[0]
    assert (opened.worker_name, opened.protocol, opened.slots) == ("unit", 1, 3)
    assert list(opened.queues) == ["python"]
    assert list(opened.handlers) == ["one", "two"]
    assert opened.sdk == f"python {millrace.__version__}"
    assert not opened.runs_bundles


def test_calls_the_handler_with_resolved_arguments_and_returns_its_value(server, make_worker, start):
    worker = make_worker()

    @worker.handler("score")
    def score(rows, region, nothing="default"):
        return {"rows": rows, "region": region, "nothing": nothing}

    start(worker)
    args = b'[{"$":"task","id":"extract","path":["rows"]},{"$":"run","path":["params","region"]},{"$":"task","id":"none","path":[]}]'
    server.assign(assignment("a1", "score", args, inputs={"extract": value_pb2.Value(data=b'{"rows":[1,2]}')}))
    result = server.result("a1")
    assert codec.decode(result.succeeded.return_value.data) == {"rows": [1, 2], "region": "eu", "nothing": "default"}


def test_none_and_undefined_are_no_value_and_null_inside_of_one(server, make_worker, start):
    worker = make_worker()
    worker.handler("none")(lambda: None)
    worker.handler("undefined")(lambda: UNDEFINED)
    worker.handler("inside")(lambda: [None])
    start(worker)
    server.assign(assignment("a1", "none"), assignment("a2", "undefined"), assignment("a3", "inside"))
    assert not server.result("a1").succeeded.HasField("return_value")
    assert not server.result("a2").succeeded.HasField("return_value")
    assert server.result("a3").succeeded.return_value.data == b"[null]"


def test_an_exception_is_a_failure_that_retries_with_the_bodys_own_stack(server, make_worker, start):
    worker = make_worker()

    @worker.handler("broken")
    def broken():
        raise KeyError("no such row")

    start(worker)
    server.assign(assignment("a1", "broken"))
    failure = server.result("a1").failed
    assert (failure.kind, failure.type, failure.retryable) == (value_pb2.FAILURE_KIND_APPLICATION, "KeyError", True)
    assert failure.message == "'no such row'"
    assert "in broken" in failure.stack
    assert "_body.py" not in failure.stack


@pytest.mark.parametrize(
    ("error", "outcome", "message"),
    [
        (FailTask("bad input"), "failed", "bad input"),
        (SkipTask("nothing to do"), "skipped", "nothing to do"),
    ],
)
def test_fail_task_does_not_retry_and_skip_task_skips(server, make_worker, start, error, outcome, message):
    worker = make_worker()

    @worker.handler("decides")
    def decides():
        raise error

    start(worker)
    server.assign(assignment("a1", "decides"))
    result = server.result("a1")
    assert result.WhichOneof("outcome") == outcome
    assert getattr(result, outcome).message == message
    assert not result.failed.retryable


def test_sys_exit_ends_the_attempt_and_not_the_worker(server, make_worker, start):
    worker = make_worker()
    worker.handler("exits")(lambda: sys.exit(3))
    worker.handler("fine")(lambda: 1)
    start(worker)
    server.assign(assignment("a1", "exits"), assignment("a2", "fine"))
    assert server.result("a1").failed.kind == value_pb2.FAILURE_KIND_EXITED
    assert server.result("a2").HasField("succeeded")


@pytest.mark.parametrize(
    ("handler", "args", "says"),
    [
        ("unknown", b"[]", "no handler 'unknown'"),
        ("takes_one", b"[1,2]", "was given 2 arguments"),
        ("takes_one", b'[{"$":"decimal","v":"1"}]', "unknown tag 'decimal'"),
        ("takes_one", b"nonsense", "not JSON"),
    ],
)
def test_what_cannot_be_prepared_is_a_setup_failure_that_says_why(server, make_worker, start, handler, args, says):
    worker = make_worker()

    @worker.handler("takes_one")
    def takes_one(value):
        return value

    start(worker)
    server.assign(assignment("a1", handler, args))
    failure = server.result("a1").failed
    assert failure.kind == value_pb2.FAILURE_KIND_SETUP
    assert says in failure.message


@pytest.mark.parametrize(
    ("value", "reason", "says"),
    [(object(), "VALUE_INVALID", "is a object"), ("x" * 300_000, "VALUE_TOO_LARGE", "at most 299,999")],
)
def test_a_result_that_cannot_be_carried_fails_without_retry(server, make_worker, start, monkeypatch, value, reason, says):
    monkeypatch.setattr("millrace._body.BLOB_BYTES_MAX", 299_999)
    worker = make_worker()
    worker.handler("returns")(lambda: value)
    start(worker)
    server.assign(assignment("a1", "returns"))
    failure = server.result("a1").failed
    assert (failure.type, failure.retryable) == (reason, False)
    assert says in failure.message


def test_async_handlers_run_and_see_their_context(server, make_worker, start):
    worker = make_worker()

    @worker.handler("waits")
    async def waits():
        await asyncio.sleep(0.01)
        return await asyncio.to_thread(lambda: context().run.dag_id)

    start(worker)
    server.assign(assignment("a1", "waits"))
    assert codec.decode(server.result("a1").succeeded.return_value.data) == "polyglot"


def test_context_gives_the_facts_of_the_attempt(server, make_worker, start):
    worker = make_worker()

    @worker.handler("asks")
    def asks():
        here = context()
        here.xcom.push("extra", [1])
        return [here.run.id, here.run.ds, here.try_number, here.fencing, here.idempotency_key, here.params, here.remaining()]

    start(worker)
    server.assign(assignment("a1", "asks", fencing="7", idempotency_key="k"))
    result = server.result("a1")
    assert codec.decode(result.succeeded.return_value.data) == ["run_1", "2026-01-01", 1, "7", "k", {"region": "eu"}, None]
    assert result.xcoms["extra"].data == b"[1]"


def test_context_outside_of_a_body_is_an_error_that_says_so():
    with pytest.raises(RuntimeError, match="no attempt is running here"):
        context()


def test_print_logging_and_context_log_become_lines_in_order(server, make_worker, start, capsys):
    worker = make_worker()

    @worker.handler("talks")
    def talks():
        print("printed\nin two lines")
        logging.getLogger("app").info("logged", extra={"rows": 3})
        context().log.warning("said", day="monday")
        print("to stderr, unfinished", end="", file=sys.stderr)

    start(worker)
    server.assign(assignment("a1", "talks"))
    lines = server.log_of("a1", 5)
    assert [(line.seq, line.message) for line in lines] == [
        (1, "printed"),
        (2, "in two lines"),
        (3, "logged"),
        (4, "said"),
        (5, "to stderr, unfinished"),
    ]
    stdout, log, stderr = task_instance_pb2.LOG_STREAM_STDOUT, task_instance_pb2.LOG_STREAM_LOG, task_instance_pb2.LOG_STREAM_STDERR
    assert [line.stream for line in lines] == [stdout, stdout, log, log, stderr]
    assert lines[2].fields_json == '{"logger": "app", "rows": 3}'
    assert (lines[3].fields_json, lines[3].level) == ('{"day": "monday"}', task_instance_pb2.LOG_LEVEL_WARN)
    assert "printed" not in capsys.readouterr().out


def test_attempts_that_run_together_keep_their_lines_apart(server, make_worker, start):
    worker = make_worker()
    together = threading.Barrier(2)

    @worker.handler("talks")
    def talks(name):
        for number in range(50):
            together.wait(WAIT_S)
            print(f"{name} {number}")

    start(worker)
    server.assign(assignment("a1", "talks", b'["one"]'), assignment("a2", "talks", b'["two"]'))
    assert [line.message for line in server.log_of("a1", 50)] == [f"one {number}" for number in range(50)]
    assert [line.message for line in server.log_of("a2", 50)] == [f"two {number}" for number in range(50)]


def test_the_worker_key_and_the_session_token_are_masked_in_logs(server, make_worker, start):
    worker = make_worker()
    worker.handler("leaks")(lambda: print("key test-key token token-0"))
    start(worker)
    server.assign(assignment("a1", "leaks"))
    assert server.log_of("a1", 1)[0].message == "key *** token ***"


def test_a_hundred_thousand_lines_arrive_whole_and_numbered_without_gaps(server, make_worker, start, monkeypatch):
    # How long a body waits for a slow server before it leaves lines out.
    monkeypatch.setattr("millrace._logs.LOG_BACKPRESSURE_S", WAIT_S)
    worker = make_worker()

    @worker.handler("floods")
    def floods():
        for number in range(100_000):
            print(number)

    start(worker)
    server.assign(assignment("a1", "floods"))
    lines = server.log_of("a1", 100_000)
    assert [line.seq for line in lines] == list(range(1, 100_001))
    assert all(len(request.lines) <= 1000 for request in server.log_requests)


def test_a_line_over_its_limit_is_cut_and_says_so(server, make_worker, start):
    worker = make_worker()
    worker.handler("long")(lambda: context().log.info("é" * 20_000))
    start(worker)
    server.assign(assignment("a1", "long"))
    message = server.log_of("a1", 1)[0].message
    assert message.endswith("…")
    assert 16 * 1024 - 4 <= len(message.encode()) <= 16 * 1024


def test_no_more_runs_at_a_time_than_there_are_slots(server, make_worker, start):
    worker = make_worker(slots=2)
    running: list[int] = []
    most = [0]
    lock = threading.Lock()
    together = threading.Barrier(2)

    @worker.handler("counts")
    def counts():
        with lock:
            running.append(1)
            most[0] = max(most[0], len(running))
        together.wait(WAIT_S)
        context().sleep(0.02)
        with lock:
            running.pop()

    start(worker)
    server.assign(*(assignment(f"a{number}", "counts") for number in range(20)))
    server.wait_for(lambda: len({r.attempt_id for r in server.results}) == 20, "20 results")
    assert most[0] == 2


def test_a_surplus_assignment_is_given_back(server, make_worker, start):
    worker = make_worker(slots=1)
    release = threading.Event()
    worker.handler("holds")(lambda: release.wait(WAIT_S))
    start(worker)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: any("a1" in held for _, held in server.renewals), "a1 in the inventory")
    from millrace._gen.worker.v1 import worker_service_pb2 as pb

    server.send(pb.WorkResponse(assignments=pb.Assignments(assignments=[assignment("a2", "holds")])))
    assert server.result("a2").HasField("returned")
    release.set()
    assert server.result("a1").HasField("succeeded")


def test_an_execution_timeout_stops_a_loop_that_never_looks_up(server, make_worker, start):
    worker = make_worker()

    @worker.handler("loops")
    def loops():
        while True:
            pass

    start(worker)
    server.assign(assignment("a1", "loops", execution_timeout=seconds(0.2)))
    failure = server.result("a1").failed
    assert (failure.kind, failure.retryable) == (value_pb2.FAILURE_KIND_TIMEOUT, True)
    assert "execution timeout of 0.2 s" in failure.message


def test_an_execution_timeout_cancels_an_async_body(server, make_worker, start):
    worker = make_worker()
    seen: list[str] = []

    @worker.handler("waits")
    async def waits():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append(str(context().interruption))
            raise

    start(worker)
    server.assign(assignment("a1", "waits", execution_timeout=seconds(3)))
    assert server.result("a1").failed.kind == value_pb2.FAILURE_KIND_TIMEOUT
    assert seen == ["timeout"]


def test_a_wrong_key_ends_the_worker_with_the_reason(server, make_worker, start):
    worker = make_worker(key="wrong")
    worker.handler("any")(lambda: None)
    running = start(worker)
    running.join()
    assert isinstance(running.error, WorkerRefused)
    assert "UNAUTHENTICATED" in str(running.error)
