"""What ends the wait of a task that gave its slot back: `return defer(trigger.after(minutes(10)))`.

Durations are a timedelta, or seconds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Union
from urllib.parse import urlsplit

from . import codec
from ._limits import (
    FORM_BODY_BYTES_MAX,
    FORM_SCHEMA_BYTES_MAX,
    HTTP_INTERVAL_S,
    FILE_INTERVAL_S,
    TRIGGER_INTERVAL_MIN_S,
    TRIGGER_NAME_MAX,
    WAIT_TEXT_MAX,
)
from .errors import seconds_of

Duration = Union[timedelta, float]

__all__ = ["Trigger", "after", "at", "custom", "file", "http", "input", "runs", "token"]


@dataclass(frozen=True)
class Trigger:
    """Made by the functions of this module."""


@dataclass(frozen=True)
class TimeTrigger(Trigger):
    #: One of them is set.
    at: datetime | None = None
    after_s: float | None = None


@dataclass(frozen=True)
class TokenTrigger(Trigger):
    heartbeat_s: float | None = None


@dataclass(frozen=True)
class InputTrigger(Trigger):
    subject: str
    body: str
    schema: str
    #: Encoded; None for none.
    defaults: bytes | None
    assignees: tuple[str, ...]


@dataclass(frozen=True)
class RunsTrigger(Trigger):
    dag_id: str
    run_id: str | None
    logical_dates: tuple[datetime, ...]
    tasks: tuple[str, ...]
    groups: tuple[str, ...]
    allowed: tuple[str, ...]
    failed: tuple[str, ...]
    skipped: tuple[str, ...]
    is_strict: bool
    soft_fail: bool
    check_existence: bool


@dataclass(frozen=True)
class WatchTrigger(Trigger):
    handler: str
    #: Encoded.
    config: bytes
    summary: str


def at(moment: datetime) -> Trigger:
    """Ends at a moment; one that is over ends at once. The task gets None."""
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise ValueError(f"trigger.at: {moment!r} is no moment: give an aware datetime, such as datetime.now(timezone.utc)")
    return TimeTrigger(at=moment.astimezone(timezone.utc))


def after(duration: Duration) -> Trigger:
    """Ends this long after the task began to wait. The task gets None."""
    return TimeTrigger(after_s=seconds_of(duration))


def token(*, heartbeat: Duration | None = None) -> Trigger:
    """Ends when somebody, anywhere, brings the task's token: `context().task_token()`, made before the wait begins.

    With `heartbeat` the wait fails, and is retried, when the token has had no heartbeat for so long. The task gets what
    the token was completed with.
    """
    return TokenTrigger(None if heartbeat is None else _interval("trigger.token: heartbeat", heartbeat))


def input(
    subject: str,
    schema: Mapping[str, Any],
    *,
    body: str = "",
    defaults: Mapping[str, Any] | None = None,
    assignees: Iterable[str] = (),
) -> Trigger:
    """Ends when a person has filled in a form. The task gets `{"values": …, "by": "user:anna", "at": datetime}`.

    `schema` is a JSON Schema of an object; `body` Markdown; `defaults` are taken when the time of the wait is over (`by`
    is "timeout" then); `assignees`, such as "user:anna", are those who may answer: everybody unless given.
    """
    if not subject.strip() or len(subject) > WAIT_TEXT_MAX or "\n" in subject:
        raise ValueError(f"trigger.input: subject is {subject[:80]!r}: give one line of 1 to {WAIT_TEXT_MAX} characters")
    if len(body.encode("utf-8")) > FORM_BODY_BYTES_MAX:
        raise ValueError(f"trigger.input: body may have {FORM_BODY_BYTES_MAX:,} bytes")
    text = json.dumps(schema, ensure_ascii=False, allow_nan=False)
    if len(text.encode("utf-8")) > FORM_SCHEMA_BYTES_MAX:
        raise ValueError(f"trigger.input: schema may have {FORM_SCHEMA_BYTES_MAX:,} bytes of JSON")
    if isinstance(assignees, str):
        raise ValueError(f'trigger.input: assignees is the text {assignees!r}; write a list: ["{assignees}"]')
    encoded = None if defaults is None else codec.encode(_completed(schema, defaults))
    return InputTrigger(subject, body, text, encoded, tuple(assignees))


def _completed(schema: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """With the schema's own defaults filled in. Whether the whole keeps to the schema the server says."""
    complete = dict(values)
    properties = schema.get("properties")
    for name, of in (properties if isinstance(properties, Mapping) else {}).items():
        if not isinstance(of, Mapping):
            continue
        if name not in complete and "default" in of:
            complete[name] = of["default"]
        if isinstance(complete.get(name), Mapping):
            complete[name] = _completed(of, complete[name])
    return complete


