/**
 * While a DAG is paused, and its owner knows, nothing of it starts, and no clock and no event makes a run of it. Of one that is
 * gone from its folder what was made goes on.
 */

import type { FlushBatch } from "@millrace/db";
import type { DagSpec } from "@millrace/engine";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { isStill, type DagChanges } from "./dag-changes.ts";
import { ensure } from "./violation.ts";

const queued = 1;
const running = 2;
const automated = 1;
const assetTriggered = 4;
/** Steps of one run that may wait behind each other for their flushes. */
const flushesBehind = 3;
/** How far a node's idea of the database's clock may be off. */
const clockMs = 2_000;
/** Without catch-up, what these show while the DAG is paused is over. */
const clocks: readonly string[] = ["cron", "cron_interval", "events"];

/** Looks at what schedulers are about to write. */
export class PauseWatch {
  readonly #tables: Tables;
  readonly #changes: DagChanges;
  readonly #now: () => number;
  /** By node and lane: when its last flushes left. */
  readonly #left = new Map<string, readonly number[]>();

  constructor(tables: Tables, changes: DagChanges, now: () => number) {
    this.#tables = tables;
    this.#changes = changes;
    this.#now = now;
  }

  /**
   * What was decided before the owner knew is under way: it leaves with the flush that leaves next, or a little behind it.
   * What leaves later was decided by somebody who knew.
   */
  onFlush(node: string, lane: string, batch: FlushBatch): void {
    const key = `${node} ${lane}`;
    const left = this.#left.get(key) ?? [];
    this.#left.set(key, [...left, this.#now()].slice(-flushesBehind));
    const decidedAfter = left.length < flushesBehind ? -Infinity : left[0]!;
    for (const { runId, ix, mapIx } of batch.started)
      this.#check(node, runId, decidedAfter, () => `task ${ix}/${mapIx} of run ${runId}`);
    for (const { id, state } of batch.runs)
      if (state === running && this.#tables.runs.get(id)?.state === queued)
        this.#check(node, id, decidedAfter, () => `run ${id}`);
  }

  #check(node: string, runId: number, decidedAfter: number, what: () => string): void {
    const run = this.#tables.runs.get(runId);
    // Who does not own it any more writes nothing, and need not know.
    if (run === undefined || this.#tables.shards[run.shard]?.owner !== node) return;
    const since = this.#changes.pausedSince(run.dag_id);
    ensure(
      since === null || decidedAfter <= since,
      "semantics 3.6",
      () => `${what()} starts, and ${run.dag_id} is paused`,
    );
  }
}

/** By the runs that there are in the end. */
export function checkMadeWhileStill(
  changes: DagChanges,
  runs: readonly RunRow[],
  /** All that the DAG ever was. */
  specs: readonly DagSpec[],
): void {
  const isOfClock = specs.every(({ schedule: of, catchup }) => {
    const schedule = of?.kind === "asset_or_time" ? of.time : of;
    return !catchup && clocks.includes(schedule?.kind ?? "cron");
  });
  for (const { from, until } of changes.shut(specs[0]!.dagId, isStill)) {
    const isWithin = (at: number): boolean => at > from + clockMs && at < until - clockMs;
    for (const run of runs) {
      const { id, run_type: type, run_after: dueAt, dag_id: dagId } = run;
      if (!isWithin(dueAt) || (type !== automated && type !== assetTriggered)) continue;
      ensure(
        type === automated,
        "semantics 10.3",
        () => `run ${id} was made of events while ${dagId} was still`,
      );
      ensure(
        run.reopen_count > 0 || !isWithin(run.queued_at),
        "semantics 3.5",
        () => `run ${id} was made of a tick while ${dagId} was still`,
      );
      ensure(
        !isOfClock,
        "semantics 3.4",
        () => `run ${id} makes up a tick that passed while ${dagId} was still`,
      );
    }
  }
}
