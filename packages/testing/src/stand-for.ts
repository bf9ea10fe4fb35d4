/** One state for many instances. */

import type { TaskStateName } from "@millrace/engine";

/** What needs a look first, then what goes on, then what has come of them: as everywhere in Millrace. */
const order: readonly TaskStateName[] = [
  "running",
  "restarting",
  "failed",
  "upstream_failed",
  "up_for_retry",
  "up_for_reschedule",
  "awaiting_input",
  "deferred",
  "queued",
  "scheduled",
  "none",
  "success",
  "skipped",
  "removed",
];

export function standFor(states: readonly TaskStateName[]): TaskStateName {
  const all = new Set(states);
  return order.find((state) => all.has(state)) ?? "none";
}
