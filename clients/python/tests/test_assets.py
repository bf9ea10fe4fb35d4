"""Events of assets: what bodies say of their outlets, and what they read."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import grpc
import isolated_handlers
import pytest
from fake_server import Refused, assignment

from millrace import MillraceError, codec, context
from millrace._gen.v1 import asset_pb2, dag_pb2, value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb


def events(ids: list[int], next_page_token: str = "") -> pb.ReadAssetEventsResponse:
    made = []
    for number in ids:
        event = asset_pb2.AssetEvent(event_id=number, uri="s3://a", name="a", map_index=-1, created_by="user:admin")
        event.source = asset_pb2.ASSET_EVENT_SOURCE_CALLER
        event.at.FromSeconds(number)
        if number % 2:
            event.extra.CopyFrom(value_pb2.Value(data=codec.encode({"rows": number})))
        made.append(event)
    return pb.ReadAssetEventsResponse(events=made, next_page_token=next_page_token)


def value_of(result: pb.Result) -> Any:
    assert result.WhichOneof("outcome") == "succeeded", result
    return codec.decode(result.succeeded.return_value.data)


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_body_reads_what_made_its_run_and_says_something_of_its_outlets(server, make_worker, start, isolation):
    worker = make_worker()
    asked: list[pb.ReadAssetEventsRequest] = []

    def answer(request: pb.ReadAssetEventsRequest) -> pb.ReadAssetEventsResponse:
        asked.append(request)
        return events([1, 2], "more") if not request.page_token else events([3])

    server.events = answer
    worker.handler("assets", isolation=isolation)(isolated_handlers.uses_assets)
    start(worker)
    run = pb.RunFacts(run_id="run_1", dag_id="d", run_type=dag_pb2.RUN_TYPE_ASSET_TRIGGERED, partition_key="2026-01")
    server.assign(assignment("a1", "assets", run=run))
    result = server.result("a1")
    assert value_of(result) == ["asset_triggered", [[1, 1], [2, None], [3, 3]], 2, "2026-01"]
    assert [one.WhichOneof("of") for one in asked] == ["triggering", "triggering", "inlet_uri"]
    assert (asked[2].inlet_uri, asked[2].newest_first, asked[2].page_size) == ("s3://a", True, 2)
    said = [(one.asset.uri, one.alias, codec.decode(one.extra.data) if one.HasField("extra") else None, one.partition_key)
            for one in result.succeeded.outlet_events]
    assert said == [
        ("s3://a", "", {"rows": 4}, ""),
        ("s3://a", "", {"rows": 5}, "2026-01-02"),
        ("s3://new", "feeds", None, ""),
    ]


@pytest.mark.parametrize("partition", ["x" * 251, "a\nb", 3])
def test_a_partition_that_is_none_is_the_bodys_error(server, make_worker, start, partition):
    worker = make_worker()

    @worker.handler("wrong")
    def wrong():
        context().outlets.extra("s3://a", {}, partition=partition)

    start(worker)
    server.assign(assignment("a1", "wrong"))
    result = server.result("a1")
    assert result.WhichOneof("outcome") == "failed"
    assert "the partition of an event of s3://a is" in result.failed.message


def test_a_filter_goes_along_and_a_refusal_is_the_bodys_to_handle(server, make_worker, start):
    worker = make_worker()
    asked: list[pb.ReadAssetEventsRequest] = []

    def answer(request: pb.ReadAssetEventsRequest) -> pb.ReadAssetEventsResponse:
        asked.append(request)
        raise Refused(grpc.StatusCode.INVALID_ARGUMENT, "FIELD_INVALID")

    server.events = answer

    @worker.handler("asks")
    def asks():
        at = datetime(2026, 1, 1, tzinfo=timezone.utc)
        try:
            return list(context().inlet_events(alias="feeds", since=at, before=at))
        except MillraceError as error:
            return error.reason

    start(worker)
    server.assign(assignment("a1", "asks"))
    assert value_of(server.result("a1")) == "FIELD_INVALID"
    assert asked[0].inlet_alias == "feeds"
    assert asked[0].since.ToSeconds() == asked[0].before.ToSeconds() == 1_767_225_600


@pytest.mark.parametrize("misuse", [lambda: context().inlet_events(), lambda: context().outlets.extra("a", [1])])
def test_wrong_use_fails_the_body(server, make_worker, start, misuse):
    worker = make_worker()
    worker.handler("wrong")(misuse)
    start(worker)
    server.assign(assignment("a1", "wrong"))
    assert server.result("a1").WhichOneof("outcome") == "failed"
