/** How often what decides when runs and tasks may start had something to decide. */

import type { Tables } from "../database/tables.ts";
import type { World } from "../world.ts";

const names: Readonly<Record<number, string>> = {
  1: "runs of schedules",
  3: "runs of backfills",
  4: "runs of assets",
};

/** By what it is, in words. */
export function countDecisions(world: World) {
  const { pools, triggered, server, timetables, deciders, targets, dagChanges } = world;
  const { tables } = server;
  const counts = new Map<string, number>();
  const add = (what: string, count: number): void => {
    if (count > 0) counts.set(what, (counts.get(what) ?? 0) + count);
  };
  for (const { run_type: type } of tables.runs.values()) add(names[type] ?? "runs asked for", 1);
  add("runs triggered by tasks", triggered.size);
  add("events of assets", tables.assets.events.size);
  const { watchers } = tables.assets;
  add(
    "what watchers told",
    [...watchers.values()].reduce((sum, row) => sum + row.fires, 0),
  );
  add("answers about the past", deciders.answers);
  add("targets", targets.size);
  add("events under keys", usedUnderKeys(tables));
  add("inputs", tables.decidedInputs.size);
  const lacking = [...tables.runs.values()].filter(
    (run) => run.inputs === null && world.dagOfVersion(run.dag_version_id).spec.inputs !== null,
  );
  add("runs that never had their inputs", lacking.length);
  const named = [...tables.assets.events.values()].filter(({ aliases }) => aliases.length > 0);
  add("events for aliases", named.length);
  add("full pools", pools.full);
  add("answers of timetables", timetables.answers);
  add("broken answers of timetables", timetables.broken);
  add("starts under a rate", tables.takenStarts.length);
  const paused = [...tables.dags.keys()].flatMap((dagId) => dagChanges.shut(dagId));
  add("pauses that owners knew of", paused.length);
  add("versions after the first", tables.versions.size - tables.dags.size);
  const missed = [...tables.deadlines.values()].filter(({ state }) => state === 3);
  add("missed deadlines", missed.length);
  return counts;
}

function usedUnderKeys({ assets, runs }: Tables): number {
  const ofKeys = [...assets.usedBy].filter(([runId]) => runs.get(runId)?.partition_key !== null);
  return assets.partitions.length + ofKeys.reduce((sum, [, events]) => sum + events.length, 0);
}
