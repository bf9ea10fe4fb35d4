"""Large values on their way: those an attempt is given are fetched before its body begins, those it leaves are stored
before its result goes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace

from ._blob_ref import OPENING, BlobRef, is_blob_ref, list_at, part_at, read_blob_ref, write_blob_ref
from ._context import AttemptFacts, Resumption
from ._limits import FETCHED_BYTES_MAX, INLINE_BYTES_MAX
from ._outcome import Deferral, Ended, Succeeded
from .args import PathKey
from .codec import VALUE_BYTES_MAX, CodecError

Fetch = Callable[[BlobRef], bytes]
Store = Callable[[bytes], BlobRef]

#: Lists of stored values whose elements were asked for, cut once.
_CUTS_KEPT = 2


def refers_to_blobs(facts: AttemptFacts) -> bool:
    resumption = facts.resumption
    own = () if resumption is None else (resumption.event, resumption.state)
    given = (*facts.inputs.values(), *facts.items.values(), *own)
    return any(is_blob_ref(data) or _holds_refs(data) for data in given if data)


def _holds_refs(data: bytes) -> bool:
    """Whether a list, which may be that of a mapped task's values, has references among its elements."""
    return data[:1] == b"[" and OPENING in data


class Fetching:
    """Puts values in the places of their references, for one attempt. Raises CodecError, and what `fetch` raises."""

    def __init__(self, fetch: Fetch, cuts: Cuts) -> None:
        self._fetch = fetch
        self._cuts = cuts
        self._bytes = 0

    def facts(self, facts: AttemptFacts) -> AttemptFacts:
        resumption = facts.resumption
        return replace(
            facts,
            inputs=self._all(facts.inputs, "the result of task {}"),
            items=self._all(facts.items, "the element {}"),
            resumption=None
            if resumption is None
            else Resumption(
                event=resumption.event and self.value(resumption.event, "what it waited for"),
                state=resumption.state and self.value(resumption.state, "what it left for itself"),
            ),
        )

    def value(self, data: bytes, name: str) -> bytes:
        if is_blob_ref(data):
            return self._one(data, name)
        elements = list_at(data, ()) if _holds_refs(data) else None
        if elements is None:
            return data
        return b"[" + b",".join(self._one(one, name) if is_blob_ref(one) else one for one in elements) + b"]"

    def _all(self, values: Mapping[str, bytes], name: str) -> dict[str, bytes]:
        return {key: self.value(data, name.format(repr(key))) for key, data in values.items()}

    def _one(self, data: bytes, name: str) -> bytes:
        ref = read_blob_ref(data)
        if ref is None:
            raise CodecError(f"{name} is a reference that cannot be read")
        if not ref.path:
            self._bytes += ref.size
            if self._bytes > FETCHED_BYTES_MAX:
                raise CodecError(
                    f"{name} brings what the attempt is given to {self._bytes:,} bytes; it may be given "
                    f"{FETCHED_BYTES_MAX:,} of stored values. Return less, or pass addresses.",
                    "VALUE_TOO_LARGE",
                )
            return self._fetch(ref)
        part = self._part(ref)
        if part is None:
            raise CodecError(f"{name} is gone: there is nothing at {list(ref.path)} of the stored value {ref.key}")
        return part

    def _part(self, ref: BlobRef) -> bytes | None:
        *before, last = ref.path
        whole = self._fetch(ref)
        if not isinstance(last, int):
            return part_at(whole, ref.path)
        elements = self._cuts.of(ref.key, tuple(before), whole)
        return elements[last] if elements is not None and 0 <= last < len(elements) else part_at(whole, ref.path)


class Cuts:
    """Of a mapping over a large list every instance wants an element. One for each process; its calls come from many
    threads, and a cut that is lost is made again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, tuple[PathKey, ...]], list[bytes] | None] = OrderedDict()

    def of(self, key: str, path: tuple[PathKey, ...], whole: bytes) -> list[bytes] | None:
        name = (key, path)
        if name not in self._kept:
            self._kept[name] = list_at(whole, path)
            while len(self._kept) > _CUTS_KEPT:
                self._kept.popitem(last=False)
        return self._kept.get(name)


def lightened(ended: Ended, store: Store) -> Ended:
    """With references in the places of large values: those that are too long to be sent along, and the largest as long
    as all of them together are. Raises what `store` raises."""
    outcome = ended.outcome
    values: dict[tuple[str, str], bytes] = {("xcom", key): data for key, data in ended.xcoms.items()}
    if isinstance(outcome, Succeeded) and outcome.value is not None:
        values["own", ""] = outcome.value
    if isinstance(outcome, Deferral) and outcome.state is not None:
        values["own", ""] = outcome.state
    total = sum(map(len, values.values()))
    refs: dict[tuple[str, str], bytes] = {}
    for name, data in sorted(values.items(), key=lambda one: len(one[1]), reverse=True):
        if len(data) <= VALUE_BYTES_MAX and total <= INLINE_BYTES_MAX:
            break
        total -= len(data)
        refs[name] = write_blob_ref(store(data))
    if not refs:
        return ended
    own = refs.get(("own", ""))
    if own is not None and isinstance(outcome, Succeeded):
        outcome = replace(outcome, value=own)
    if own is not None and isinstance(outcome, Deferral):
        outcome = replace(outcome, state=own)
    return Ended(outcome, {key: refs.get(("xcom", key), data) for key, data in ended.xcoms.items()})
