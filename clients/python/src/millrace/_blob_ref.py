"""References that stand for values too long to be sent along, and the parts of these (docs/codec.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .args import PathKey

#: Every writer writes references exactly so; nothing else begins like this, since an object with a key "$" is escaped.
OPENING: Final = b'{"$":"blob",'
REF_BYTES_MAX: Final = 64 * 1024

_KEY = re.compile(r"run_(?!0+/)[0-9a-z]{1,12}/([0-9a-f]{64})")
_SPACE: Final = " \t\n\r"


@dataclass(frozen=True)
class BlobRef:
    """`key` is "<run id>/<SHA-256 of the whole, hex>", `size` the bytes of the whole; `path` leads to what is meant."""

    key: str
    size: int
    path: tuple[PathKey, ...] = ()

    @property
    def digest(self) -> str:
        return self.key.rpartition("/")[2]


def is_blob_ref(data: bytes) -> bool:
    return data.startswith(OPENING) and len(data) <= REF_BYTES_MAX


def write_blob_ref(ref: BlobRef) -> bytes:
    content: dict[str, Any] = {"key": ref.key, "size": ref.size}
    if ref.path:
        content["path"] = ref.path
    return json.dumps({"$": "blob", "v": content}, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def read_blob_ref(data: bytes) -> BlobRef | None:
    """None when the bytes are no reference, or one that cannot be read."""
    if not is_blob_ref(data):
        return None
    try:
        tree = json.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return None
    content = tree.get("v")
    if not isinstance(content, dict):
        return None
    key, size, path = content.get("key"), content.get("size"), content.get("path", [])
    if not isinstance(key, str) or _KEY.fullmatch(key) is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return None
    if not isinstance(path, list) or not all(isinstance(step, str) or _is_whole(step) for step in path):
        return None
    return BlobRef(key, size, tuple(path))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# Parts of values, as the bytes that were reported, whatever they mean.


def part_at(data: bytes, path: Sequence[PathKey]) -> bytes | None:
    """The bytes of the value at a path of a value; None when the path leads nowhere, or the bytes are no JSON."""
    try:
        text = data.decode("utf-8")
        at = _find(text, path)
        return None if at is None else text[at : _skip(text, at)].encode("utf-8")
    except (UnicodeDecodeError, _NotJson):
        return None


def list_at(data: bytes, path: Sequence[PathKey]) -> list[bytes] | None:
    """The bytes of each element of the list at a path; None when there is no list."""
    try:
        text = data.decode("utf-8")
        at = _find(text, path)
        if at is None or text[at : at + 1] != "[":
            return None
        return [text[start:end].encode("utf-8") for start, end in _elements(text, at)]
    except (UnicodeDecodeError, _NotJson):
        return None


class _NotJson(Exception):
    pass


_decoder = json.JSONDecoder()


def _read(text: str, at: int) -> tuple[Any, int]:
    try:
        return _decoder.raw_decode(text, at)
    except (json.JSONDecodeError, RecursionError):
        raise _NotJson from None


def _skip(text: str, at: int) -> int:
    return _read(text, at)[1]


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Where each element of the list that begins here begins and ends."""
    at = _after_space(text, at + 1)
    while text[at : at + 1] != "]":
        end = _skip(text, at)
        yield at, end
        at = _next(text, end, "]")


def _fields(text: str, at: int) -> Iterator[tuple[str, int]]:
    """The name of each field of the object that begins here, and where its value begins."""
    at = _after_space(text, at + 1)
    while text[at : at + 1] != "}":
        name, end = _read(text, at)
        colon = _after_space(text, end)
        if not isinstance(name, str) or text[colon : colon + 1] != ":":
            raise _NotJson
        value = _after_space(text, colon + 1)
        yield name, value
        at = _next(text, _skip(text, value), "}")


def _next(text: str, end: int, closing: str) -> int:
    at = _after_space(text, end)
    if text[at : at + 1] == ",":
        return _after_space(text, at + 1)
    if text[at : at + 1] != closing:
        raise _NotJson
    return at


def _find(text: str, path: Sequence[PathKey]) -> int | None:
    at: int | None = _after_space(text, 0)
    for key in path:
        if at is None:
            return None
        at = _step(text, at, key)
    return at


def _step(text: str, at: int, key: PathKey) -> int | None:
    if text[at : at + 1] == "[":
        return _element(text, at, key) if isinstance(key, int) else None
    if text[at : at + 1] != "{":
        return None
    # The last field of a name counts, as parsers have it.
    fields = dict(_fields(text, at))
    if "$" not in fields:
        return fields.get(str(key))
    tag, content = _read(text, fields["$"])[0], fields.get("v")
    if content is None:
        return None
    if tag == "object" and text[content : content + 1] == "{":
        return dict(_fields(text, content)).get(str(key))
    if tag == "map" and text[content : content + 1] == "[":
        return _entry(text, content, key)
    return None


def _element(text: str, at: int, index: int) -> int | None:
    return next((start for number, (start, _) in enumerate(_elements(text, at)) if number == index), None)


def _entry(text: str, at: int, key: PathKey) -> int | None:
    """The value of the pair whose key is exactly this one: 1 and "1" differ."""
    found: int | None = None
    for start, _ in _elements(text, at):
        pair = [begin for begin, _ in _elements(text, start)] if text[start] == "[" else []
        if len(pair) < 2:
            continue
        name = _read(text, pair[0])[0]
        is_number = isinstance(name, (int, float)) and not isinstance(name, bool)
        if name == key and is_number == isinstance(key, int):
            found = pair[1]
    return found
