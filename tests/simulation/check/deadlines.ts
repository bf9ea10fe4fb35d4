/** Each missed deadline is told once, and none is told that was kept. */

import { TaskState, type CompiledDag } from "@millrace/engine";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { ensure } from "./violation.ts";

const missed = 3;
const kept = 4;
const runSuccess = 3;
/** Whoever was told of a deadline may have heard of it so much later. */
const lateMs = 120_000;

/** In the end, of a run that nobody has changed: what has passed is kept or missed. */
export function checkDeadlines(tables: Tables, dag: CompiledDag, run: RunRow, now: number): void {
  const rows = [...tables.deadlines.values()].filter((row) => row.run_id === run.id);
  for (const row of rows) {
    const of = row.ix < 0 ? dag.spec : dag.tasks[row.ix]!;
    const name = `the deadline ${row.ix}/${row.ordinal} of run ${run.id}`;
    const told = [...tables.dataOf(run.id).callbacks.values()].filter(
      ({ ix, event, attempt }) => ix === row.ix && event === 5 && attempt === row.ordinal + 1,
    );
    const wanted = of.callbacks.filter(({ on }) => on === "deadline_missed").length;
    ensure(
      told.length === (row.state === missed ? wanted : 0),
      "semantics 12.5",
      () => `${name} is ${row.state}, and ${told.length} callbacks tell of it`,
    );
    ensure(
      [missed, kept].includes(row.state) || row.due_at > now - lateMs || run.state === runSuccess,
      "semantics 12.5",
      () => `${name} has passed, and nobody says so`,
    );
    if (row.state === missed) checkMissed(tables, run, row.ix, row.due_at, name);
  }
}

/** What ended in time was not missed; a little less than in time may be told otherwise. */
function checkMissed(tables: Tables, run: RunRow, ix: number, dueAt: number, name: string): void {
  const instances = [...tables.dataOf(run.id).instances.values()].filter((row) => row.ix === ix);
  const ends =
    ix < 0
      ? [run.state === runSuccess ? (run.ended_at ?? Infinity) : Infinity]
      : instances.map(({ state, ended_at: endedAt }) =>
          state === TaskState.success ? (endedAt ?? Infinity) : Infinity,
        );
  ensure(
    ends.length === 0 || Math.max(...ends) > dueAt,
    "semantics 12.5",
    () => `${name} was kept, and is said to be missed`,
  );
}
