"""A worker and a server, or a network, that misbehaves."""

from __future__ import annotations

import threading
import time

import grpc
import pytest
from fake_server import WAIT_S, FakeServer, Refused, assignment, verdict

from millrace import CancelledError, codec, context
from millrace._gen.v1 import value_pb2
from millrace._gen.worker.v1 import worker_service_pb2 as pb

UNAVAILABLE = Refused(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE")


def results_of(server: FakeServer, attempt_id: str) -> list[pb.Result]:
    return [result for result in server.results if result.attempt_id == attempt_id]


def in_inventory(server: FakeServer, attempt_id: str) -> bool:
    return bool(server.renewals) and attempt_id in server.renewals[-1][1]


@pytest.fixture
def held(make_worker):
    """A worker whose handler `holds` waits for the test, or for the order to stop."""
    worker = make_worker()
    worker.begun = []  # type: ignore[attr-defined]
    worker.stopped = []  # type: ignore[attr-defined]
    worker.release = threading.Event()  # type: ignore[attr-defined]

    @worker.handler("holds")
    def holds():
        worker.begun.append(context().task_id)
        context().log.info("begun")
        try:
            while not worker.release.is_set():
                context().sleep(0.01)
        except CancelledError:
            worker.stopped.append(context().interruption)
            raise
        return "done"

    return worker


def test_renewals_go_on_while_a_body_computes_in_pure_python(server, make_worker, start):
    worker = make_worker()
    named = threading.Event()

    @worker.handler("computes")
    def computes():
        total = 0
        ends_at = time.monotonic() + WAIT_S
        # A renewal that waited for the body would keep it computing to its end.
        while not named.is_set() and time.monotonic() < ends_at:
            total += 1
        return named.is_set()

    began_at = time.monotonic()
    start(worker)
    server.assign(assignment("a1", "computes"))
    server.wait_for(lambda: sum("a1" in held for _, held in server.renewals) >= 8, "eight renewals that name a1")
    named.set()
    assert codec.decode(server.result("a1").succeeded.return_value.data) is True
    server.wait_for(lambda: worker.renewal_gap_max > 0, "renewals that were answered")
    assert worker.renewal_gap_max <= time.monotonic() - began_at


def test_an_assignment_that_comes_twice_runs_once(server, held, start):
    start(held)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: in_inventory(server, "a1"), "a1 in the inventory")
    server.send(pb.WorkResponse(assignments=pb.Assignments(assignments=[assignment("a1", "holds")])))
    held.release.set()
    server.result("a1")
    server.send(pb.WorkResponse(assignments=pb.Assignments(assignments=[assignment("a1", "holds")])))
    server.assign(assignment("a2", "holds"))
    server.result("a2")
    assert held.begun == ["holds", "holds"]
    assert len(results_of(server, "a1")) == 1


def test_a_result_whose_verdict_was_lost_is_sent_again_byte_by_byte(server, held, start):
    answers: list[bool] = []

    def lose_the_first(result: pb.Result) -> pb.Verdict | None:
        answers.append(True)
        return verdict(result.attempt_id, pb.VERDICT_KIND_ALREADY) if len(answers) > 1 else None

    server.answer = lose_the_first
    held.release.set()
    start(held)
    server.assign(assignment("a1", "holds"))
    server.result("a1")
    server.break_streams()
    server.wait_for(lambda: len(results_of(server, "a1")) == 2, "the result once more")
    first, second = results_of(server, "a1")
    assert first.SerializeToString(deterministic=True) == second.SerializeToString(deterministic=True)
    server.wait_for(lambda: not in_inventory(server, "a1"), "a1 settled")
    assert held.begun == ["holds"]


def test_a_result_without_a_verdict_stays_in_the_inventory(server, held, start):
    server.answer = lambda result: None
    held.release.set()
    start(held)
    server.assign(assignment("a1", "holds"))
    server.result("a1")
    count = len(server.renewals)
    server.wait_for(lambda: len(server.renewals) > count + 1 and in_inventory(server, "a1"), "a1 in the inventory")


