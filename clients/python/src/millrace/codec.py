"""Values that cross edges, as JSON with tagged extensions (docs/codec.md).

==============================  =======================================================================
on the wire                     in Python
==============================  =======================================================================
null, true, "text", [], {}      None, bool, str, list (a tuple too), dict with str keys
12, 1.5                         int, float
bigint                          `BigInt`, an int; every int beyond 2**53 - 1 is sent as one
date                            datetime, aware; read as UTC (JavaScript keeps milliseconds of it)
bytes                           bytes (bytearray and memoryview too)
map                             `Map`, a dict; every dict with a key that is not a str is sent as one
set                             set (frozenset too); the order is not kept
undefined                       `UNDEFINED`
NaN, Infinity, -Infinity, -0    float
==============================  =======================================================================

A map or set from another language whose members Python cannot hash, or holds for equal (1, 1.0 and True), is
read as `MapEntries` or `SetItems`, which are lists, so that nothing is lost.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Any, Final, Literal

VALUE_BYTES_MAX: Final = 256 * 1024
DEPTH_MAX: Final = 100
SAFE_INTEGER_MAX: Final = 2**53 - 1
#: Python itself refuses to read longer ones from text (sys.get_int_max_str_digits).
BIGINT_DIGITS_MAX: Final = 4300
_BIGINT_BITS_MAX: Final = int(BIGINT_DIGITS_MAX * math.log2(10))

TAG: Final = "$"
_DATE = re.compile(r"(\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)
_BIGINT = re.compile(r"0|-?[1-9][0-9]*")
_NUMBERS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}

Reason = Literal["VALUE_INVALID", "VALUE_TOO_LARGE"]


class CodecError(ValueError):
    """A value cannot be carried, or cannot be read. `reason` is VALUE_INVALID or VALUE_TOO_LARGE."""

    def __init__(self, message: str, reason: Reason = "VALUE_INVALID") -> None:
        super().__init__(message)
        self.reason: Reason = reason


class Undefined:
    """JavaScript's `undefined`: no value, as opposed to None, which is null. Falsy. There is one: UNDEFINED."""

    _only: Undefined | None = None

    def __new__(cls) -> Undefined:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __reduce__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined()


class BigInt(int):
    """An int that stays a bigint when sent on, however small it is."""


class Map(dict[Any, Any]):
    """A dict that stays a map when sent on, even when all its keys are strings."""


class MapEntries(list[tuple[Any, Any]]):
    """A map as its entries, where a dict cannot hold them."""


class SetItems(list[Any]):
    """A set as its items, where a set cannot hold them."""


