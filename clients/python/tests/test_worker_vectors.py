"""What every worker does alike: clients/worker-vectors.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from millrace._control import ValueRefused
from millrace._gen.v1 import value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb
from millrace._label import label_variables, render_label
from millrace._sensor import wait_after
from millrace._wire import facts_of

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "worker-vectors.json").read_text(encoding="utf-8"))

def named(vectors: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])

def variables() -> dict[str, Any]:
    instance = VECTORS["instance"]
    run = pb.RunFacts(dag_id=instance["dagId"], run_name=instance["runName"], params=value_pb2.Value(data=instance["params"].encode()))
    run.run_after.FromJsonString(instance["runAfter"])
    items = {key: value_pb2.Value(data=text.encode()) for key, text in instance["items"].items()}
    facts = facts_of(pb.Assignment(run=run, items=items))
    return label_variables(facts.run, instance["taskId"], instance["mapIndex"], instance["tryNumber"], facts.all_inputs().all_items())

@named(VECTORS["labels"])
def test_a_label_is_rendered(vector):
    if not vector.get("error"):
        assert render_label(vector["template"], variables()) == vector["label"]
        return
    with pytest.raises(ValueRefused, match="template"):
        render_label(vector["template"], variables())

@named(VECTORS["sensorWaits"])
def test_the_wait_between_two_looks(vector):
    assignment = pb.Assignment(run=pb.RunFacts(dag_id=vector["dagId"]), task_id=vector["taskId"], map_index=vector["mapIndex"])
    assignment.try_started_at.FromJsonString(vector["tryStartedAt"])
    assignment.sensor.interval.FromMilliseconds(vector["intervalMs"])
    assignment.sensor.timeout.FromMilliseconds(vector["timeoutMs"])
    assignment.sensor.backoff = vector["backoff"]
    if vector["maxIntervalMs"] is not None:
        assignment.sensor.max_interval.FromMilliseconds(vector["maxIntervalMs"])
    facts = facts_of(assignment)
    assert facts.sensor is not None
    assert wait_after(facts.sensor, vector["look"], vector["elapsedMs"] / 1000) == vector["waitMs"] / 1000