@pytest.mark.parametrize("kind", [pb.VERDICT_KIND_STALE, pb.VERDICT_KIND_UNSPECIFIED, 99])
def test_stale_and_every_unknown_verdict_stop_the_body_and_nothing_is_reported(server, held, start, kind):
    start(held)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: in_inventory(server, "a1"), "a1 in the inventory")
    server.renew_verdicts = {"a1": kind}
    server.wait_for(lambda: held.stopped == ["stale"], "the body to stop")
    server.renew_verdicts = {}
    held.release.set()
    server.assign(assignment("a2", "holds"), assignment("a3", "holds"))
    server.result("a2")
    server.result("a3")
    assert results_of(server, "a1") == []


def test_a_cancel_on_the_stream_stops_the_body_which_is_reported_as_cancelled(server, held, start):
    start(held)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: in_inventory(server, "a1"), "a1 in the inventory")
    server.cancel("a1", "unknown")
    failure = server.result("a1").failed
    assert (failure.kind, failure.retryable) == (value_pb2.FAILURE_KIND_CANCELLED, False)
    assert held.stopped == ["cancelled"]


def test_a_cancel_in_a_renewal_does_the_same(server, held, start):
    start(held)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: in_inventory(server, "a1"), "a1 in the inventory")
    server.renew_verdicts = {"a1": pb.VERDICT_KIND_CANCEL_REQUESTED}
    assert server.result("a1").failed.kind == value_pb2.FAILURE_KIND_CANCELLED


def test_a_success_answered_by_cancel_requested_is_reported_as_cancelled(server, held, start):
    server.answer = lambda result: verdict(
        result.attempt_id, pb.VERDICT_KIND_CANCEL_REQUESTED if result.HasField("succeeded") else pb.VERDICT_KIND_OK
    )
    held.release.set()
    start(held)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: len(results_of(server, "a1")) == 2, "two results")
    assert results_of(server, "a1")[1].failed.kind == value_pb2.FAILURE_KIND_CANCELLED


def test_a_body_that_never_looks_up_is_stopped_by_force_after_the_grace(server, make_worker, start):
    worker = make_worker(cancel_grace=0.2)

    @worker.handler("loops")
    def loops():
        while True:
            pass

    start(worker)
    server.assign(assignment("a1", "loops"))
    server.wait_for(lambda: in_inventory(server, "a1"), "a1 in the inventory")
    server.cancel("a1")
    assert server.result("a1").failed.kind == value_pb2.FAILURE_KIND_CANCELLED


def test_an_expired_session_stops_nothing_and_results_go_under_the_new_one(server, held, start):
    start(held)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: in_inventory(server, "a1"), "a1 in the inventory")
    server.expire_sessions()
    server.wait_for(lambda: len(server.opened) == 2 and in_inventory(server, "a1"), "a new session that holds a1")
    server.wait_for(lambda: len(server.streams) == 2, "a stream of the new session")
    held.release.set()
    assert codec.decode(server.result("a1").succeeded.return_value.data) == "done"
    assert server.streams[-1].session_id == f"session-{server.opened[1].request_id}"
    assert server.opened[0].request_id != server.opened[1].request_id
    assert held.stopped == []


def test_an_expired_session_that_only_the_stream_hears_of_is_replaced(server, held, start):
    server.renew_interval_s = 60
    start(held)
    server.wait_for(lambda: server.streams, "a stream")
    server.expire_sessions()
    server.break_streams()
    server.wait_for(lambda: len(server.opened) == 2 and len(server.streams) == 2, "a new session and stream")


def test_a_new_stream_that_repeats_the_assignments_of_all_slots_gets_their_credit_back(server, held, start):
    server.renew_interval_s = 60
    start(held)
    server.assign(assignment("a1", "holds"), assignment("a2", "holds"))
    server.log_of("a1", 1)
    server.log_of("a2", 1)
    server.break_streams()
    server.wait_for(lambda: len(server.streams) == 2, "a second stream")
    held.release.set()
    server.assign(assignment("a3", "holds"), assignment("a4", "holds"))
    assert server.result("a3").HasField("succeeded")
    assert server.result("a4").HasField("succeeded")
    assert len(held.begun) == 4


