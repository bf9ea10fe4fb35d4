/** Callbacks in tests: tasks and DAGs that have them, and how deliveries stand. */

import type { Database } from "@millrace/db";
import type { CallbackSpec } from "@millrace/engine";
import type { Assignment } from "@millrace/wire/worker";
import { callbackEvents } from "@millrace/wire";
import { success, type FakeApi, type Outcome } from "./fake-api.ts";

/** A callback of a worker that announces `tell`. */
export function tell(on: CallbackSpec["on"], changes: Partial<CallbackSpec> = {}): CallbackSpec {
  return { on, handler: "tell", isExternal: true, config: "", name: `tell ${on}`, ...changes };
}

/** One for each event of a task. */
export const tellAll = (["success", "failure", "retry", "skipped"] as const).map((on) => tell(on));

/** One for each event of a run. */
export const tellEnds = (["success", "failure"] as const).map((on) => tell(on));

export const handlers = ["work", "tell"];

/** A worker's answer to callbacks, and to tasks. */
export function telling(
  ofTask: (assignment: Assignment) => Outcome | null | Promise<Outcome>,
  ofCallback: (assignment: Assignment) => Outcome | null | Promise<Outcome | null> = () =>
    success(),
) {
  return (assignment: Assignment) =>
    assignment.callback === undefined ? ofTask(assignment) : ofCallback(assignment);
}

/** What a worker was told, such as "failure of a[1], try 2" and "success of the run". */
export function told({ assigned }: FakeApi): string[] {
  return assigned.flatMap(({ callback, taskId, mapIndex }) => {
    if (callback === undefined) return [];
    const [event] = Object.entries(callbackEvents).find(([, it]) => it === callback.event) ?? [];
    if (taskId === "") return [`${event} of the run`];
    const task = mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
    return [`${event} of ${task}, try ${callback.tryNumber}`];
  });
}

export type DeliveryView = {
  readonly state: "pending" | "delivered" | "failed";
  readonly tries: number;
};

/** All deliveries there are, oldest first. */
export async function deliveries(db: Database): Promise<DeliveryView[]> {
  const { rows } = await db.pool.query<{ state: number; tries: number }>(
    "SELECT state, tries FROM callback_delivery ORDER BY happened_at, ix, map_ix, event, ordinal",
  );
  const states = ["", "pending", "delivered", "failed"] as const;
  return rows.map(({ state, tries }) => ({
    state: states[state] as DeliveryView["state"],
    tries,
  }));
}
