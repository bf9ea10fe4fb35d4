/**
 * Between workers and owners: slots go one way, assignments the other, results and verdicts through it.
 * Everything that arrives in one turn of the event loop goes on together at its end; no timer is on the way.
 */

import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Bus } from "@millrace/bus";
import { MillraceError } from "@millrace/engine";
import { createOutbox, serviceLimits, type Logger, type Outbox } from "@millrace/service";
import { parseAttemptId } from "@millrace/wire";
import {
  DemandSchema,
  DispatchSchema,
  SlotGrantsSchema,
  type Dispatch,
  type SlotGrant,
} from "@millrace/wire/internal";
import {
  StaleReason,
  VerdictKind,
  VerdictSchema,
  type Assignment,
  type Result,
  type Verdict,
  type WorkResponse,
  WorkResponseSchema,
} from "@millrace/wire/worker";
import { workerLimits } from "../limits.ts";
import type { Owners } from "../owners.ts";
import { createDemandBook } from "./demand.ts";
import { createResultQueues, slotGrant } from "./result-queues.ts";
import { addGrant, freeSlots, takeGrant, type WorkerSession } from "./session.ts";
import { expired, type Sessions } from "./sessions.ts";

export type Gateway = {
  /** A new stream of a session, in the place of the one it had. Assignments it may have missed are sent again. */
  attach(session: WorkerSession): Outbox<WorkResponse>;
  /** The stream is over: its credit is void. */
  detach(session: WorkerSession, outbox: Outbox<WorkResponse>): void;
  addCredit(session: WorkerSession, count: number): void;
  /** Resolves with the verdict, however long it takes to find an owner that gives one. */
  report(session: WorkerSession, result: Result): Promise<Verdict>;
  /** The session has ended: nothing more is granted or sent to it. */
  end(session: WorkerSession): void;
  /** The session was renewed: if it was overdue, it gets work again. */
  renewed(session: WorkerSession): void;
  /** Looks after slots that have been out for too long, and sessions that are overdue or unused. For a loop. */
  sweep(): Promise<void>;
  stop(): void;
};

export type GatewayOptions = {
  readonly bus: Bus;
  readonly owners: Owners;
  readonly sessions: Sessions;
  readonly log: Logger;
};