def test_a_session_that_ended_before_its_answer_came_is_followed_by_another(server, held, start):
    answers = [Refused(grpc.StatusCode.UNAVAILABLE, "UNAVAILABLE"), Refused(grpc.StatusCode.FAILED_PRECONDITION, "SESSION_EXPIRED")]

    def refuse_both(method: str) -> None:
        if method == "OpenSession" and answers:
            raise answers.pop(0)

    server.before = refuse_both
    start(held)
    server.wait_for(lambda: server.streams, "a stream")
    assert not answers


def test_a_server_that_restarts_gets_the_result_of_a_body_that_never_noticed(server, held, start):
    start(held)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: in_inventory(server, "a1"), "a1 in the inventory")
    server.stop()
    held.release.set()
    server.start()
    assert server.result("a1").HasField("succeeded")
    server.assign(assignment("a2", "holds"))
    assert server.result("a2").HasField("succeeded")
    assert held.begun == ["holds", "holds"]


def test_a_worker_waits_for_a_server_that_is_not_up_yet(server, held, start):
    server.stop()
    start(held)
    server.start()
    held.release.set()
    server.assign(assignment("a1", "holds"))
    assert server.result("a1").HasField("succeeded")


def test_an_answer_to_open_session_that_was_lost_is_asked_for_with_the_same_request_id(server, held, start):
    asked: list[str] = []

    def refuse_twice(method: str) -> None:
        if method == "OpenSession" and len(asked) < 2:
            asked.append(method)
            raise UNAVAILABLE

    server.before = refuse_twice
    start(held)
    server.wait_for(lambda: server.opened, "a session")
    assert len(asked) == 2
    assert len({request.request_id for request in server.opened}) == 1


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNKNOWN]
)
def test_errors_of_a_renewal_mean_ask_again_and_stop_nothing(server, held, start, code):
    start(held)
    server.assign(assignment("a1", "holds"))
    server.wait_for(lambda: in_inventory(server, "a1"), "a1 in the inventory")
    failures: list[str] = []

    def refuse_three(method: str) -> None:
        if method == "RenewSession" and len(failures) < 3:
            failures.append(method)
            raise Refused(code, code.name)

    server.before = refuse_three
    server.wait_for(lambda: len(failures) == 3, "three failed renewals")
    count = len(server.renewals)
    server.wait_for(lambda: len(server.renewals) > count and in_inventory(server, "a1"), "a renewal")
    assert held.stopped == []
    assert len(server.opened) == 1


def test_log_lines_without_an_acknowledgement_are_sent_again_and_stored_once(server, make_worker, start):
    worker = make_worker()
    worker.handler("talks")(lambda: [print(number) for number in range(10)] and None)
    failures: list[str] = []

    def lose_acknowledgements(method: str) -> None:
        if method == "AppendLog" and len(failures) < 3:
            failures.append(method)
            raise UNAVAILABLE

    server.before = lose_acknowledgements
    start(worker)
    server.assign(assignment("a1", "talks"))
    assert [line.message for line in server.log_of("a1", 10)] == [str(number) for number in range(10)]
    assert {request.lines[0].seq for request in server.log_requests[:4]} == {1}
    # The task is not over before its log is whole.
    assert server.result("a1").HasField("succeeded")


def test_a_full_log_ends_the_logging_and_not_the_body(server, make_worker, start):
    worker = make_worker()

    @worker.handler("talks")
    def talks():
        for number in range(20):
            print(number)
            context().sleep(0.02)
        return "done"

    def refuse_logs(method: str) -> None:
        if method == "AppendLog":
            raise Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "LOG_LIMIT_REACHED")

    server.before = refuse_logs
    start(worker)
    server.assign(assignment("a1", "talks"))
    assert server.result("a1").HasField("succeeded")
    assert len(server.log_requests) == 1
