"""Values that are too long to be sent along."""

from __future__ import annotations

import json
import time

import grpc
import pytest
from fake_server import Refused, assignment, seconds

from millrace import codec, context, defer, trigger
from millrace._blob_ref import BlobRef, write_blob_ref
from millrace._gen.v1 import dag_pb2, value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb

BIG = "x" * 300_000


@pytest.fixture
def run(server, make_worker, start):
    """Runs a function as a handler of a worker of its own, and gives the result."""
    count = iter(range(100))

    def run_one(function, args=b"[]", **fields):
        number = next(count)
        worker = make_worker()
        worker.handler(f"h{number}")(function)
        start(worker)
        server.wait_for(lambda: len(server.streams) > number, "the worker's stream")
        server.assign(assignment(f"a{number}", f"h{number}", args, **fields))
        return server.result(f"a{number}")

    return run_one


def ref_to(server, value, *path):
    content = codec.encode(value, 64 * 1024 * 1024)
    return value_pb2.Value(data=write_blob_ref(BlobRef(server.stored(content), len(content), path)))


def stored_in(server, value):
    ref = json.loads(value.data)
    assert ref["$"] == "blob"
    content = server.blobs[ref["v"]["key"]]
    assert len(content) == ref["v"]["size"]
    return codec.decode(content, None)


def test_what_a_body_returns_and_leaves_is_stored_when_it_is_large(server, run):
    def body():
        context().xcom.push("big", BIG + "1")
        context().xcom.push("small", 1)
        return {"rows": BIG}

    result = run(body, measured_paths=[])
    assert stored_in(server, result.succeeded.return_value) == {"rows": BIG}
    assert stored_in(server, result.xcoms["big"]) == BIG + "1"
    assert result.xcoms["small"].data == b"1"
    assert server.uploads == ["a0", "a0"]


def test_lengths_and_states_of_large_values_are_as_of_any(server, run):
    result = run(lambda: [BIG, BIG, BIG], measured_paths=[b"[]"])
    assert list(result.succeeded.lengths) == [3]
    assert len(stored_in(server, result.succeeded.return_value)) == 3
    assert run(lambda: "y" * 200_000).succeeded.return_value.data[:2] == b'"y'


def test_many_values_that_are_large_together_go_in_part_to_the_store(server, run):
    def body():
        for number in range(20):
            context().xcom.push(f"k{number}", str(number) * 100_000)

    result = run(body)
    inline = [value.data for value in result.xcoms.values() if not value.data.startswith(b'{"$":"blob"')]
    assert 0 < sum(map(len, inline)) <= 1024 * 1024
    assert len(server.uploads) == 20 - len(inline)


def test_xcoms_of_a_body_that_failed_are_stored_too(server, run):
    def body():
        context().xcom.push("big", BIG)
        raise ValueError("no route")

    result = run(body)
    assert (result.failed.message, stored_in(server, result.xcoms["big"])) == ("no route", BIG)


def test_what_is_over_the_limit_fails_before_it_is_sent(run, monkeypatch):
    monkeypatch.setattr("millrace._body.BLOB_BYTES_MAX", 400_000)
    failure = run(lambda: BIG + BIG).failed
    assert (failure.type, failure.retryable) == ("VALUE_TOO_LARGE", False)
    assert "at most 400,000" in failure.message


def test_a_body_gets_large_values_from_the_store_each_once(server, make_worker, start):
    worker = make_worker()
    worker.handler("reads")(lambda one, two, item: [one == BIG, two, item])
    start(worker)
    given = {
        "inputs": {"one": ref_to(server, {"rows": BIG}), "two": value_pb2.Value(data=b"2")},
        "items": {"h/0": ref_to(server, [BIG, {"id": 7}], 1)},
    }
    args = b'[{"$":"task","id":"one","path":["rows"]},{"$":"task","id":"two","path":[]},{"$":"item","of":"h","n":0,"path":["id"]}]'
    for name in ("a1", "a2"):
        server.assign(assignment(name, "reads", args, **given))
        assert codec.decode(server.result(name).succeeded.return_value.data) == [True, 2, 7]
    assert len(server.downloads) == 2