export function createGateway({ bus, owners, sessions, log }: GatewayOptions): Gateway {
  const demand = createDemandBook();
  const results = createResultQueues({ bus, owners, log, wake, onGrantsLost: reclaim });
  /** Sessions with free slots. */
  const hungry = new Set<WorkerSession>();
  /** Sessions whose free slots have grown since the last turn. */
  let touched = new Set<WorkerSession>();
  let isDemandNew = false;
  let isWoken = false;

  const subscriptions = [
    bus.subscribe("demand", (data) => {
      demand.hear(fromBinary(DemandSchema, data));
      isDemandNew = true;
      wake();
    }),
    bus.subscribe(`api.${bus.nodeId}.assign`, (data) => receive(fromBinary(DispatchSchema, data))),
  ];
  owners.onLeave((nodeId) => {
    demand.forget(nodeId);
    for (const session of sessions.all()) {
      takeGrant(session, nodeId, Number.MAX_SAFE_INTEGER);
      touch(session);
    }
  });

  function wake(): void {
    if (isWoken) return;
    isWoken = true;
    setImmediate(turn);
  }

  function touch(session: WorkerSession): void {
    if (freeSlots(session) <= 0) return void hungry.delete(session);
    hungry.add(session);
    touched.add(session);
    wake();
  }

  /** Sends what there is to send: results with slots, and slots alone to owners that want some. */
  function turn(): void {
    isWoken = false;
    const ready = results.ready();
    const grants = splitSlots(ready);
    for (const nodeId of ready.keys()) results.send(nodeId, grants.get(nodeId) ?? []);
    for (const [nodeId, list] of grants) {
      if (ready.has(nodeId)) continue;
      const message = create(SlotGrantsSchema, { apiNodeId: bus.nodeId, grants: list });
      bus.publish(`owner.${nodeId}.grant`, toBinary(SlotGrantsSchema, message));
    }
  }

  function splitSlots(
    ready: ReadonlyMap<string, ReadonlyMap<WorkerSession, number>>,
  ): Map<string, SlotGrant[]> {
    const grants = new Map<string, SlotGrant[]>();
    const give = (session: WorkerSession, nodeId: string, slots: number): void => {
      if (slots <= 0) return;
      addGrant(session, nodeId, slots);
      const list = grants.get(nodeId);
      if (list === undefined) grants.set(nodeId, [slotGrant(session, slots)]);
      else list.push(slotGrant(session, slots));
    };
    const candidates = isDemandNew ? new Set(hungry) : touched;
    for (const counts of ready.values())
      for (const session of counts.keys()) candidates.add(session);
    let left = candidates.size;
    touched = new Set();
    isDemandNew = false;
    for (const session of candidates) {
      // Work is spread over the sessions that could do it, instead of filling the first.
      const among = left--;
      const shareOf = (need: number): number => Math.ceil(need / among);
      for (const [nodeId, slots] of demand.split(session, freeSlots(session), shareOf))
        give(session, nodeId, slots);
      // Results make work: their owner may fill as many slots in the same flush, and gives back what it does not need.
      for (const [nodeId, counts] of ready)
        give(session, nodeId, Math.min(freeSlots(session), counts.get(session) ?? 0));
      if (freeSlots(session) <= 0) hungry.delete(session);
    }
    return grants;
  }

  function receive(dispatch: Dispatch): void {
    const bySession = new Map<WorkerSession, Assignment[]>();
    for (const { sessionKey, assignment } of dispatch.assignments) {
      // A session this node does not know has moved or ended: its inventory tells the owner.
      const session = sessions.byKey(Number(sessionKey));
      if (session === undefined || assignment === undefined || session.hasEnded) continue;
      const list = bySession.get(session);
      if (list === undefined) bySession.set(session, [assignment]);
      else list.push(assignment);
    }
    for (const [session, list] of bySession) {
      takeGrant(session, dispatch.nodeId, list.length);
      handOut(session, list);
    }
    for (const { sessionKey, slots } of dispatch.returned) {
      const session = sessions.byKey(Number(sessionKey));
      if (session === undefined) continue;
      takeGrant(session, dispatch.nodeId, slots);
      demand.giveUp(dispatch.nodeId, session);
      touch(session);
    }
    for (const { sessionKey, attemptId } of dispatch.cancels) {
      // Without a stream, the next renewal tells the worker.
      sessions
        .byKey(Number(sessionKey))
        ?.outbox?.push(workResponse({ case: "cancels", value: { attemptIds: [attemptId] } }));
    }
  }

  function handOut(session: WorkerSession, assignments: readonly Assignment[]): void {
    const isStreaming = session.outbox !== null;
    for (const assignment of assignments)
      session.held.set(assignment.attemptId, { assignment, isDelivered: isStreaming });
    session.credit -= assignments.length;
    if (session.outbox !== null) {
      session.outbox.push(
        workResponse({ case: "assignments", value: { assignments: [...assignments] } }),
      );
    } else {
      session.leasing?.wake();
    }
  }

  function reclaim(nodeId: string, grants: readonly SlotGrant[]): void {
    for (const { sessionKey, slots } of grants) {
      const session = sessions.byKey(Number(sessionKey));
      if (session === undefined) continue;
      takeGrant(session, nodeId, slots);
      touch(session);
    }
  }

  return {
    attach(session) {
      session.outbox?.close();
      const outbox = createOutbox<WorkResponse>({
        limit: serviceLimits.outboxMessagesMax,
        overflow: () => new MillraceError("OVERLOADED"),
      });
      session.outbox = outbox;
      const missed = [...session.held.values()];
      for (const held of missed) held.isDelivered = true;
      // Assignments use up credit whether or not they came before: the worker counts them the same way.
      session.credit = -missed.length;
      if (missed.length > 0) {
        outbox.push(
          workResponse({
            case: "assignments",
            value: { assignments: missed.map(({ assignment }) => assignment) },
          }),
        );
      }
      return outbox;
    },
    detach(session, outbox) {
      outbox.close();
      if (session.outbox !== outbox) return;
      session.outbox = null;
      session.credit = 0;
      hungry.delete(session);
    },
    addCredit(session, count) {
      session.credit = Math.min(session.credit + count, workerLimits.slotsMax);
      touch(session);
    },
    report(session, result) {
      const attempt = parseAttemptId(result.attemptId);
      if (attempt === null) return Promise.resolve(stale(result.attemptId));
      return new Promise((resolve) => {
        const settle = (verdict: Verdict): void => {
          session.held.delete(result.attemptId);
          resolve(verdict);
        };
        results.add({ session, shard: attempt.shard, result, settle });
        wake();
      });
    },
    end(session) {
      session.hasEnded = true;
      session.outbox?.close(expired());
      session.leasing?.wake();
      hungry.delete(session);
      sessions.forget(session);
    },
    renewed(session) {
      session.aliveAtMs = performance.now();
      session.isOverdue = false;
      touch(session);
    },
    async sweep() {
      const before = performance.now() - workerLimits.grantLostMs;
      for (const session of sessions.all()) {
        for (const [nodeId, grant] of session.granted) {
          if (grant.atMs < before) takeGrant(session, nodeId, grant.slots);
        }
        touch(session);
      }
      sessions.forgetIdle();
      await sessions.findOverdue();
    },
    stop() {
      for (const subscription of subscriptions) subscription.close();
      for (const session of sessions.all())
        session.outbox?.close(new MillraceError("UNAVAILABLE", "The server stops."));
      results.stop();
    },
  };
}

export function workResponse(
  message: NonNullable<MessageInitShape<typeof WorkResponseSchema>["message"]>,
): WorkResponse {
  return create(WorkResponseSchema, { message });
}

function stale(attemptId: string): Verdict {
  return create(VerdictSchema, {
    attemptId,
    kind: VerdictKind.STALE,
    staleReason: StaleReason.UNSPECIFIED,
  });
}
