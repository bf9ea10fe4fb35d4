"""What xcom.pull asks and gives: the vectors that every language's worker must pass, and how a body calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import isolated_handlers
import pytest
from fake_server import Refused, assignment

from millrace import MillraceError, codec, context
from millrace._gen.v1 import value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb
from millrace._pull import ALL, NOT_MAPPED, PullOptions, meant_by, pulled_value, request_of

VECTORS = json.loads((Path(__file__).parents[2] / "xcom-vectors.json").read_text(encoding="utf-8"))
NOTHING = object()


def options_of(pull: dict[str, Any]) -> PullOptions:
    return PullOptions(
        task_ids=pull.get("tasks"),
        key=pull.get("key", "return_value"),
        map_indexes=pull.get("mapIndexes", ALL),
        default=pull.get("default", NOTHING),
        include_prior_dates=pull.get("includePriorDates", False),
        run_id=pull.get("runId"),
        dag_id=pull.get("dagId"),
    )


def own_of(case: dict[str, Any]) -> tuple[str, int]:
    own = case.get("own", {"id": "other", "mapIndex": None})
    return own["id"], NOT_MAPPED if own["mapIndex"] is None else own["mapIndex"]


def expected(gives: dict[str, Any]) -> Any:
    if "list" in gives:
        return [expected(one) for one in gives["list"]]
    return NOTHING if "nothing" in gives else gives["value"]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=[case["name"] for case in VECTORS["cases"]])
def test_the_table_of_pull(case):
    options = options_of(case["pull"])
    meant = meant_by(options, *own_of(case))
    request = request_of(options, meant)
    asks = case["asks"]
    if asks is None:
        assert request is None
        assert pulled_value(meant, options.default, [], []) == expected(case["gives"])
        return
    assert request is not None
    assert (list(request.task_ids), list(request.map_indexes)) == (asks["taskIds"], asks["mapIndexes"])
    left = {task_id: VECTORS["left"][task_id] for task_id in request.task_ids if task_id in VECTORS["left"]}
    xcoms = [
        (task_id, index, value)
        for task_id, task in left.items()
        for index, value in task["values"]
        if not request.map_indexes or index in request.map_indexes
    ]
    mapped = [task_id for task_id, task in left.items() if task["mapped"]]
    assert pulled_value(meant, options.default, xcoms, mapped) == expected(case["gives"])


@pytest.mark.parametrize("case", VECTORS["refused"], ids=[case["name"] for case in VECTORS["refused"]])
def test_what_cannot_be_pulled_names_the_option(case):
    options = options_of(case["pull"])
    with pytest.raises(ValueError, match="the option .* of xcom.pull"):
        request_of(options, meant_by(options, *own_of(case)))


def answered(**values: Any) -> pb.PullXComsResponse:
    xcoms = [
        pb.PulledXCom(task_id=task_id, map_index=-1, value=value_pb2.Value(data=codec.encode(value)))
        for task_id, value in values.items()
    ]
    return pb.PullXComsResponse(xcoms=xcoms)


def test_a_body_pulls_values_by_their_types(server, make_worker, start):
    worker = make_worker()
    asked: list[pb.PullXComsRequest] = []

    def pull(request):
        asked.append(request)
        return answered(extract={1, 2})

    server.pull = pull

    @worker.handler("asks")
    def asks():
        xcom = context().xcom
        one = xcom.pull("extract", "rows", run_id="run_7", dag_id="other")
        return [one == {1, 2}, xcom.pull(("extract", "none"), default="d", include_prior_dates=True), xcom.pull([])]

    start(worker)
    server.assign(assignment("a1", "asks"))
    value = codec.decode(server.result("a1").succeeded.return_value.data)
    assert value == [True, [{1, 2}, "d"], []]
    assert [(one.attempt_id, list(one.task_ids), one.key) for one in asked] == [
        ("a1", ["extract"], "rows"),
        ("a1", ["extract", "none"], "return_value"),
    ]
    assert (asked[0].run_id, asked[0].dag_id, asked[1].include_prior_dates) == ("run_7", "other", True)


def test_a_refusal_is_the_bodys_to_handle_and_an_outage_is_waited_out(server, make_worker, start):
    worker = make_worker()
    answers = [
        Refused(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE"),
        Refused(grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND"),
    ]

    def pull(request):
        raise answers.pop(0)

    server.pull = pull

    @worker.handler("asks")
    def asks():
        try:
            return context().xcom.pull("nothing")
        except MillraceError as error:
            return error.reason

    start(worker)
    server.assign(assignment("a1", "asks"))
    assert codec.decode(server.result("a1").succeeded.return_value.data) == "TASK_NOT_FOUND"
    assert answers == []


def test_a_cancel_ends_a_pull_that_is_not_answered(server, make_worker, start):
    worker = make_worker()

    def pull(request):
        raise Refused(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")

    server.pull = pull
    worker.handler("asks")(lambda: context().xcom.pull("extract"))
    start(worker)
    server.assign(assignment("a1", "asks"))
    server.wait_for(lambda: any("a1" in held for _, held in server.renewals), "the attempt in a renewal")
    server.cancel("a1")
    assert server.result("a1").failed.type == "CancelledError"


def test_a_process_of_its_own_asks_through_the_worker(server, make_worker, start):
    worker = make_worker()
    worker.add_module(isolated_handlers)
    server.pull = lambda request: answered(extract=7)
    start(worker)
    server.assign(assignment("a1", "asks"))
    result = server.result("a1")
    assert codec.decode(result.succeeded.return_value.data) == [7, "token-of-a1", "TASK_NOT_FOUND"]
    assert result.xcoms["left"].data == b"1"
