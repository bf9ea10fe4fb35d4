/** The CHECKs of the schema. */

import { checkViolation, refused } from "./errors.ts";
import type { InstanceRow, RunRow } from "./rows.ts";

type Check<Row> = readonly [name: string, holds: (row: Row) => boolean];

const instanceChecks: readonly Check<InstanceRow>[] = [
  ["task_instance_map_ix", (t) => t.map_ix >= -1],
  ["task_instance_state", (t) => t.state >= 1 && t.state <= 14 && t.state !== 3],
  [
    "task_instance_grants",
    (t) => t.losses >= 0 && t.losses <= t.attempt && t.uncounted <= t.attempt,
  ],
  [
    "task_instance_attempt",
    (t) =>
      (t.session_key === null) === (t.started_at === null) &&
      (t.started_at === null || t.attempt > 0),
  ],
  [
    "task_instance_tried",
    (t) => ![2, 4, 5, 11, 12, 13, 14].includes(t.state) || t.started_at !== null,
  ],
  [
    "task_instance_cleared",
    (t) =>
      t.state !== 1 ||
      (t.started_at === null && t.ready_at === null && t.uncounted === t.attempt && t.losses === 0),
  ],
  ["task_instance_removed", (t) => t.state !== 10 || t.started_at === null],
  ["task_instance_ended", (t) => (t.ended_at !== null) === ![1, 4, 5].includes(t.state)],
  ["task_instance_waits", (t) => (t.wait_until !== null) === [11, 12].includes(t.state)],
  ["task_instance_out", (t) => t.out === null || (t.state === 6 && t.started_at !== null)],
  ["task_instance_lengths", (t) => t.lengths === null || t.state === 6],
  ["task_instance_choice", (t) => t.choice === null || t.state === 6],
  ["task_instance_failure", (t) => t.failure === null || [2, 7, 11].includes(t.state)],
  [
    "task_instance_deferral",
    (t) =>
      (t.deferral === null || [2, 4, 11, 13, 14].includes(t.state)) &&
      (t.deferral !== null || ![13, 14].includes(t.state)),
  ],
];

const runChecks: readonly Check<RunRow>[] = [
  ["run_check", (r) => (r.ended_at !== null) === [3, 4].includes(r.state)],
  ["run_check1", (r) => r.state !== 2 || r.started_at !== null],
  ["run_failure", (r) => r.failure === null || [2, 4].includes(r.state)],
  ["run_queued", (r) => r.state !== 1 || r.started_at === null],
];

/** @throws what the server says of a row that breaks a rule. */
export function checkInstance(row: InstanceRow): void {
  check("task_instance", instanceChecks, row);
}

export function checkRun(row: RunRow): void {
  check("run", runChecks, row);
}

function check<Row>(table: string, checks: readonly Check<Row>[], row: Row): void {
  const broken = checks.find(([, holds]) => !holds(row));
  if (broken === undefined) return;
  const [name] = broken;
  const message = `new row for relation "${table}" violates check constraint "${name}"`;
  throw refused(checkViolation, message, name);
}
