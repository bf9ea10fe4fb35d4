/** A callback that has to run, in memory. */

import type { CallbackRow, PendingDelivery } from "@millrace/db";
import type { CallbackSpec, TaskSpec, Verdict } from "@millrace/engine";
import { attemptIdOf, type AttemptRef } from "@millrace/wire";
import type { Result } from "@millrace/wire/worker";
import type { LineKey } from "../dispatch/ready-queue.ts";
import type { ActiveRun, Version } from "../runs/run.ts";
import type { SideWork } from "../dispatch/side-work.ts";

export type DeliveryPhase =
  /** Its DAG version is being read, or cannot be: it waits for another owner who can. */
  | "unplaced"
  /** In its line. */
  | "waiting"
  /** A session has it. */
  | "sent"
  /** What came of it is being written. */
  | "writing"
  /** Waits for its next try. */
  | "pausing";

export type Delivery = Omit<PendingDelivery, "tries" | "happenedAt" | "nextTryAt"> & {
  /** As workers know it. */
  readonly id: string;
  /** Its number in this process, for the queue. */
  readonly key: number;
  /** Tries whose outcome is written. */
  tries: number;
  happenedAt: number;
  nextTryAt: number | null;
  phase: DeliveryPhase;
  line: LineKey | null;
  /** Who has it, or had it last; 0 for nobody. */
  sessionKey: number;
  /** Inventories in a row, since it was sent, that did not name it. */
  misses: number;
};

/** Callbacks that have to run: they wait in lines as tasks do, and take slots as tasks do. */
export type Deliveries = SideWork & {
  /** Takes what has become durable. */
  add(run: ActiveRun, rows: readonly CallbackRow[]): void;
  /** Takes what was read; what is known already stays as it is. */
  take(rows: readonly PendingDelivery[]): void;
  /** Its next try is due. */
  onDue(delivery: Delivery): void;
  isLive(delivery: Delivery): boolean;
  /** Takes a result. Null: nothing can be said just now, ask again. */
  report(sessionKey: number, ref: AttemptRef, result: Result): Promise<Verdict | null>;
  /** What a session says that it has: answers what must stop. */
  verdictOn(sessionKey: number, ref: AttemptRef, id: string): Verdict | null;
  /** Its runs are deleted. */
  dropDag(dagId: string): void;
};

let lastKey = 0;

export function newDelivery(row: PendingDelivery): Delivery {
  lastKey += 1;
  return {
    ...row,
    id: deliveryId(row),
    key: lastKey,
    phase: "unplaced",
    line: null,
    sessionKey: 0,
    misses: 0,
  };
}

/** The same for each try. */
function deliveryId({ shard, runId, ix, mapIx, attempt, event, ordinal }: PendingDelivery): string {
  return attemptIdOf({ shard, runKey: runId, ix, mapIx, attempt, of: { event, ordinal } });
}

/** Whether an id is that of a callback. */
export function isOfCallback(ref: AttemptRef | null): ref is AttemptRef {
  return ref !== null && typeof ref.of === "object";
}

/** What a delivery is about, in the spec; null when the spec has no such callback. */
export function callbackIn(
  { compiled }: Version,
  { ix, ordinal }: Pick<Delivery, "ix" | "ordinal">,
): { readonly task: TaskSpec | null; readonly callback: CallbackSpec } | null {
  const task = compiled.tasks[ix] ?? null;
  if (ix >= 0 && task === null) return null;
  const callback = (task ?? compiled.spec).callbacks[ordinal];
  return callback === undefined ? null : { task, callback };
}

/**
 * Where it waits: in the task's line, and that of the run in the DAG's. A function of the bundle that is about a task in
 * another language waits in the DAG's too: whoever serves that task's queue may run no bundles.
 */
export function lineOf(
  version: Version,
  task: TaskSpec | null,
  { isExternal, handler }: CallbackSpec,
): LineKey {
  const isElsewhere = task === null || (task.kind === "external" && !isExternal);
  return {
    queue: isElsewhere ? version.compiled.spec.callbackQueue : task.queue,
    handler: isExternal ? handler : null,
  };
}
