/** Each tick of a schedule becomes one run: none twice, and with catch-up none is missed. */

import type { DagSpec } from "@millrace/engine";
import type { RunRow } from "../database/rows.ts";
import { ticksOf } from "../workload/schedules.ts";
import { ensure } from "./violation.ts";

const automated = 1;

/** Whether a person asked for a run. */
export function isAsked({ triggered_by: by }: RunRow): boolean {
  return by.startsWith("user:");
}

/** By the runs that there are in the end. */
export function checkTicks(of: DagSpec, rows: readonly RunRow[]): void {
  const spec = {
    ...of,
    schedule: of.schedule?.kind === "asset_or_time" ? of.schedule.time : of.schedule,
  };
  const runs = rows
    .filter((run) => run.dag_id === spec.dagId && run.run_type === automated)
    .toSorted((a, b) => a.logical_at! - b.logical_at!);
  const dates = runs.map((run) => run.logical_at!);
  const name = `${spec.dagId} (${spec.schedule?.kind})`;
  ensure(
    dates.every((date, at) => at === 0 || date > dates[at - 1]!),
    "S15",
    () => `${name} has two runs for a tick: ${textOf(dates)}`,
  );
  checkIntervals(name, runs);
  const ticks = ticksOf(spec);
  if (ticks === null) return checkFree(spec, name, dates);
  const isComplete = spec.catchup && spec.overlap !== "forbid" && spec.startingDeadlineMs === null;
  // A date that a backfill came to first has its run.
  const taken = new Set(rows.map((run) => run.logical_at));
  if (isComplete)
    ensure(
      ticks.every((tick) => taken.has(tick)),
      "S15",
      () => `${name} has runs for ${textOf(dates)}; its ticks are ${textOf(ticks)}`,
    );
  const isFixed = spec.schedule?.kind !== "delta" && spec.schedule?.kind !== "delta_interval";
  const strange = dates.find((date) => !ticks.includes(date));
  if (isFixed || spec.catchup)
    ensure(
      strange === undefined,
      "S15",
      () => `${name} has a run for ${strange}, which is no tick`,
    );
  checkDistance(spec, name, dates);
}

/** Data intervals never overlap: what lies in one of them is worked on once. */
function checkIntervals(name: string, runs: readonly RunRow[]): void {
  for (const [at, run] of runs.entries()) {
    const before = runs[at - 1];
    const isMoment = run.interval_start_at === run.interval_end_at;
    ensure(
      before === undefined || isMoment || run.interval_start_at! >= before.interval_end_at!,
      "S15",
      () => `${name}: the data intervals of the runs ${before?.id} and ${run.id} overlap`,
    );
  }
}

/** Of those that begin whenever somebody looks. */
function checkFree(spec: DagSpec, name: string, dates: readonly number[]): void {
  if (spec.schedule?.kind === "once")
    ensure(dates.length <= 1, "S15", () => `${name} has ${dates.length} runs`);
  checkDistance(spec, name, dates);
}

function checkDistance({ schedule }: DagSpec, name: string, dates: readonly number[]): void {
  if (schedule?.kind !== "delta") return;
  for (const [at, date] of dates.entries()) {
    const before = dates[at - 1];
    ensure(
      before === undefined || date - before >= schedule.everyMs,
      "S15",
      () => `${name} has runs for ${textOf(dates)}, less than ${schedule.everyMs} ms apart`,
    );
  }
}

function textOf(dates: readonly number[]): string {
  return dates.map((date) => new Date(date).toISOString().slice(11, 23)).join(" ");
}
