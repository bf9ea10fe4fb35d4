"""The triggers that every triggerer has: a URL that answers, a file that is there (docs/waiting.md)."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from email.message import Message
from typing import IO, Any, Final, TypeVar
from urllib.parse import urlsplit

from ._handlers import Handler, make_handler
from ._limits import FILE_INTERVAL_S, HTTP_BODY_BYTES_MAX, HTTP_INTERVAL_S, HTTP_REDIRECTS_MAX, HTTP_TIMEOUT_S, LOOKS_AT_ONCE
from .args import follow
from .errors import FailTask

_log = logging.getLogger("millrace.trigger")

T = TypeVar("T")

#: Looks are made a bounded number at a time, however many wait.
_lookers = ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="millrace-look")

#: Statuses below 500 that may change by themselves.
_PASSING: Final = (404, 408, 409, 423, 425, 429)
_SECRET_HEADERS: Final = ("authorization", "cookie", "proxy-authorization")


def built_in() -> list[Handler]:
    return [make_handler("http", watch_http, "thread", "trigger"), make_handler("file", watch_file, "thread", "trigger")]


async def _looks(look: Callable[[], T | None], interval_s: float, wait_s: Callable[[], float] = lambda: 0.0) -> T:
    """Looks at once, and then with some chance in the intervals, until there is something to see."""
    loop = asyncio.get_running_loop()
    while True:
        found = await loop.run_in_executor(_lookers, look)
        if found is not None:
            return found
        await asyncio.sleep(max(interval_s * random.uniform(0.9, 1.1), wait_s()))


async def watch_file(config: dict[str, Any]) -> dict[str, Any]:
    path = str(config["path"])

    def look() -> dict[str, Any] | None:
        try:
            facts = os.stat(path)
            if os.path.isdir(path) and not os.listdir(path):
                return None
        except (FileNotFoundError, NotADirectoryError):
            return None
        modified_at = datetime.fromtimestamp(facts.st_mtime, timezone.utc)
        return {"path": path, "size": facts.st_size, "modifiedAt": modified_at}

    return await _looks(look, _interval_s(config, FILE_INTERVAL_S))


def _interval_s(config: dict[str, Any], usual_s: float) -> float:
    ms = config.get("intervalMs")
    return usual_s if ms is None else max(1.0, float(ms) / 1000)


@dataclass
class Seen:
    """What a server said."""

    status: int
    content_type: str
    body: bytes
    retry_after_s: float = 0.0


async def watch_http(config: dict[str, Any]) -> dict[str, Any]:
    asked = _request_of(config)
    statuses, until = config.get("status") or [], config.get("until")
    said: dict[str, Any] = {"wait_s": 0.0, "problem": ""}

    def look() -> dict[str, Any] | None:
        try:
            seen = _ask(asked)
        except OSError as error:
            _say_not_yet(said, asked, f"it cannot be reached: {error}")
            return None
        said["wait_s"] = seen.retry_after_s
        is_wanted = seen.status in statuses if statuses else 200 <= seen.status < 300
        if not is_wanted:
            if seen.status == 429 or seen.status >= 500:
                _say_not_yet(said, asked, f"it answers {seen.status}")
                return None
            if seen.status < 400 or seen.status in _PASSING:
                return None
            raise RuntimeError(f"{_shown(asked.full_url)} answers {seen.status}, which would not change by itself")
        if len(seen.body) > HTTP_BODY_BYTES_MAX:
            raise RuntimeError(f"the answer of {_shown(asked.full_url)} has more than {HTTP_BODY_BYTES_MAX:,} bytes")
        body = _body_of(seen)
        if until is not None and not _is_same(follow(body, until["path"]), until["equals"]):
            return None
        return {"status": seen.status, "body": body}

    return await _looks(look, _interval_s(config, HTTP_INTERVAL_S), lambda: float(said["wait_s"]))


def _request_of(config: dict[str, Any]) -> urllib.request.Request:
    headers: dict[str, str] = {}
    secret: list[str] = []
    for name, given in (config.get("headers") or {}).items():
        if isinstance(given, str):
            headers[name] = given
            continue
        variable = given["env"]
        if variable not in os.environ:
            raise FailTask(f"the header {name} is to come from {variable}, which is not in the environment of this triggerer")
        headers[name] = os.environ[variable]
        secret.append(name.lower())
    body = config.get("body")
    request = urllib.request.Request(
        config["url"], None if body is None else body.encode("utf-8"), headers, method=config.get("method") or "GET"
    )
    request.millrace_secrets = (*_SECRET_HEADERS, *secret)  # type: ignore[attr-defined]
    return request


class _Redirects(urllib.request.HTTPRedirectHandler):
    """What is secret stays with the first server."""

    max_redirections = HTTP_REDIRECTS_MAX

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            return None
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is None:
            return None
        secrets: tuple[str, ...] = getattr(req, "millrace_secrets", _SECRET_HEADERS)
        following.millrace_secrets = secrets  # type: ignore[attr-defined]
        if _origin_of(newurl) != _origin_of(req.full_url):
            for name in [name for name in following.headers if name.lower() in secrets]:
                following.remove_header(name)
        return following


def _origin_of(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


_opener = urllib.request.build_opener(_Redirects)


def _ask(request: urllib.request.Request) -> Seen:
    """Raises OSError when there is no answer."""
    try:
        with _opener.open(request, timeout=HTTP_TIMEOUT_S) as answer:
            return _seen(answer.status, answer.headers, answer)
    except urllib.error.HTTPError as error:
        with error:
            return _seen(error.code, error.headers, error)


def _seen(status: int, headers: Message, body: Any) -> Seen:
    after = headers.get("retry-after", "")
    return Seen(
        status=status,
        content_type=headers.get("content-type", ""),
        body=body.read(HTTP_BODY_BYTES_MAX + 1),
        retry_after_s=float(after) if after.isdigit() else 0.0,
    )


def _body_of(seen: Seen) -> Any:
    if not seen.body:
        return None
    text = seen.body.decode("utf-8", errors="replace")
    if "json" not in seen.content_type:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _is_same(found: Any, wanted: Any) -> bool:
    """As JSON has it: true is not 1."""
    if isinstance(found, bool) != isinstance(wanted, bool):
        return False
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_is_same, found, wanted))
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(_is_same(found[key], wanted[key]) for key in found)
    return bool(found == wanted)


def _say_not_yet(said: dict[str, Any], asked: urllib.request.Request, problem: str) -> None:
    """Says so once for each problem of a watch."""
    if said["problem"] != problem:
        said["problem"] = problem
        _log.warning("trigger.not_yet", extra={"url": _shown(asked.full_url), "problem": problem})


def _shown(url: str) -> str:
    """What a URL carries behind its path may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"
