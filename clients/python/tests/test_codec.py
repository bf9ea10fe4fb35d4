"""What Python's own types become, beyond the vectors of all languages."""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

import pytest

from millrace import UNDEFINED, BigInt, Map, codec


@dataclass
class Row:
    id: int


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ((1, 2), "[1,2]"),
        (2.0, "2"),
        (2**53 - 1, "9007199254740991"),
        (2**53, '{"$":"bigint","v":"9007199254740992"}'),
        (-(2**53), '{"$":"bigint","v":"-9007199254740992"}'),
        (BigInt(1), '{"$":"bigint","v":"1"}'),
        (True, "true"),
        ({1: "a"}, '{"$":"map","v":[[1,"a"]]}'),
        ({}, "{}"),
        (Map({"a": 1}), '{"$":"map","v":[["a",1]]}'),
        (frozenset(["x"]), '{"$":"set","v":["x"]}'),
        (bytearray(b"\xff"), '{"$":"bytes","v":"/w=="}'),
        (UNDEFINED, '{"$":"undefined"}'),
        (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), '{"$":"date","v":"2026-01-01T00:00:00.000Z"}'),
        (datetime(26, 1, 1, 0, 0, 0, 1, timezone.utc), '{"$":"date","v":"0026-01-01T00:00:00.000001Z"}'),
        ("\ud83c", '"\\ud83c"'),
    ],
)
def test_a_python_value_is_written(value, written):
    assert codec.encode(value).decode() == written


def test_microseconds_survive_between_python_workers():
    moment = datetime(2026, 1, 1, microsecond=123_456, tzinfo=timezone.utc)
    assert codec.decode(codec.encode(moment)) == moment


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (datetime(2026, 1, 1), "the value is a datetime without a zone"),
        ({"day": date(2026, 1, 1)}, r"the value\.day is a date, which cannot be carried; use an aware datetime"),
        ([Row(1)], r"the value\[0\] is a Row, which cannot be carried; use dataclasses.asdict"),
        (decimal.Decimal(1), "is a Decimal"),
        (object, "is a type"),
    ],
)
def test_what_cannot_be_carried_is_named_with_its_place_and_a_remedy(value, says):
    with pytest.raises(codec.CodecError, match=says):
        codec.encode(value)


def test_a_value_that_contains_itself_is_refused():
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(codec.CodecError, match="nested deeper than 100 levels, or contains itself"):
        codec.encode(circle)


def test_members_that_python_holds_for_equal_stay_apart():
    text = b'{"$":"map","v":[[1,"number"],[true,"boolean"]]}'
    assert codec.decode(text) == codec.MapEntries([(1, "number"), (True, "boolean")])
    assert codec.encode(codec.decode(text)) == text


def test_an_integer_beyond_a_doubles_precision_is_read_as_javascript_reads_it():
    assert codec.decode(b"9007199254740993") == 9007199254740992.0


def test_nesting_that_would_overflow_the_stack_is_an_error_and_no_crash():
    with pytest.raises(codec.CodecError, match="nested deeper"):
        codec.decode(b"[" * 100_000 + b"]" * 100_000)
