/** No event of an asset is lost, and no DAG uses one twice. */

import {
  assetNeeds,
  assetsHold,
  type AssetOrAlias,
  type CompiledDag,
  type DagSpec,
} from "@millrace/engine";
import { attemptIdOf } from "@millrace/wire";
import type { InstanceChange } from "../database/flush.ts";
import type { AssetEventRow, RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { expressionOf } from "../workload/assets.ts";
import type { World } from "../world.ts";
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
  const needs = assetNeeds(expressionOf(spec)!).map(({ of }) => of);
  const uses = new Map<number, number>();
  const count = (event: number): void => void uses.set(event, (uses.get(event) ?? 0) + 1);
  for (const [runId, events] of assets.usedBy)
    if (runs.get(runId)?.dag_id === spec.dagId) events.forEach(count);
  for (const row of assets.pending) if (row.dag_id === spec.dagId) count(row.event_id);
  const events = [...assets.events.values()];
  for (const event of events) {
    const { id, asset_id: assetId } = event;
    const times = uses.get(id) ?? 0;
    const wanted = needs.map((of) => isOf(assets, events, event, of));
    const isWanted = event.partition_key === null && wanted.includes(true);
    const mayBe = event.partition_key === null && wanted.includes(null) ? [0, 1] : [0];
    ensure(
      (isWanted ? [1] : mayBe).includes(times),
      "semantics 10.3",
      () =>
        `${spec.dagId} has used the event ${id} of asset ${assetId}, or has it left, ${times} times`,
    );
  }
}

/**
 * Whether an event is one of an asset, or of an alias that its asset was named for, then or before. Null where that was said at
 * the same time.
 */
function isOf(
  assets: Tables["assets"],
  events: readonly AssetEventRow[],
  event: AssetEventRow,
  of: AssetOrAlias,
): boolean | null {
  if (of.kind === "asset") return assets.idOf(of.uri) === event.asset_id;
  if (event.aliases.includes(of.name)) return true;
  const named = events.find(
    (other) => other.asset_id === event.asset_id && other.aliases.includes(of.name),
  );
  if (named === undefined || named.at > event.at) return false;
  return named.at < event.at ? true : null;
}

/**
 * A success has made one event of each of its outlets, for each part that the body said, and else for that of its run; whatever
 * else a task comes to has made none.
 */
export function checkOutlets(
  { assets }: Tables,
  { tasks }: CompiledDag,
  run: RunRow,
  changes: readonly InstanceChange[],
  said: World["said"],
): void {
  for (const task of tasks.filter(({ outlets }) => outlets.length > 0)) {
    const made = [...assets.events.values()]
      .filter((event) => event.run_id === run.id && event.task_id === task.id)
      .map(({ map_ix: mapIx, asset_id: id, partition_key: key, aliases }) =>
        textOf(mapIx, id, key, aliases),
      );
    const successes = changes.filter(
      ({ after, isMarked }) =>
        after.state === success && !isMarked && after.attempt > 0 && tasks[after.ix] === task,
    );
    const expected = successes.flatMap(({ after: { ix, map_ix: mapIx, attempt } }) => {
      const attemptId = attemptIdOf({ shard: run.shard, runKey: run.id, ix, mapIx, attempt });
      const words = said.get(attemptId) ?? [];
      const own = task.outlets.flatMap((of) => {
        if (of.kind !== "asset") return [];
        const about = words.filter((one) => one.uri === of.uri && one.alias === "");
        const keys = new Set(about.map((one) => one.partition || run.partition_key));
        const parts = keys.size === 0 ? [run.partition_key] : [...keys];
        return parts.map((key) => textOf(mapIx, assets.idOf(of.uri), key, []));
      });
      // The same asset with the same words for several aliases is one event.
      const named = Map.groupBy(
        words.filter(({ alias }) => alias !== ""),
        ({ uri, partition, extra }) => JSON.stringify([uri, partition, extra]),
      );
      const ofAliases = [...named.values()].map((group) => {
        const { uri, partition } = group[0]!;
        const key = partition || run.partition_key;
        return textOf(mapIx, assets.idOf(uri), key, [...new Set(group.map(({ alias }) => alias))]);
      });
      return [...own, ...ofAliases];
    });
    ensure(
      made.toSorted().join() === expected.toSorted().join(),
      "semantics 10.2",
      () =>
        `${task.id} of run ${run.id} succeeded ${successes.length} times and made the events ${made.join()}; it should have made ${expected.join()}`,
    );
  }
}

function textOf(
  mapIx: number | null,
  assetId: number,
  key: string | null,
  aliases: readonly string[],
): string {
  const place = mapIx === -1 ? "" : `[${mapIx}] `;
  const named = aliases.length === 0 ? "" : ` for ${aliases.toSorted().join("+")}`;
  return `${place}asset ${assetId}${key === null ? "" : ` ${key}`}${named}`;
}