def test_references_among_the_values_of_a_mapped_task_are_followed_too(server, run):
    ref = ref_to(server, BIG)
    given = {"inputs": {"mapped": value_pb2.Value(data=b'["a", ' + ref.data + b', {"n": 1.50}]')}}
    result = run(lambda values: [len(one) for one in values], b'[{"$":"task","id":"mapped","path":[]}]', **given)
    assert codec.decode(result.succeeded.return_value.data) == [1, 300_000, 1]


def test_what_a_body_goes_on_with_and_what_it_pulls_may_be_large(server, make_worker, start):
    worker = make_worker()
    server.pull = lambda request: pb.PullXComsResponse(
        xcoms=[pb.PulledXCom(task_id="extract", map_index=-1, value=ref_to(server, BIG))]
    )

    def resume(event, state):
        return [event == BIG, state, context().xcom.pull("extract") == BIG]

    worker.handler("waits", resume=resume)(lambda: defer(trigger.token()))
    start(worker)
    going_on = pb.Resumption(event=ref_to(server, BIG), state=value_pb2.Value(data=b"1"))
    server.assign(assignment("a1", "waits", resumption=going_on))
    assert codec.decode(server.result("a1").succeeded.return_value.data) == [True, 1, True]


def test_a_value_that_is_not_there_or_not_what_it_was_is_a_setup_failure(server, run):
    gone = write_blob_ref(BlobRef("run_1/" + "0" * 64, 5))
    args = b'[{"$":"task","id":"one","path":[]}]'
    failure = run(lambda one: one, args, inputs={"one": value_pb2.Value(data=gone)}).failed
    assert (failure.kind, "BLOB_NOT_FOUND" in failure.message) == (value_pb2.FAILURE_KIND_SETUP, True)
    ref = ref_to(server, BIG)
    key = json.loads(ref.data)["v"]["key"]
    server.blobs[key] = server.blobs[key].replace(b"x", b"y", 1)
    failure = run(lambda one: one, args, inputs={"one": ref}).failed
    assert (failure.kind, "its store is damaged" in failure.message) == (value_pb2.FAILURE_KIND_SETUP, True)
    nowhere = {"one": ref_to(server, [BIG], 5)}
    assert "there is nothing at [5]" in run(lambda one: one, args, inputs=nowhere).failed.message


def test_a_store_that_is_out_of_order_fails_the_attempt_and_an_outage_is_waited_out(server, run):
    refusals = [Refused(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")]

    def before(method):
        if method == "UploadBlob" and refusals:
            raise refusals.pop()

    server.before = before
    assert stored_in(server, run(lambda: BIG).succeeded.return_value) == BIG

    def broken(method):
        if method == "UploadBlob":
            raise Refused(grpc.StatusCode.UNAVAILABLE, "BLOB_STORE_UNAVAILABLE")

    server.before = broken
    failure = run(lambda: BIG + "2").failed
    assert (failure.kind, failure.type, failure.retryable) == (value_pb2.FAILURE_KIND_SETUP, "BLOB_STORE_UNAVAILABLE", True)


def test_the_time_limit_of_a_body_begins_when_its_values_are_there(server, run):
    def slow(method):
        if method == "DownloadBlob":
            time.sleep(3.2)

    server.before = slow
    limit = {"execution_timeout": seconds(3)}
    result = run(lambda one: len(one), b'[{"$":"task","id":"one","path":[]}]', inputs={"one": ref_to(server, BIG)}, **limit)
    assert result.succeeded.return_value.data == b"300000"


def test_a_sensor_may_wait_for_a_large_value(server, make_worker, start):
    worker = make_worker()
    worker.handler("look", kind="sensor")(lambda one: len(one) == 300_000)
    start(worker)
    spec = dag_pb2.SensorSpec()
    args = b'[{"$":"task","id":"one","path":[]}]'
    server.assign(assignment("a1", "look", args, sensor=spec, inputs={"one": ref_to(server, BIG)}))
    assert server.result("a1").HasField("succeeded")
