"""Names of mapped instances for people: a template with placeholders, `{{ item.name }} in {{ params.region }}`.

The form is the part of Liquid and Jinja that every worker can read (docs/worker-protocol.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

from . import codec
from ._control import ValueRefused
from .args import ItemKey, RunFacts
from .codec import UNDEFINED

#: UTF-16 units, as servers count them.
LABEL_CHARS_MAX: Final = 250

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_PATH = re.compile(r"""\s*([A-Za-z_][\w-]*)((?:\.[\w-]+|\[\d+\]|\["[^"]*"\]|\['[^']*'\])*)\s*""", re.ASCII)
_STEP = re.compile(r"""\.([\w-]+)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]""", re.ASCII)
_STRAY = re.compile(r"\{\{|\{%")


def render_label(template: str, variables: Mapping[str, Any]) -> str:
    """The template with its placeholders filled in, cut to 250 characters. Raises ValueRefused for one that leads nowhere."""
    stray = _STRAY.search(_PLACEHOLDER.sub("", template))
    if stray:
        raise ValueRefused(f"the map index template {template!r} holds {stray[0]!r} that is no placeholder")
    return _cut(_PLACEHOLDER.sub(lambda found: _fill(found[1], variables), template))


def _fill(path: str, variables: Mapping[str, Any]) -> str:
    match = _PATH.fullmatch(path)
    if match is None:
        raise ValueRefused(f"the map index template holds {{{{{path}}}}}; write a name with fields, such as {{{{ item.name }}}}")
    value: Any = variables.get(match[1], UNDEFINED)
    for field, index, *quoted in _STEP.findall(match[2]):
        value = _step(value, field or index or quoted[0] or quoted[1])
    if value is UNDEFINED:
        raise ValueRefused(f"the map index template asks for {path.strip()}, which does not exist")
    return _text_of(value)


def _step(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key, UNDEFINED)
    if isinstance(value, list) and key.isdigit():
        return value[int(key)] if int(key) < len(value) else UNDEFINED
    return UNDEFINED


def _text_of(value: Any) -> str:
    """Text as it is, null as nothing, dates as ISO 8601, anything else as the codec writes it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, codec.BigInt):
        return str(int(value))
    wire = codec.encode(value).decode("utf-8")
    return wire[len('{"$":"date","v":"') : -len('"}')] if isinstance(value, datetime) else wire


def _cut(text: str) -> str:
    units = text.encode("utf-16-le", errors="surrogatepass")
    if len(units) <= 2 * LABEL_CHARS_MAX:
        return text
    return units[: 2 * (LABEL_CHARS_MAX - 1)].decode("utf-16-le", errors="ignore") + "…"


def label_variables(
    run: RunFacts, task_id: str, map_index: int, try_number: int, items: Mapping[ItemKey, Any]
) -> dict[str, Any]:
    """The variables of a template. `items` are the elements of the mapping closest around the task."""
    own = own_items(task_id, items)
    return {
        "item": own[0] if own else UNDEFINED,
        "items": own,
        "params": run.params,
        "map_index": map_index,
        "ds": run.ds,
        "ds_nodash": run.ds.replace("-", ""),
        "ts": run.ts,
        "ts_nodash": run.instant.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%S"),
        "logical_date": run.logical_date,
        "data_interval_start": run.data_interval_start,
        "data_interval_end": run.data_interval_end,
        "partition_key": run.partition_key,
        "run_id": run.name,
        "run_type": run.type,
        "dag_id": run.dag_id,
        "task_id": task_id,
        "try_number": try_number,
    }


def own_items(task_id: str, items: Mapping[ItemKey, Any]) -> list[Any]:
    """The elements of the task's own mapping, else of the innermost mapped group around it, by source."""
    owners = {owner for owner, _ in items}
    # Ids of groups hold those around them: the longest is the innermost.
    owner = task_id if task_id in owners else max(owners, key=len, default="")
    return [value for (of, _), value in sorted(items.items(), key=lambda entry: entry[0]) if of == owner]
