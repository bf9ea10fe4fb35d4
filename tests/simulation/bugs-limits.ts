/** Bugs in what decides when runs and tasks may start. */

import { flush as writeFlush } from "@millrace/db";
import type { Planted } from "./planted.ts";
import type { Feature, Plan } from "./plan.ts";

/** A seed that has these, and enough of everything to let them matter. */
export function having(...features: readonly Feature[]): (plan: Plan) => Plan {
  return (plan) => ({
    ...plan,
    ...{ dags: 3, workers: 3, slots: 5, runs: Math.max(plan.runs, 12) },
    has: { ...plan.has, ...Object.fromEntries(features.map((feature) => [feature, true])) },
  });
}

export const crashing = (plan: Plan): Plan => ({
  ...plan,
  schedulers: 2,
  every: { ...plan.every, killScheduler: 8_000 },
});

/** What rows have that bugs look at. */
type Row = {
  readonly id: number;
  readonly have: number;
  readonly slots: number | null;
  readonly decided: number;
  readonly last_interval_start: Date | null;
  readonly last_interval_end: Date | null;
};

function changed(rows: object[], change: (row: Row) => object): object[] {
  return rows.map((row) => ({ ...row, ...change(row as Row) }));
}

const minuteMs = 60_000;
/** A take-over that goes on elsewhere than where the schedule was. */
const goingOn = (byMs: number) => (statement: string, rows: object[]) => {
  const moved = (at: Date | null): Date | null => (at === null ? null : new Date(+at + byMs));
  if (statement !== "owner_dag_list") return rows;
  return changed(rows, (row) => ({
    last_interval_start: moved(row.last_interval_start),
    last_interval_end: moved(row.last_interval_end),
  }));
};

export const limitBugs = {
  pool_overdrawn: {
    says: "one slot more of a pool is dealt out than there are",
    foundWithin: 40,
    promises: ["S12"],
    plan: having("pools"),
    rows: (statement, rows) =>
      statement === "pool_lock"
        ? changed(rows, ({ slots }) => ({ slots: slots === null ? null : slots + 1 }))
        : rows,
  },
  tick_repeated: {
    says: "a take-over goes on a little before where the schedule was; a DAG may have two runs with one logical date",
    foundWithin: 60,
    promises: ["S15"],
    plan: (plan) => having("schedules")(crashing(plan)),
    rows: goingOn(-minuteMs),
    guards: { date: false },
  },
  tick_skipped: {
    says: "a take-over goes on a little later than where the schedule was",
    foundWithin: 60,
    promises: ["S15"],
    plan: (plan) => having("schedules")(crashing(plan)),
    rows: goingOn(minuteMs),
  },
  event_lost: {
    says: "what a success makes is written only when it is alone in its flush",
    foundWithin: 60,
    promises: ["semantics 10.2"],
    plan: having("assets"),
    flush: () => (lane, batch) =>
      writeFlush(lane, batch.finished.length > 1 ? { ...batch, assetEvents: [] } : batch),
  },
  event_counted_twice: {
    says: "events that wait are counted one too many",
    foundWithin: 60,
    promises: ["semantics 10.3"],
    plan: having("assets"),
    rows: (statement, rows) =>
      statement === "asset_pending_count"
        ? changed(rows, ({ have }) => ({ have: have === 0 ? 0 : have + 1 }))
        : rows,
  },
  key_forgotten: {
    says: "a take-over does not know the concurrency keys of runs",
    foundWithin: 60,
    promises: ["S12"],
    plan: (plan) => having("keys")(crashing(plan)),
    rows: (statement, rows) =>
      statement === "owner_run_list"
        ? changed(rows, ({ id }) => ({
            params: Buffer.from(
              JSON.stringify({ p0: [1, 2], p1: [], p2: [1, 2, 3], p3: 4, customer: String(id) }),
            ),
          }))
        : rows,
  },
  starts_forgotten: {
    says: "starts that were taken before count for nothing",
    foundWithin: 40,
    promises: ["S12"],
    plan: having("rates"),
    rows: (statement, rows) =>
      statement === "rate_read" ? changed(rows, () => ({ slice: null, taken: null })) : rows,
  },
  wait_over_early: {
    says: "a run of another DAG counts as ended when it has begun",
    foundWithin: 60,
    promises: ["semantics 9.4"],
    plan: having("across"),
    rows: (statement, rows) =>
      statement === "external_run_list" ? changed(rows, () => ({ state: 3 })) : rows,
  },
  trigger_repeated: {
    says: "a later attempt does not find the run that an earlier one has triggered",
    foundWithin: 60,
    promises: ["semantics 9.5"],
    plan: (plan) => having("across")({ ...plan, bodies: { ...plan.bodies, fails: 0.3 } }),
    rows: (statement, rows, _, now) =>
      statement === "run_trigger_state"
        ? changed(rows, () => ({ run_id: null, attempt: null, generation: now }))
        : rows,
  },
  backfill_unlimited: {
    says: "a take-over does not know how many runs of a backfill may run",
    foundWithin: 60,
    promises: ["S12"],
    plan: (plan) => having("schedules", "backfills")(crashing(plan)),
    rows: (statement, rows) =>
      statement === "backfill_list_open" ? changed(rows, () => ({ max_active_runs: 50 })) : rows,
  },
  backfill_date_skipped: {
    says: "whoever takes up a backfill believes it to be one date further",
    foundWithin: 60,
    promises: ["semantics 11.1"],
    plan: (plan) => having("schedules", "backfills")(crashing(plan)),
    rows: (statement, rows) =>
      statement === "backfill_list_open"
        ? changed(rows, ({ decided }) => ({ decided: decided + 1 }))
        : rows,
  },
  deadline_unwatched: {
    says: "deadlines of a run that was taken over are not watched",
    foundWithin: 60,
    promises: ["semantics 12.5"],
    plan: (plan) => having("deadlines")(crashing(plan)),
    rows: (statement, rows) =>
      statement === "deadline_list_of_runs" ? rows.filter((_, at) => at % 2 === 0) : rows,
  },
} satisfies Readonly<Record<string, Planted>>;
