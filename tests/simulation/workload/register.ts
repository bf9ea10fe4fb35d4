/** Registers the DAGs that a seed begins with, as the front door would: their rows, and the version that runs are pinned to. */

import {
  assetNeeds,
  assetsOf,
  assetsOfInputs,
  scheduleText,
  shardOf,
  timeOf,
  type DagSpec,
} from "@millrace/engine";
import { encodedAnew } from "../../../services/api/src/dag-registration.ts";
import type { Tables } from "../database/tables.ts";
import { registerWatchers } from "./watchers.ts";

export function registerDag(tables: Tables, spec: DagSpec, now: number): void {
  const { dagId, schedule } = spec;
  const before = tables.dags.get(dagId);
  const version = (before?.version ?? 0) + 1;
  for (const uri of specAssets(spec)) tables.assets.idOf(uri);
  const expression = assetsOf(spec.schedule);
  const others = tables.assets.uses.filter((use) => use.dag_id !== spec.dagId);
  tables.assets.uses.splice(0, Infinity, ...others);
  for (const { of } of expression === null ? [] : assetNeeds(expression))
    tables.assets.uses.push({
      dag_id: spec.dagId,
      kind: 3,
      by_partition: spec.schedule?.kind === "partitioned_assets",
      asset_id: of.kind === "asset" ? tables.assets.idOf(of.uri) : 0,
      alias: of.kind === "alias" ? of.name : "",
    });
  for (const { uri } of spec.inputs === null ? [] : assetsOfInputs(spec.inputs.term))
    tables.assets.uses.push({
      ...{ dag_id: spec.dagId, kind: 4, asset_id: tables.assets.idOf(uri), alias: "" },
      by_partition: false,
    });
  registerWatchers(tables, spec);
  const id = tables.nextVersionId++;
  const { bytes, digest } = encodedAnew(spec);
  tables.versions.set(id, {
    ...{ id, dag_id: dagId, version, digest, spec: Buffer.from(bytes) },
    ...{ task_count: spec.tasks.length, bundle_digest: null },
  });
  const time = timeOf(schedule);
  tables.setDag(
    {
      ...{ dag_id: dagId, shard: shardOf(dagId), version, folder: folderOf(dagId) },
      ...{ file: spec.file, description: spec.description, tags: [...spec.tags] },
      ...{ owner: spec.owner, is_paused: false, is_active: true },
      schedule: schedule === null ? "" : scheduleText(schedule),
      timezone: time !== null && "timezone" in time ? time.timezone : "",
      scheduled_through: before?.scheduled_through ?? now,
      last_interval_start: before?.last_interval_start ?? null,
      last_interval_end: before?.last_interval_end ?? null,
      next_run_at: before?.next_run_at ?? null,
      next_run_noted_at: before?.next_run_noted_at ?? null,
      schedule_problem: before?.schedule_problem ?? "",
      ...{ changed_seq: tables.nextChangedSeq++, registered_at: now },
    },
    now,
  );
}

/** Each DAG is alone in its folder: registering one leaves the others as they are. */
export function folderOf(dagId: string): string {
  return `folder of ${dagId}`;
}

function specAssets({ tasks }: DagSpec): string[] {
  const outlets = tasks.flatMap((task) => task.outlets);
  return outlets.flatMap((of) => (of.kind === "asset" ? [of.uri] : []));
}
