"""What a run was given of its DAG's inputs, as bodies find it."""

from __future__ import annotations

from datetime import datetime, timezone

import isolated_handlers
import pytest
from fake_server import assignment

from millrace import codec
from millrace._gen.v1 import inputs_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def given() -> pb.RunFacts:
    run = pb.RunFacts(run_id="run_1", dag_id="d")
    clicks = run.inputs.inputs.add(name="clicks")
    instance = inputs_pb2.InputInstance(uri="s3://clicks", partition_key="2026-01-01T12")
    instance.date.FromDatetime(NOON)
    clicks.instances.append(instance)
    run.inputs.inputs.add(name="none")
    return run


@pytest.mark.parametrize("isolation", ["thread", "process"])
def test_a_body_finds_the_instances_that_its_run_waited_for_by_name(server, make_worker, start, isolation):
    worker = make_worker()
    worker.handler("inputs", isolation=isolation)(isolated_handlers.tells_inputs)
    start(worker)
    server.assign(assignment("a1", "inputs", run=given()))
    server.assign(assignment("a2", "inputs", run=pb.RunFacts(run_id="run_2", dag_id="d")))
    told = codec.decode(server.result("a1").succeeded.return_value.data)
    assert told == {"clicks": [["s3://clicks", "2026-01-01T12", NOON.isoformat()]], "none": []}
    assert codec.decode(server.result("a2").succeeded.return_value.data) == {}
