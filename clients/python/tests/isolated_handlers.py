"""Handlers of the tests of processes of their own, and of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from millrace import Done, SkipTask, context, defer, sensor, task, trigger


@task(isolation="process")
def adds(one, two):
    return one + two


@task(isolation="process")
def says_where_it_runs():
    return {"pid": os.getpid(), "parent": os.getppid(), "env": os.environ.get("GREETING"), "key": os.environ.get("MILLRACE_WORKER_KEY")}


@task(isolation="process")
def talks():
    print("printed")
    context().log.info("said", rows=1)
    subprocess.run([sys.executable, "-c", "print('from a subprocess')"], check=True)


@task(isolation="process")
def skips():
    raise SkipTask("nothing to do")


@task(isolation="process")
def crashes():
    os._exit(7)


@task(isolation="process")
def hangs(file):
    """Never ends, and neither does the process it starts, whose id it leaves in a file."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with open(file, "w", encoding="utf-8") as out:
        out.write(f"{os.getpid()} {sleeper.pid}\n")
    while True:
        try:
            time.sleep(600)
        except BaseException:
            continue


@task(isolation="process")
def asks():
    here = context()
    here.xcom.push("left", 1)
    try:
        return [here.xcom.pull("extract"), here.task_token(), here.xcom.pull(task_ids=["", "x"])]
    except ValueError:
        return [here.xcom.pull("extract"), here.task_token(), "TASK_NOT_FOUND"]


def goes_on(event, state):
    return [event, state, os.getpid() != os.getppid()]


@task(isolation="process", resume=goes_on)
def defers(seconds):
    return defer(trigger.after(seconds), state={"from": seconds})


@task
def waits(seconds):
    context().log.info("waiting")
    context().sleep(seconds)
    return "waited"


@task
def waits_for(file):
    context().log.info("waiting")
    while not os.path.exists(file):
        context().sleep(0.02)
    return "waited"


@sensor(isolation="process")
def looks_thrice(file):
    """Its looks and waits take longer together than its time limit."""
    with open(file, "a", encoding="utf-8") as out:
        out.write("x")
    time.sleep(0.1)
    looks = os.path.getsize(file)
    return Done(looks) if looks == 3 else False


@sensor(isolation="process")
def looks_for_ever():
    context().sleep(600)


def after_a_minute(error, try_number):
    return 60 + try_number


@task(isolation="process", retry_policy=after_a_minute)
def is_busy():
    raise ValueError("busy")


def uses_assets():
    told = [[event.id, event.extra.get("rows")] for event in context().triggering_asset_events()]
    history = list(context().inlet_events("s3://a", newest_first=True, limit=2))
    outlets = context().outlets
    outlets.extra("s3://a", {"rows": 3})
    outlets.extra("s3://a", {"rows": 4})
    outlets.extra("s3://a", {"rows": 5}, partition="2026-01-02")
    outlets.add("feeds", "s3://new")
    return [context().run.type, told, len(history), context().run.partition_key]


def tells_inputs():
    return {
        name: [[one.uri, one.partition_key, one.date.isoformat()] for one in instances]
        for name, instances in context().inputs.items()
    }
