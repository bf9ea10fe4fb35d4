/** A worker session as this node knows it: what it serves, its credit, and what was handed to it. */

import type { SessionRow } from "@millrace/db";
import type { Outbox } from "@millrace/service";
import type { Assignment, WorkResponse } from "@millrace/wire/worker";
import type { Repeats } from "./repeats.ts";

export type Held = {
  readonly assignment: Assignment;
  /** Whether it was handed to the worker at least once. */
  isDelivered: boolean;
};

/** A waiting Lease call. */
export type Leasing = {
  /** Ends the wait, at the end of this turn of the event loop, so that company comes along. */
  wake(): void;
};

export type WorkerSession = {
  readonly key: number;
  readonly sessionId: string;
  readonly tokenHash: Buffer;
  readonly workerName: string;
  readonly queues: readonly string[];
  readonly handlers: readonly string[];
  readonly runsBundles: boolean;
  readonly slots: number;
  /** Assignments the worker welcomes beyond those it was sent, on its present stream or Lease call. */
  credit: number;
  /** Slots that owners may fill, by node: part of the credit until they are filled or come back. */
  readonly granted: Map<string, { slots: number; atMs: number }>;
  grantedTotal: number;
  /** Assignments that the worker has not confirmed: no result, and not in an inventory. In the order they came. */
  readonly held: Map<string, Held>;
  outbox: Outbox<WorkResponse> | null;
  leasing: Leasing | null;
  /** The last Lease answer that had assignments, to be given again. */
  lastLease: {
    readonly requestId: string;
    readonly bodyHash: Buffer;
    readonly assignments: readonly Assignment[];
  } | null;
  /** What other calls were answered lately. */
  readonly repeats: Repeats;
  hasEnded: boolean;
  /** Whether its time is over though nobody has ended it: it gets no work until it is renewed. */
  isOverdue: boolean;
  /** When it was last known to be alive; by this process's monotonic clock, like the next. */
  aliveAtMs: number;
  usedAtMs: number;
};

export function sessionOf(row: SessionRow): WorkerSession {
  return {
    key: row.key,
    sessionId: row.session_id,
    tokenHash: row.token_hash,
    workerName: row.worker_name,
    queues: row.queues,
    handlers: row.handlers,
    runsBundles: row.runs_bundles,
    slots: row.slots,
    credit: 0,
    granted: new Map(),
    grantedTotal: 0,
    held: new Map(),
    outbox: null,
    leasing: null,
    lastLease: null,
    repeats: new Map(),
    hasEnded: row.ended_at !== null,
    isOverdue: false,
    aliveAtMs: performance.now(),
    usedAtMs: performance.now(),
  };
}

/** Slots that may be granted now. Negative after a stream broke while slots were out. */
export function freeSlots(session: WorkerSession): number {
  return session.hasEnded || session.isOverdue ? 0 : session.credit - session.grantedTotal;
}

export function addGrant(session: WorkerSession, nodeId: string, slots: number): void {
  const before = session.granted.get(nodeId)?.slots ?? 0;
  session.granted.set(nodeId, { slots: before + slots, atMs: performance.now() });
  session.grantedTotal += slots;
}

/** Takes slots off a node's grant: they were filled, came back or were lost. Never below nothing. */
export function takeGrant(session: WorkerSession, nodeId: string, slots: number): void {
  const grant = session.granted.get(nodeId);
  if (grant === undefined) return;
  const taken = Math.min(grant.slots, slots);
  grant.slots -= taken;
  grant.atMs = performance.now();
  session.grantedTotal -= taken;
  if (grant.slots === 0) session.granted.delete(nodeId);
}
