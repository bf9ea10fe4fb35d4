"""The handlers that every worker under test implements, in Python. `typescript.ts` is their other half."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from millrace import CancelledError, Done, FailTask, RetryTask, SkipTask, callback, context, defer, sensor, task, trigger, triggerer


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
def block(folder):
    """Notes that it has begun, and computes without ever looking up until a file `release` appears."""
    note(folder, "begun")
    while not Path(folder, "release").exists():
        ends_at = time.monotonic() + 0.2
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


FORM = {"type": "object", "properties": {"copies": {"type": "integer", "default": 2}}}

# What tasks wait for, by a word.
TRIGGERS = {
    "at": lambda: trigger.at(datetime(2026, 1, 1, tzinfo=timezone.utc)),
    "after": lambda: trigger.after(90),
    "token": lambda: trigger.token(heartbeat=timedelta(minutes=1)),
    "input": lambda: trigger.input("How many?", FORM, body="**now**", defaults={}, assignees=["user:anna"]),
    "http": lambda: trigger.http(
        "https://a.example/jobs/7?key=secret",
        method="POST",
        headers={"authorization": {"env": "TOKEN"}},
        body="{}",
        interval=5,
        status=[200, 202],
        until=(["job", "state"], "done"),
    ),
    "file": lambda: trigger.file("/in/orders.csv", interval=5),
    "runs": lambda: trigger.runs(
        "orders",
        logical_dates=[datetime(2026, 1, day, tzinfo=timezone.utc) for day in (1, 2)],
        tasks=["publish"],
        groups=["load"],
        skipped_states=["skipped"],
    ),
    "run": lambda: trigger.runs("orders", run_id="run_7", failed_states=(), soft_fail=True),
    "custom": lambda: trigger.custom("add", {"one": 1, "two": 2}, "one and two"),
}


@task
def wait(word):
    return defer(TRIGGERS[word]())


def go_on(event, state):
    if event == "again":
        return defer(trigger.after(60), state="again")
    if event == "fail":
        raise FailTask("no")
    return [event, state, context().try_number]


@task(resume=go_on)
def wait_and_go_on(word):
    since = datetime.fromtimestamp(0, timezone.utc)
    return defer(TRIGGERS[word](), timeout=timedelta(hours=2), on_timeout="fail_for_good", state={"since": since})


@task
def leave(word):
    context().xcom.push("left", word)
    if word == "fail":
        raise TypeError(word)
    if word == "skip":
        raise SkipTask(word)
    return defer(trigger.after(60)) if word == "defer" else word


@task
def leave_large(size):
    context().xcom.push("rows", "x" * size)
    raise FailTask("with rows")


@task
def token():
    return context().task_token()


@task
def trigger_dag(date):
    run = context().trigger_dag(
        "child",
        {"n": 1},
        logical_date=date,
        note="by a task",
        if_exists="use",
        if_made="another",
        max_depth=3,
    )
    return [run.run_id, run.run_name, run.state, run.outcome]


@task
def pull(tasks, key):
    return [context().xcom.pull(tasks, key, default="none")]


@triggerer
async def add(config):
    return config["one"] + config["two"]


@triggerer("fail")
async def never_comes(config):
    raise TypeError("no rows")


@callback
def report(event, config):
    note(event.run.params["folder"], f"{config} {event.event} {event.task.id} {event.try_number}")


@callback
def told(event, config):
    """Notes what it is told, and ends as its config says."""
    failure = event.failure
    line = {
        "event": event.event,
        "run": event.run.id,
        "task": event.task.id if event.task else None,
        "mapIndex": event.task.map_index if event.task else None,
        "try": event.try_number,
        "runState": event.run_state,
        "failure": [failure.kind, failure.type, failure.message] if failure else None,
        "happenedAt": round(event.happened_at.timestamp() * 1000),
        "deliveryTry": event.delivery_try,
    }
    note(config["folder"], json.dumps(line))
    if config["leaves"]:
        context().xcom.push("left", 1)
    if config["ends"] == "error":
        raise ValueError("no route")
    if config["ends"] == "hopeless":
        raise FailTask("no route")
    while config["ends"] == "wait" and not Path(config["folder"], "release").exists():
        context().sleep(0.02)


def note(folder, word):
    with Path(folder, "notes").open("a", encoding="utf-8") as notes:
        notes.write(f"{word}\n")
