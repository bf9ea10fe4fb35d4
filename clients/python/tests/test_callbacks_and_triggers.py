"""Callbacks, which are told what has happened, and triggers, which watch for what tasks wait for."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fake_server import WAIT_S, assignment

from millrace import CallbackEvent, FailTask, callback, codec, context, triggerer
from millrace._gen.v1 import callback_pb2, dag_pb2, value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb
from millrace._handlers import handlers_of


def told(event=callback_pb2.CALLBACK_EVENT_FAILURE, **fields):
    facts = pb.CallbackFacts(event=event, name="report", run_state=dag_pb2.RUN_STATE_RUNNING, try_number=2, delivery_try=3, **fields)
    facts.happened_at.FromSeconds(1_767_225_600)
    return {"callback": facts}


def test_a_callback_is_told_what_happened_and_its_config(server, make_worker, start, caplog):
    caplog.set_level(logging.INFO)
    worker = make_worker()
    seen = []

    @worker.callback("report")
    def report(event, config=None):
        print("reporting")
        seen.append((event, config))
        context().xcom.push("lost", 1)
        return "nobody's business"

    start(worker)
    failure = value_pb2.Failure(kind=value_pb2.FAILURE_KIND_TIMEOUT, type="TimeoutReached", message="too long")
    server.assign(assignment("a1", "report", b'[{"to":"ops"}]', **told(failure=failure)))
    result = server.result("a1")
    assert (result.succeeded.HasField("return_value"), dict(result.xcoms)) == (False, {})
    [(event, config)] = seen
    assert isinstance(event, CallbackEvent)
    assert (event.event, event.run_state, event.try_number, event.delivery_try) == ("failure", "running", 2, 3)
    assert (event.task.id, event.task.map_index, event.run.id) == ("report", -1, "run_1")
    assert (event.failure.kind, event.failure.message) == ("timeout", "too long")
    assert (event.happened_at, config) == (datetime(2026, 1, 1, tzinfo=timezone.utc), {"to": "ops"})
    # It has no log on the server: what it writes is in the worker's own.
    assert server.log_requests == []
    assert "reporting" in caplog.text


def test_each_try_of_a_callback_runs_though_all_have_one_id(server, make_worker, start):
    worker = make_worker()
    seen = []

    @worker.callback("report")
    def report(event, config=None):
        seen.append(event.delivery_try)
        raise RuntimeError("not yet")

    start(worker)
    for tries in (1, 2):
        server.assign(assignment("a1.c2.0", "report", **told()))
        server.wait_for(lambda count=tries: len(server.results) == count, f"the result of try {tries}")
        # Its verdict has come once it is no longer named. The first renewal may have been on its way before the try was.
        server.renewals.clear()
        server.wait_for(
            lambda: len(server.renewals) > 1 and "a1.c2.0" not in server.renewals[-1][1], f"try {tries} settled"
        )
    assert seen == [3, 3]


def test_a_callback_of_a_run_has_no_task_and_one_that_raises_has_failed(server, make_worker, start):
    worker = make_worker()
    seen = []

    @worker.callback()
    def report(event):
        seen.append(event)
        raise ValueError("no route")

    start(worker)
    of_run = assignment("a1", "report", **told(callback_pb2.CALLBACK_EVENT_SUCCESS))
    of_run.task_id = ""
    server.assign(of_run)
    assert server.result("a1").failed.message == "no route"
    assert (seen[0].task, seen[0].try_number, seen[0].failure) == (None, None, None)
    server.assign(assignment("a2", "report", **told(99)))
    assert "does not know" in server.result("a2").failed.message
    server.assign(assignment("a3", "report"))
    assert "is a callback, and the DAG calls it as a task" in server.result("a3").failed.message


def test_a_triggerer_has_a_session_of_its_own_and_says_what_has_come(server, make_worker, start):
    worker = make_worker(slots=1, trigger_slots=50)
    came = threading.Event()
    worker.handler("waits")(lambda: came.wait(WAIT_S) and "waited")

    @worker.trigger("job")
    async def job(config):
        while not came.is_set():
            await asyncio.sleep(0.01)
        return {"job": config["id"], "task": context().task_id}

    start(worker)
    server.wait_for(lambda: len(server.streams) == 2, "a stream for each of two sessions")
    announced = {tuple(opened.handlers): (opened.slots, opened.worker_name.endswith("(triggers)")) for opened in server.opened}
    assert announced == {("waits",): (1, False), ("trigger/file", "trigger/http", "trigger/job"): (50, True)}
    server.assign(assignment("a1", "waits"))
    server.assign(*(assignment(f"t{n}.w", "trigger/job", b'[{"id":%d}]' % n) for n in range(20)))
    server.wait_for(lambda: any(len(held) == 20 for _, held in server.renewals), "twenty watches held at once")
    came.set()
    assert codec.decode(server.result("t7.w").succeeded.return_value.data) == {"job": 7, "task": "trigger/job"}
    assert server.result("a1").succeeded.return_value.data == b'"waited"'
    for n in range(20):
        assert server.result(f"t{n}.w").HasField("succeeded")
    assert server.log_requests == []


def test_a_trigger_that_raises_has_failed_and_one_that_is_told_to_stop_stops(server, make_worker, start):
    worker = make_worker(trigger_slots=5)
    stopped = threading.Event()

    @worker.trigger("breaks")
    async def breaks(config):
        raise FailTask("the job is gone")

    @worker.trigger("waits")
    async def waits(config):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.set()
            raise

    @worker.trigger("plain")
    def plain(config):
        return config + 1

    start(worker)
    server.assign(assignment("t1.w", "trigger/breaks", b"[1]"))
    failure = server.result("t1.w").failed
    assert (failure.message, failure.retryable) == ("the job is gone", False)
    server.assign(assignment("t2.w", "trigger/plain", b"[1]"))
    assert server.result("t2.w").succeeded.return_value.data == b"2"
    server.assign(assignment("t3.w", "trigger/waits", b"[1]"))
    server.wait_for(lambda: any("t3.w" in held for _, held in server.renewals), "the watch in a renewal")
    server.cancel("t3.w")
    # Another may watch again.
    assert server.result("t3.w").WhichOneof("outcome") == "returned"
    assert stopped.is_set()
    server.assign(assignment("t2.w", "trigger/plain", b"[2]"))
    server.wait_for(lambda: len([one for one in server.results if one.attempt_id == "t2.w"]) == 2, "a second watch")


def test_what_is_watched_goes_back_at_once_when_the_worker_stops(server, make_worker, start):
    worker = make_worker(drain_grace=600.0, trigger_slots=5)

    @worker.trigger("waits")
    async def waits(config):
        await asyncio.sleep(60)

    running = start(worker)
    server.assign(assignment("t1.w", "trigger/waits", b"[1]"))
    server.wait_for(lambda: any("t1.w" in held for _, held in server.renewals), "the watch in a renewal")
    worker.stop()
    running.join()
    assert len(server.closed_sessions) == 1
    assert [(one.attempt_id, one.WhichOneof("outcome")) for one in server.results] == [("t1.w", "returned")]


def test_the_decorators_mark_callbacks_and_triggers():
    def named(name):
        def function(*args):
            return name

        function.__name__ = name
        return function

    class Module:
        one = callback(named("one"))
        two = callback("second", isolation="thread")(named("two"))
        three = triggerer(named("three"))
        four = triggerer("fourth")(named("four"))

    found = {handler.name: handler.kind for handler in handlers_of(Module)}  # type: ignore[arg-type]
    assert found == {"one": "callback", "second": "callback", "trigger/three": "trigger", "trigger/fourth": "trigger"}


def test_files_and_urls_are_watched_by_every_triggerer(server, make_worker, start, tmp_path, monkeypatch):
    monkeypatch.setenv("JOB_KEY", "hush")
    seen = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("authorization")))
            status = {"/refuses": 403, "/moved": 302}.get(self.path.split("?")[0], 200 if len(seen) > 1 else 503)
            self.send_response(status)
            if status == 302:
                self.send_header("location", f"http://localhost:{self.server.server_port}/job")
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"job":{"state":"done","n":1}}')

        def log_message(self, *args):
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{site.server_port}"
    headers = {"authorization": {"env": "JOB_KEY"}}
    until = {"path": ["job", "state"], "equals": "done"}

    def watch(attempt_id, kind, config):
        server.assign(assignment(attempt_id, f"trigger/{kind}", codec.encode([config])))

    worker = make_worker(slots=0, trigger_slots=5)
    worker.handler("never")(lambda: None)
    start(worker)
    try:
        server.wait_for(lambda: len(server.streams) == 1, "the triggerer's stream")
        assert list(server.opened[0].handlers) == ["trigger/file", "trigger/http"]
        file = tmp_path / "late.csv"
        watch("f1.w", "file", {"path": str(file), "intervalMs": 1000})
        watch("h1.w", "http", {"url": f"{url}/job", "intervalMs": 1000, "headers": headers, "until": until})
        # Written elsewhere, so that nobody finds it while it is empty.
        part = tmp_path / "late.csv.part"
        part.write_text("1,2", encoding="utf-8")
        part.rename(file)
        came = codec.decode(server.result("f1.w").succeeded.return_value.data)
        assert (came["path"], came["size"], came["modifiedAt"].tzinfo) == (str(file), 3, timezone.utc)
        answer = codec.decode(server.result("h1.w").succeeded.return_value.data)
        assert answer == {"status": 200, "body": {"job": {"state": "done", "n": 1}}}
        assert seen[:2] == [("/job", "hush")] * 2
        # Another server is told no secrets.
        watch("h2.w", "http", {"url": f"{url}/moved", "headers": headers})
        assert server.result("h2.w").HasField("succeeded")
        assert seen[2:] == [("/moved", "hush"), ("/job", None)]
        watch("h3.w", "http", {"url": f"{url}/refuses?key=hush"})
        failure = server.result("h3.w").failed
        assert ("answers 403" in failure.message, "hush" in failure.message, failure.retryable) == (True, False, True)
        watch("h4.w", "http", {"url": url, "headers": {"x": {"env": "NOT_SET"}}})
        assert "NOT_SET" in server.result("h4.w").failed.message
    finally:
        site.shutdown()
        site.server_close()