def http(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str | Mapping[str, str]] | None = None,
    body: str | None = None,
    interval: Duration = HTTP_INTERVAL_S,
    status: int | Sequence[int] = (),
    until: tuple[str | Sequence[str | int], Any] | None = None,
) -> Trigger:
    """Ends when a URL answers as asked for: with one of these statuses (200 to 299 unless given), and with a JSON body
    that has a value at a path: `until=("job.state", "done")`. A triggerer of the task's queue looks.

    A header is a text, or `{"env": "NAME"}` for what is in the environment of the worker that looks, which keeps secrets
    there. The task gets `{"status": …, "body": …}`.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"trigger.http: url is {url!r}: give one that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError('trigger.http: url has a name or a password: send the header authorization, such as {"env": "NAME"}')
    name = method.upper()
    if body is not None and name in ("GET", "HEAD"):
        raise ValueError(f"trigger.http: body goes without method {name}")
    statuses = [status] if isinstance(status, int) else list(status)
    if not all(isinstance(one, int) and 200 <= one <= 599 for one in statuses):
        raise ValueError(f"trigger.http: status is {status!r}: give a status from 200 to 599, or several")
    config = {
        "url": url,
        "method": name,
        "headers": {key: value if isinstance(value, str) else dict(value) for key, value in (headers or {}).items()},
        "body": body,
        "intervalMs": round(_interval("trigger.http: interval", interval) * 1000),
        "status": statuses,
        "until": None if until is None else _until(*until),
    }
    # What a URL carries behind its path may be secret, and everybody sees a summary.
    return _watch("http", config, f"{name} {parts.scheme}://{parts.netloc}{parts.path}")


def _until(path: str | Sequence[str | int], equals: Any) -> dict[str, Any]:
    keys: list[str | int] = list(path.split(".")) if isinstance(path, str) else list(path)
    if not keys or any(key == "" for key in keys):
        raise ValueError(f'trigger.http: until is about {path!r}: give a path such as "job.state" or ["jobs", 0, "state"]')
    return {"path": keys, "equals": equals}


def file(path: str | Path, *, interval: Duration = FILE_INTERVAL_S) -> Trigger:
    """Ends when a file is there, or a folder with something in it, where the triggerer of the task's queue runs.

    A relative path counts from where the body runs. The task gets `{"path": …, "size": …, "modifiedAt": datetime}`.
    """
    whole = str(Path(path).absolute())
    return _watch("file", {"path": whole, "intervalMs": round(_interval("trigger.file: interval", interval) * 1000)}, whole)


END_STATES = ("success", "failed", "skipped", "upstream_failed")


def runs(
    dag_id: str,
    *,
    run_id: str | None = None,
    logical_dates: datetime | Iterable[datetime] = (),
    tasks: Iterable[str] = (),
    groups: Iterable[str] = (),
    allowed_states: Iterable[str] = ("success",),
    failed_states: Iterable[str] | None = None,
    skipped_states: Iterable[str] = (),
    soft_fail: bool = False,
    check_existence: bool = True,
) -> Trigger:
    """Ends when a run of another DAG has ended, or the runs of some logical dates, or tasks and groups in them. The server
    looks.

    The wait fails, as a failure that retries, when something is in one of `failed_states`: all that are neither allowed nor
    skipped unless given, and then also when a run has ended without everything having run. `failed_states=()` waits on. With
    `soft_fail` the task is skipped where it would fail. `check_existence` fails for good when there is no such DAG, task or
    group. The task gets a list of `{"dagId", "runId", "runName", "logicalDate", "state"}`; with `run_id` the one alone.
    """
    dates = (logical_dates,) if isinstance(logical_dates, datetime) else tuple(logical_dates)
    if (run_id is None) == (not dates):
        raise ValueError("trigger.runs: give either run_id or logical_dates")
    if any(date.utcoffset() is None for date in dates):
        raise ValueError(f"trigger.runs: logical_dates are {dates!r}: give aware datetimes")
    allowed, skipped = tuple(allowed_states), tuple(skipped_states)
    rest = tuple(state for state in END_STATES if state not in (*allowed, *skipped))
    failed = rest if failed_states is None else tuple(failed_states)
    named = (*allowed, *failed, *skipped)
    if not allowed or any(state not in END_STATES for state in named) or len(set(named)) < len(named):
        raise ValueError(f"trigger.runs: states are {named!r}: give {', '.join(END_STATES)}, each in one list, one of them allowed")
    whole = tuple(dict.fromkeys(date.astimezone(timezone.utc) for date in dates))
    strict = failed_states is None
    return RunsTrigger(
        dag_id, run_id, whole, tuple(tasks), tuple(groups), allowed, failed, skipped, strict, soft_fail, check_existence
    )


def custom(handler: str, config: Any, summary: str) -> Trigger:
    """Ends when a function that a triggerer has under this name says so: `@worker.trigger(name)`, or `runTriggerer`.

    `config` is what the function is told: any value that can be carried. `summary` is what is waited for, for people. The
    task gets what the function returns.
    """
    if not handler or len(handler) > TRIGGER_NAME_MAX:
        raise ValueError(f"trigger.custom: handler is {handler[:80]!r}: give 1 to {TRIGGER_NAME_MAX} characters")
    if not summary or len(summary) > WAIT_TEXT_MAX:
        raise ValueError(f"trigger.custom: summary is {summary[:80]!r}: give 1 to {WAIT_TEXT_MAX} characters")
    return _watch(handler, config, summary)


def _watch(handler: str, config: Any, what: str) -> Trigger:
    summary = what if len(what) <= WAIT_TEXT_MAX else what[: WAIT_TEXT_MAX - 1] + "…"
    return WatchTrigger(handler, codec.encode(config), summary)


def _interval(what: str, duration: Duration) -> float:
    seconds = seconds_of(duration)
    if not math.isfinite(seconds) or seconds < TRIGGER_INTERVAL_MIN_S:
        raise ValueError(f"{what} is {duration!r}: give at least {TRIGGER_INTERVAL_MIN_S:g} s")
    return seconds
