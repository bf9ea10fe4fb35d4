"""The handlers that every worker under test implements, in Python. `typescript.ts` is their other half."""

from __future__ import annotations

import time
from pathlib import Path

from millrace import CancelledError, FailTask, SkipTask, context, task


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


def note(folder, word):
    with Path(folder, "notes").open("a", encoding="utf-8") as notes:
        notes.write(f"{word}\n")
