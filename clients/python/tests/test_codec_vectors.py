"""The vectors that every language's codec must pass: clients/codec-vectors.json."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from millrace import codec
from millrace._blob_ref import BlobRef, part_at, read_blob_ref, write_blob_ref
from millrace.args import Inputs, RunFacts, resolve_args

VECTORS = json.loads((Path(__file__).parents[2] / "codec-vectors.json").read_text(encoding="utf-8"))
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)


def named(vectors: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])


def utf8(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


def describe(value: Any) -> Any:
    """The value in the vectors' own words."""
    if value is None or value is codec.UNDEFINED:
        return {"type": "null" if value is None else "undefined"}
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if isinstance(value, str):
        return {"type": "string", "value": value}
    if isinstance(value, codec.BigInt):
        return {"type": "bigint", "decimal": str(value)}
    if isinstance(value, (int, float)):
        return describe_number(value)
    if isinstance(value, datetime):
        return {"type": "date", "epochMs": (value - EPOCH) // MILLISECOND}
    if isinstance(value, bytes):
        return {"type": "bytes", "hex": value.hex()}
    if isinstance(value, codec.MapEntries):
        return {"type": "map", "entries": [[describe(key), describe(item)] for key, item in value]}
    if isinstance(value, codec.Map):
        return {"type": "map", "entries": [[describe(key), describe(item)] for key, item in value.items()]}
    if isinstance(value, (set, codec.SetItems)):
        return {"type": "set", "items": in_any_order([describe(item) for item in value])}
    if isinstance(value, list):
        return {"type": "list", "items": [describe(item) for item in value]}
    assert isinstance(value, dict)
    return {"type": "object", "fields": [[key, describe(item)] for key, item in value.items()]}


def describe_number(value: float) -> Any:
    if math.isfinite(value) and not (value == 0 and math.copysign(1, value) < 0):
        return {"type": "number", "value": value}
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "-0.0": "-0"}
    return {"type": "number", "name": names[str(value)]}


def expected(described: Any) -> Any:
    """The vector's words, with what may differ made the same."""
    if isinstance(described, list):
        return [expected(item) for item in described]
    if not isinstance(described, dict):
        return described
    if "codeUnits" in described:
        return {"type": "string", "value": "".join(chr(unit) for unit in described["codeUnits"])}
    fields = {key: expected(item) for key, item in described.items()}
    return fields | {"items": in_any_order(fields["items"])} if fields.get("type") == "set" else fields


def in_any_order(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def facts(name: str) -> RunFacts:
    run = VECTORS["runs"][name]

    def moment(key: str) -> datetime | None:
        return None if run[key] is None else EPOCH + run[key] * MILLISECOND

    due = moment("runAfterMs")
    assert due is not None
    return RunFacts(
        id=run["id"],
        name=run["name"],
        dag_id=run["dagId"],
        dag_version=run["dagVersion"],
        type=run["type"],
        logical_date=moment("logicalDateMs"),
        data_interval_start=moment("dataIntervalStartMs"),
        data_interval_end=moment("dataIntervalEndMs"),
        partition_key=run["partitionKey"],
        run_after=due,
        params=codec.decode(utf8(run["params"])),
    )


INPUTS = {task_id: utf8(text) for task_id, text in VECTORS["inputs"].items()}
ITEMS = {key: utf8(text) for key, text in VECTORS.get("items", {}).items()}


@named(VECTORS["values"])
def test_a_value_is_read(vector):
    assert describe(codec.decode(utf8(vector["json"]))) == expected(vector["value"])


@named([vector for vector in VECTORS["values"] if vector.get("canonical", True)])
def test_a_value_that_was_read_is_written_the_same(vector):
    written = codec.encode(codec.decode(utf8(vector["json"])))
    assert sorted_sets(json.loads(written)) == sorted_sets(json.loads(vector["json"]))


def sorted_sets(wire: Any) -> Any:
    if isinstance(wire, list):
        return [sorted_sets(item) for item in wire]
    if not isinstance(wire, dict):
        return wire
    fields = {key: sorted_sets(item) for key, item in wire.items()}
    return fields | {"v": in_any_order(fields["v"])} if fields.get("$") == "set" else fields


@named(VECTORS["errors"])
def test_what_is_no_value_is_refused(vector):
    with pytest.raises(codec.CodecError) as caught:
        codec.decode(utf8(vector["json"]))
    assert caught.value.reason == vector["reason"]


@named(VECTORS["limits"])
def test_limits_hold_exactly(vector):
    if "repeat" in vector:
        text = '"' + vector["repeat"] * vector["times"] + '"'
    else:
        text = vector["open"] * vector["levels"] + vector["inner"] + vector["close"] * vector["levels"]
    if vector["reason"] is None:
        value = codec.decode(utf8(text))
        assert describe(codec.decode(codec.encode(value))) == describe(value)
        return
    with pytest.raises(codec.CodecError) as caught:
        codec.decode(utf8(text))
    assert caught.value.reason == vector["reason"]


@named(VECTORS["args"])
def test_arguments_are_resolved(vector):
    values = resolve_args(utf8(vector["args"]), Inputs(INPUTS, ITEMS, facts(vector["run"])))
    assert [describe(value) for value in values] == expected(vector["values"])


@named(VECTORS["argErrors"])
def test_a_malformed_argument_expression_is_refused(vector):
    with pytest.raises(codec.CodecError) as caught:
        resolve_args(utf8(vector["args"]), Inputs(INPUTS, ITEMS, facts("scheduled")))
    assert caught.value.reason == vector["reason"]


@named(VECTORS["blobs"])
def test_references_to_stored_values_are_told_from_values(vector):
    data = utf8(vector["json"])
    ref = read_blob_ref(data)
    if vector["ref"] is None:
        assert ref is None
        return
    assert ref == BlobRef(vector["ref"]["key"], vector["ref"]["size"], tuple(vector["ref"]["path"]))
    assert write_blob_ref(ref) == data


@named(VECTORS["blobParts"])
def test_parts_of_stored_values_are_cut_out_as_they_are(vector):
    found = part_at(utf8(vector["content"]), vector["path"])
    assert found == (None if vector["part"] is None else utf8(vector["part"]))
