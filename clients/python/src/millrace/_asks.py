"""What a body asks the server for: its token, and values of other tasks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timezone
from typing import Final, Protocol, TypeVar

import grpc

from ._assets import AssetEvent, EventsPage, EventSource, EventsRequest
from ._connection import Connection, code_of, describe, is_session_expired, reason_of
from ._across import IfExists, IfMade, TriggeredRun, TriggerRequest
from ._gen.v1 import asset_pb2, dag_pb2, value_pb2
from ._gen.worker.v1 import worker_service_pb2 as pb
from ._limits import ASK_PATIENCE_S
from ._pull import PullAnswer, PullRequest
from ._timing import Backoff
from .errors import MillraceError

T = TypeVar("T")


class Sessions(Protocol):
    """Where calls find the session to make them under."""

    def current_ref(self) -> pb.SessionRef | None: ...
    def expired(self, session_id: str) -> None: ...


class ServerAsks:
    """Asks on behalf of one attempt."""

    def __init__(
        self, attempt_id: str, connection: Connection, sessions: Sessions, fetch: Callable[[bytes], bytes]
    ) -> None:
        self._attempt_id = attempt_id
        self._connection = connection
        self._sessions = sessions
        #: Puts a value in the place of its reference.
        self._fetch = fetch

    def token(self, wait: Callable[[float], None]) -> str:
        def ask(session: pb.SessionRef) -> str:
            request = pb.MakeTaskTokenRequest(session=session, attempt_id=self._attempt_id)
            return self._connection.make_task_token(request).token

        return self._patiently(ask, wait)

    def pull(self, request: PullRequest, wait: Callable[[float], None]) -> PullAnswer:
        def ask(session: pb.SessionRef) -> PullAnswer:
            asked = pb.PullXComsRequest(
                session=session,
                attempt_id=self._attempt_id,
                task_ids=request.task_ids,
                key=request.key,
                map_indexes=request.map_indexes,
                dag_id=request.dag_id,
            )
            if request.include_prior_dates:
                asked.include_prior_dates = True
            elif request.run_id is not None:
                asked.run_id = request.run_id
            answer = self._connection.pull_xcoms(asked)
            xcoms = tuple((one.task_id, one.map_index, one.value.data) for one in answer.xcoms)
            return PullAnswer(xcoms, tuple(answer.mapped_task_ids))

        answer = self._patiently(ask, wait)
        fetched = tuple((task_id, index, self._fetch(data)) for task_id, index, data in answer.xcoms)
        return replace(answer, xcoms=fetched)

    def trigger(self, request: TriggerRequest, wait: Callable[[float], None]) -> TriggeredRun:
        # The same however often it is asked: one run is made.
        request_id = str(uuid.uuid4())

        def ask(session: pb.SessionRef) -> TriggeredRun:
            asked = pb.TriggerDagRunRequest(
                session=session,
                attempt_id=self._attempt_id,
                dag_id=request.dag_id,
                params=value_pb2.Value(data=request.params),
                note=request.note,
                if_exists=_IF_EXISTS[request.if_exists],
                if_made=_IF_MADE[request.if_made],
                max_depth=request.max_depth,
                request_id=request_id,
            )
            if request.logical_date is not None:
                asked.logical_date.FromDatetime(request.logical_date)
            answer = self._connection.trigger_dag_run(asked)
            return TriggeredRun(
                dag_id=request.dag_id,
                run_id=answer.run_id,
                run_name=answer.run_name,
                state=dag_pb2.RunState.Name(answer.state).removeprefix("RUN_STATE_").lower(),
                outcome=pb.TriggerOutcome.Name(answer.outcome).removeprefix("TRIGGER_OUTCOME_").lower(),
            )

        return self._patiently(ask, wait)

    def events(self, request: EventsRequest, wait: Callable[[float], None]) -> EventsPage:
        def ask(session: pb.SessionRef) -> EventsPage:
            asked = pb.ReadAssetEventsRequest(
                session=session,
                attempt_id=self._attempt_id,
                newest_first=request.newest_first,
                page_size=request.page_size,
                page_token=request.page_token,
            )
            if request.uri:
                asked.inlet_uri = request.uri
            elif request.alias:
                asked.inlet_alias = request.alias
            else:
                asked.triggering = True
            for moment, at in ((asked.since, request.since), (asked.before, request.before)):
                if at is not None:
                    moment.FromDatetime(at)
            answer = self._connection.read_asset_events(asked)
            return EventsPage(tuple(event_of(event) for event in answer.events), answer.next_page_token)

        return self._patiently(ask, wait)

    def _patiently(self, ask: Callable[[pb.SessionRef], T], wait: Callable[[float], None]) -> T:
        backoff = Backoff()
        ends_at = time.monotonic() + ASK_PATIENCE_S
        while True:
            session = self._sessions.current_ref()
            if session is not None:
                try:
                    return ask(session)
                except grpc.RpcError as error:
                    if is_session_expired(error):
                        self._sessions.expired(session.session_id)
                    if not passes(error) or time.monotonic() > ends_at:
                        raise refused(error) from None
            elif time.monotonic() > ends_at:
                raise refused(None)
            wait(backoff.next_s())


_IF_EXISTS: Final[dict[IfExists, pb.IfRunExists]] = {
    "fail": pb.IF_RUN_EXISTS_FAIL,
    "clear": pb.IF_RUN_EXISTS_CLEAR,
    "use": pb.IF_RUN_EXISTS_USE,
}
_IF_MADE: Final[dict[IfMade, pb.IfRunMade]] = {"continue": pb.IF_RUN_MADE_CONTINUE, "another": pb.IF_RUN_MADE_ANOTHER}

_SOURCES: Final[dict[int, EventSource]] = {
    asset_pb2.ASSET_EVENT_SOURCE_TASK: "task",
    asset_pb2.ASSET_EVENT_SOURCE_WATCHER: "watcher",
}


def event_of(event: asset_pb2.AssetEvent) -> tuple[AssetEvent, bytes | None]:
    read = AssetEvent(
        id=event.event_id,
        uri=event.uri,
        name=event.name,
        at=event.at.ToDatetime(tzinfo=timezone.utc),
        extra={},
        source=_SOURCES.get(event.source, "caller"),
        dag_id=event.dag_id,
        run_id=event.run_id,
        run_name=event.run_name,
        task_id=event.task_id,
        map_index=event.map_index,
        aliases=tuple(event.aliases),
        created_by=event.created_by,
        partition_key=event.partition_key,
    )
    return read, event.extra.data if event.HasField("extra") else None


#: Reasons that may be none in a moment.
_PASSING: Final = ("UNAVAILABLE", "SESSION_EXPIRED", "OVERLOADED", "BLOB_STORE_UNAVAILABLE", "DATABASE_UNREACHABLE", "NOT_OWNER")
_PASSING_CODES: Final = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
)


def passes(error: grpc.RpcError) -> bool:
    """Whether asking again may well work soon."""
    reason = reason_of(error)
    return reason in _PASSING if reason is not None else code_of(error) in _PASSING_CODES


def refused(error: grpc.RpcError | None) -> MillraceError:
    if error is None:
        return MillraceError("UNAVAILABLE", "the server cannot be reached")
    return MillraceError(reason_of(error) or "UNAVAILABLE", describe(error))
