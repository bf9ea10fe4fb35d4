/** Runs have the newest version that their owner knew of, and ticks are those of the version that their run has. */

import type { CompiledDag, DagSpec } from "@millrace/engine";
import type { RunRow } from "../database/rows.ts";
import { ticksOf } from "../workload/schedules.ts";
import type { DagChanges } from "./dag-changes.ts";
import { ensure } from "./violation.ts";

const automated = 1;
const backfilled = 3;
const assetTriggered = 4;
/** How far a node's idea of the database's clock may be off. */
const clockMs = 2_000;
/** Their ticks do not depend on the run before. */
const fixed: readonly string[] = ["cron", "cron_interval", "events"];

export type DagRuns = {
  readonly changes: DagChanges;
  readonly dagId: string;
  readonly runs: readonly RunRow[];
  dagOfVersion(id: number): CompiledDag;
};

export function checkVersionsOfRuns({ changes, dagId, runs, dagOfVersion }: DagRuns): void {
  for (const run of runs) {
    // What a date of a backfill is about was before.
    if (run.run_type === backfilled || run.backfill_id !== null) continue;
    const least = changes.versionToldBy(dagId, run.run_after - clockMs) ?? 0;
    ensure(
      run.dag_version_id >= least,
      "semantics 11.4",
      () => `run ${run.id} has the version ${run.dag_version_id}; its owner knew of ${least}`,
    );
    if (run.run_type !== automated && run.run_type !== assetTriggered) continue;
    const own = editionOf(run.params.toString());
    const expected = defaultEdition(dagOfVersion(run.dag_version_id).spec);
    ensure(
      own === expected,
      "semantics 11.4",
      () => `run ${run.id} has the params of edition ${own}; its version is edition ${expected}`,
    );
  }
}

function editionOf(params: string): number {
  return (JSON.parse(params) as { readonly edition?: number }).edition ?? 1;
}

function defaultEdition({ paramsSchema }: DagSpec): number {
  type Schema = { readonly properties: { readonly edition?: { readonly default: number } } };
  const { properties } = JSON.parse(paramsSchema ?? "{}") as Schema;
  return properties.edition?.default ?? 1;
}

/**
 * Of a DAG with several versions. Not looked at: schedules that count from the run before, since what that was at a change is
 * a matter of milliseconds; and what is complete of versions before the last.
 */
export function checkTicksOfVersions(dagRuns: DagRuns): void {
  const { dagId, runs, dagOfVersion } = dagRuns;
  const ticked = runs.filter((run) => run.run_type === automated);
  const dates = new Set(ticked.map((run) => run.logical_at));
  ensure(dates.size === ticked.length, "S15", () => `${dagId} has two runs for a tick`);
  for (const run of ticked) {
    const spec = timedOf(dagOfVersion(run.dag_version_id).spec);
    const ticks = fixed.includes(spec.schedule?.kind ?? "") ? ticksOf(spec) : null;
    ensure(
      spec.schedule !== null && ticks?.includes(run.logical_at!) !== false,
      "S15",
      () =>
        `${dagId} has the run ${run.id} for ${run.logical_at}, which is no tick of its version (${spec.schedule?.kind})`,
    );
  }
  checkLast(dagRuns, ticked);
}

/**
 * The schedule of the last version goes on where the one before was, and with catch-up leaves nothing out from there. Where
 * ticks may be left out runs do not tell how far it came.
 */
function checkLast(
  { changes, dagId, runs, dagOfVersion }: DagRuns,
  ticked: readonly RunRow[],
): void {
  const specs = changes.of(dagId).map(({ versionId }) => dagOfVersion(versionId).spec);
  const lastId = changes.of(dagId).at(-1)!.versionId;
  const spec = timedOf(specs.at(-1)!);
  const skips = specs.some(({ overlap }) => overlap === "forbid");
  if (skips || spec.startingDeadlineMs !== null || !spec.catchup) return;
  if (!fixed.includes(spec.schedule?.kind ?? "")) return;
  const before = ticked.filter((run) => run.dag_version_id !== lastId);
  const from = Math.max(-Infinity, ...before.map((run) => run.interval_end_at!));
  const taken = new Set(runs.map((run) => run.logical_at));
  const missing = (ticksOf(spec) ?? []).find((tick) => tick > from && !taken.has(tick));
  ensure(
    missing === undefined,
    "S15",
    () => `${dagId} has no run for ${missing}, a tick of its last version`,
  );
}

function timedOf(spec: DagSpec): DagSpec {
  const { schedule } = spec;
  return schedule?.kind === "asset_or_time" ? { ...spec, schedule: schedule.time } : spec;
}
