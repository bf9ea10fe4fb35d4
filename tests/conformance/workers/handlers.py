"""The handlers that every worker under test implements, in Python. `typescript.ts` is their other half."""

from __future__ import annotations

import time
from pathlib import Path

from millrace import CancelledError, Done, FailTask, RetryTask, SkipTask, context, sensor, task


@task
def echo(value):
    return value


@task
def fail(message):
    raise ValueError(message)


@task
def fail_for_good(message):
    raise FailTask(message)


@task
def skip(message):
    raise SkipTask(message)


@task
def big(size):
    return "x" * size


@task
def talk(count):
    for number in range(count):
        print(f"line {number}")


@task
def block(seconds):
    """Computes without ever looking up."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        pass
    return "blocked"


@task
def hold(folder):
    """Notes that it has begun, and ends when a file `release` appears or when it is told to stop."""
    note(folder, "begun")
    try:
        while not Path(folder, "release").exists():
            context().sleep(0.02)
    except CancelledError:
        note(folder, "stopped")
        raise
    return "held"


@task
def retry_later(seconds):
    raise RetryTask("busy", after=seconds)


def policy(error, try_number):
    """What it says of the errors of `ask_policy`."""
    if str(error) == "broken policy":
        raise KeyError("no such rule")
    return {"hopeless": "fail", "busy": 90 * try_number}.get(str(error))


@task(retry_policy=policy)
def ask_policy(message):
    if message == "for good":
        raise FailTask("busy")
    raise ValueError(message)


@task
def facts():
    found = context()
    return [found.map_index, found.map_length, found.idempotency_key]


@sensor
def watch(folder):
    """Notes that it looks; done with what is in the file `found`, when there is one."""
    note(folder, "looked")
    found = Path(folder, "found")
    return Done(found.read_text(encoding="utf-8")) if found.exists() else False


@sensor
def watch_until(word, folder):
    """Raises what a word says when it looks."""
    note(folder, "looked")
    raise {"skip": SkipTask, "fail": FailTask, "retry": RetryTask, "error": ValueError}[word](word)


def note(folder, word):
    with Path(folder, "notes").open("a", encoding="utf-8") as notes:
        notes.write(f"{word}\n")