def encode(value: object, bytes_max: int = VALUE_BYTES_MAX) -> bytes:
    """Writes a value. Raises CodecError naming the place, or VALUE_TOO_LARGE over `bytes_max`."""
    wire = _to_wire(value, "the value", 0)
    text = json.dumps(wire, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Lone surrogates, legal in JavaScript strings, cannot be UTF-8: backslashreplace writes them as JSON escapes.
    data = text.encode("utf-8", errors="backslashreplace")
    _refuse_too_large(len(data), bytes_max)
    return data


def decode(data: bytes, bytes_max: int | None = VALUE_BYTES_MAX) -> Any:
    """Reads a value. Raises CodecError for text that is not the codec's, unknown tags included."""
    return from_wire(parse(data, bytes_max))


def parse(data: bytes, bytes_max: int | None = VALUE_BYTES_MAX) -> Any:
    """The JSON text as plain data, tags still in it."""
    if bytes_max is not None:
        _refuse_too_large(len(data), bytes_max)
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CodecError(f"the value is not JSON: {error}") from None
    except RecursionError:
        raise CodecError(f"the value is nested deeper than {DEPTH_MAX}") from None


def _refuse_too_large(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise CodecError(
            f"the value has {size:,} bytes when encoded; at most {bytes_max:,} are allowed. "
            "Store it elsewhere and pass its address.",
            "VALUE_TOO_LARGE",
        )


def _refuse_constant(name: str) -> float:
    raise CodecError(f'the value is not JSON: {name} is written {{"$":"number","v":"{name}"}}')


def _to_wire(value: object, place: str, depth: int) -> Any:
    """`depth` is the number of lists, dicts and sets around the value."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        is_big = isinstance(value, BigInt) or abs(value) > SAFE_INTEGER_MAX
        return _tagged("bigint", _digits(value, place)) if is_big else int(value)
    if isinstance(value, float):
        return _float_to_wire(value)
    if isinstance(value, Undefined):
        return {TAG: "undefined"}
    if isinstance(value, datetime):
        return _tagged("date", _date_to_text(value, place))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _tagged("bytes", base64.b64encode(bytes(value)).decode("ascii"))
    if not isinstance(value, (list, tuple, set, frozenset, Mapping)):
        raise CodecError(f"{place} is a {type(value).__name__}, which cannot be carried; {_remedy(value)}")
    if depth == DEPTH_MAX:
        raise CodecError(
            f"{place[:80]} … is nested deeper than {DEPTH_MAX} levels, or contains itself; "
            "flatten it or cut the circle"
        )
    return _container_to_wire(value, place, depth + 1)


def _container_to_wire(value: Iterable[Any], place: str, depth: int) -> Any:
    if isinstance(value, MapEntries):
        return _tagged("map", _pairs_to_wire(value, place, depth))
    if isinstance(value, (set, frozenset, SetItems)):
        return _tagged("set", _items_to_wire(value, place, depth))
    if isinstance(value, Mapping):
        return _mapping_to_wire(value, place, depth)
    return _items_to_wire(value, place, depth)


def _remedy(value: object) -> str:
    if isinstance(value, date):
        return "use an aware datetime, or isoformat()"
    if hasattr(value, "__dataclass_fields__"):
        return "use dataclasses.asdict()"
    if hasattr(value, "tolist"):
        return "use its tolist()"
    return "use None, bool, int, float, str, list, dict, set, bytes or datetime"


def _tagged(tag: str, content: object) -> dict[str, object]:
    return {TAG: tag, "v": content}


def _digits(value: int, place: str) -> str:
    if value.bit_length() > _BIGINT_BITS_MAX:
        raise CodecError(f"{place} is an int of more than {BIGINT_DIGITS_MAX:,} digits", "VALUE_TOO_LARGE")
    return int.__repr__(value)


def _float_to_wire(value: float) -> Any:
    if math.isnan(value):
        return _tagged("number", "NaN")
    if math.isinf(value):
        return _tagged("number", "Infinity" if value > 0 else "-Infinity")
    if value == 0 and math.copysign(1, value) < 0:
        return _tagged("number", "-0")
    # JavaScript has one number type: 2.0 is written 2, so that the same number has the same text everywhere.
    is_whole = value.is_integer() and abs(value) <= SAFE_INTEGER_MAX
    return int(value) if is_whole else float(value)


def _items_to_wire(items: Iterable[object], place: str, depth: int) -> list[Any]:
    return [_to_wire(item, f"{place}[{index}]", depth) for index, item in enumerate(items)]


def _pairs_to_wire(pairs: Iterable[tuple[object, object]], place: str, depth: int) -> list[Any]:
    return [
        [_to_wire(part, f"{place}.entry[{index}]", depth) for part in (key, item)]
        for index, (key, item) in enumerate(pairs)
    ]


def _mapping_to_wire(value: Mapping[Any, Any], place: str, depth: int) -> dict[str, Any]:
    if isinstance(value, Map) or not all(isinstance(key, str) for key in value):
        return _tagged("map", _pairs_to_wire(value.items(), place, depth))
    fields = {str(key): _to_wire(item, f"{place}.{key}", depth) for key, item in value.items()}
    return _tagged("object", fields) if TAG in fields else fields


def _date_to_text(value: datetime, place: str) -> str:
    if value.utcoffset() is None:
        raise CodecError(f"{place} is a datetime without a zone; use datetime(…, tzinfo=timezone.utc) or astimezone()")
    utc = value.astimezone(timezone.utc)
    precision = "milliseconds" if utc.microsecond % 1000 == 0 else "microseconds"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


#: Reads a tag that is not of the codec itself: the references of argument expressions.
OtherTag = Callable[[dict[str, Any]], Any]


def _refuse_tag(wire: dict[str, Any]) -> Any:
    if wire[TAG] == "blob":
        raise CodecError("the value is a reference to a value that is stored elsewhere, and not the value")
    raise CodecError(f"the tag {wire[TAG]!r} is unknown; a newer SDK may have written this value")


def from_wire(wire: Any, other_tag: OtherTag = _refuse_tag, depth: int = 0) -> Any:
    """Turns plain data with tags into the value."""
    if isinstance(wire, int) and not isinstance(wire, bool) and abs(wire) > SAFE_INTEGER_MAX:
        # A JSON number is a double in every language: exact ints beyond this come as bigint.
        return _as_double(wire)
    if not isinstance(wire, (list, dict)):
        return wire
    if isinstance(wire, dict) and TAG in wire:
        return _from_tagged(wire, other_tag, depth)
    return _from_plain(wire, other_tag, depth)


def _from_plain(wire: Any, other_tag: OtherTag, depth: int) -> Any:
    if depth == DEPTH_MAX:
        raise CodecError(f"the value is nested deeper than {DEPTH_MAX} levels")
    if isinstance(wire, list):
        return [from_wire(item, other_tag, depth + 1) for item in wire]
    return {key: from_wire(item, other_tag, depth + 1) for key, item in wire.items()}


def _as_double(wire: int) -> float:
    try:
        return float(wire)
    except OverflowError:
        return math.inf if wire > 0 else -math.inf


def _from_tagged(wire: dict[str, Any], other_tag: OtherTag, depth: int) -> Any:
    tag = wire[TAG]
    if not isinstance(tag, str) or tag not in _READERS:
        return other_tag(wire)
    expected = {TAG} if tag == "undefined" else {TAG, "v"}
    if set(wire) != expected:
        raise CodecError(f"the tag {tag!r} has the keys {sorted(wire)}; expected {sorted(expected)}")
    content = wire.get("v")
    try:
        return _READERS[tag](content, other_tag, depth)
    except CodecError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError):
        raise CodecError(f"the {tag} {str(content)[:80]!r} cannot be read") from None


def _read_undefined(_content: Any, _other: OtherTag, _depth: int) -> Undefined:
    return UNDEFINED


def _read_date(content: Any, _other: OtherTag, _depth: int) -> datetime:
    if not _DATE.fullmatch(content):
        raise ValueError(content)
    if content[0] in "+-" or content.startswith("0000"):
        raise CodecError(f"the date {content} is outside the years 1 to 9999 of Python's datetime")
    fraction = content[20:-1].ljust(6, "0")[:6]
    moment = datetime.strptime(content[:19], "%Y-%m-%dT%H:%M:%S")
    return moment.replace(microsecond=int(fraction), tzinfo=timezone.utc)


def _read_bigint(content: Any, _other: OtherTag, _depth: int) -> BigInt:
    if not _BIGINT.fullmatch(content):
        raise ValueError(content)
    if len(content.lstrip("-")) > BIGINT_DIGITS_MAX:
        raise CodecError(f"a bigint has more than {BIGINT_DIGITS_MAX:,} digits", "VALUE_TOO_LARGE")
    return BigInt(content)


def _read_bytes(content: Any, _other: OtherTag, _depth: int) -> bytes:
    if not isinstance(content, str):
        raise TypeError(content)
    return base64.b64decode(content.encode("ascii"), validate=True)


def _read_number(content: Any, _other: OtherTag, _depth: int) -> float:
    return _NUMBERS[content]


def _read_map(content: Any, other_tag: OtherTag, depth: int) -> Map | MapEntries:
    if not isinstance(content, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in content):
        raise TypeError(content)
    # A pair is no level of its own.
    keys = _from_plain([pair[0] for pair in content], other_tag, depth)
    items = _from_plain([pair[1] for pair in content], other_tag, depth)
    pairs = list(zip(keys, items))
    try:
        as_dict = Map(pairs)
    except TypeError:
        return MapEntries(pairs)
    return as_dict if len(as_dict) == len(pairs) else MapEntries(pairs)


def _read_set(content: Any, other_tag: OtherTag, depth: int) -> set[Any] | SetItems:
    if not isinstance(content, list):
        raise TypeError(content)
    items = _from_plain(content, other_tag, depth)
    try:
        as_set = set(items)
    except TypeError:
        return SetItems(items)
    return as_set if len(as_set) == len(items) else SetItems(items)


def _read_object(content: Any, other_tag: OtherTag, depth: int) -> Any:
    if not isinstance(content, dict):
        raise TypeError(content)
    return _from_plain(content, other_tag, depth)


_READERS: Final[dict[str, Callable[[Any, OtherTag, int], Any]]] = {
    "undefined": _read_undefined,
    "date": _read_date,
    "bigint": _read_bigint,
    "bytes": _read_bytes,
    "number": _read_number,
    "map": _read_map,
    "set": _read_set,
    "object": _read_object,
}
