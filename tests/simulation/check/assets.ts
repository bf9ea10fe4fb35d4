/** No event of an asset is lost, and no DAG uses one twice. */

import {
  assetNeeds,
  assetsHold,
  type AssetOrAlias,
  type CompiledDag,
  type DagSpec,
} from "@millrace/engine";
import type { InstanceChange } from "../database/flush.ts";
import type { Tables } from "../database/tables.ts";
import { expressionOf } from "../workload/assets.ts";
import { ensure } from "./violation.ts";

const success = 6;
const assetTriggered = 4;

/** Whether the events that wait for a DAG would make a run of it. */
export function hasAssetsFor({ assets }: Tables, spec: DagSpec): boolean {
  const expression = expressionOf(spec);
  if (expression === null) return false;
  const waiting = assets.pending.filter((row) => row.dag_id === spec.dagId);
  return assetsHold(expression, (of) => {
    const ids = idsOf(assets, of);
    return waiting.filter((row) => ids.includes(row.asset_id)).length;
  });
}

function idsOf(assets: Tables["assets"], of: AssetOrAlias): readonly number[] {
  return of.kind === "asset" ? assets.idsOf(of.uri, "") : assets.idsOf("", of.name);
}

/** By what the tables hold in the end. */
export function checkAssets(tables: Tables, specs: readonly DagSpec[]): void {
  for (const spec of specs) {
    const expression = expressionOf(spec);
    if (expression === null) continue;
    checkUses(tables, spec);
    for (const run of tables.runs.values()) {
      if (run.dag_id !== spec.dagId || run.run_type !== assetTriggered) continue;
      const used = (tables.assets.usedBy.get(run.id) ?? []).map(
        (id) => tables.assets.events.get(id)!.asset_id,
      );
      const isEnough = assetsHold(expression, (of) => {
        const ids = idsOf(tables.assets, of);
        return used.filter((id) => ids.includes(id)).length;
      });
      ensure(isEnough, "semantics 10.3", () => `run ${run.id} was made of ${used.length} events`);
    }
    ensure(
      !hasAssetsFor(tables, spec),
      "L3",
      () => `${spec.dagId} has all the events that it waits for, and no run uses them`,
    );
  }
}

/** Each event of what a DAG waits for is used by one run of it, or waits. */
function checkUses({ assets, runs }: Tables, spec: DagSpec): void {
  const wanted = new Set(assetNeeds(expressionOf(spec)!).flatMap(({ of }) => idsOf(assets, of)));
  const uses = new Map<number, number>();
  const count = (event: number): void => void uses.set(event, (uses.get(event) ?? 0) + 1);
  for (const [runId, events] of assets.usedBy)
    if (runs.get(runId)?.dag_id === spec.dagId) events.forEach(count);
  for (const row of assets.pending) if (row.dag_id === spec.dagId) count(row.event_id);
  for (const { id, asset_id: assetId } of assets.events.values()) {
    const times = uses.get(id) ?? 0;
    const expected = wanted.has(assetId) ? 1 : 0;
    ensure(
      times === expected,
      "semantics 10.3",
      () =>
        `${spec.dagId} has used the event ${id} of asset ${assetId}, or has it left, ${times} times`,
    );
  }
}

/** A success has made one event of each of its outlets; whatever else a task comes to has made none. */
export function checkOutlets(
  { assets }: Tables,
  { tasks }: CompiledDag,
  runId: number,
  changes: readonly InstanceChange[],
): void {
  for (const task of tasks.filter(({ outlets }) => outlets.length > 0)) {
    const events = [...assets.events.values()].filter(
      (event) => event.run_id === runId && event.task_id === task.id,
    );
    const successes = changes.filter(
      ({ after, isMarked }) =>
        after.state === success && !isMarked && after.attempt > 0 && tasks[after.ix] === task,
    );
    ensure(
      events.length === successes.length * task.outlets.length,
      "semantics 10.2",
      () =>
        `${task.id} of run ${runId} succeeded ${successes.length} times and made ${events.length} events`,
    );
  }
}
