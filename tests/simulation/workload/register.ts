/** Registers DAGs as the front door would: their rows, and the version that runs are pinned to. */

import { toBinary } from "@bufbuild/protobuf";
import { assetNeeds, scheduleText, shardOf, type DagSpec } from "@millrace/engine";
import { dagSpecToProto } from "@millrace/wire";
import { DagSpecSchema } from "@millrace/wire/v1";
import type { Tables } from "../database/tables.ts";
import { expressionOf } from "./assets.ts";

export function registerDag(tables: Tables, spec: DagSpec, now: number): void {
  const before = tables.dags.get(spec.dagId);
  const version = (before?.version ?? 0) + 1;
  tables.dags.set(spec.dagId, {
    dag_id: spec.dagId,
    shard: shardOf(spec.dagId),
    version,
    schedule: spec.schedule === null ? "" : scheduleText(spec.schedule),
    is_paused: false,
    is_active: true,
    scheduled_through: before?.scheduled_through ?? now,
    last_interval_start: before?.last_interval_start ?? null,
    last_interval_end: before?.last_interval_end ?? null,
    next_run_at: before?.next_run_at ?? null,
    next_run_noted_at: before?.next_run_noted_at ?? null,
    changed_seq: tables.nextChangedSeq++,
  });
  for (const uri of specAssets(spec)) tables.assets.idOf(uri);
  const expression = expressionOf(spec);
  for (const { of } of expression === null ? [] : assetNeeds(expression))
    tables.assets.uses.push({
      dag_id: spec.dagId,
      asset_id: of.kind === "asset" ? tables.assets.idOf(of.uri) : 0,
      alias: of.kind === "alias" ? of.name : "",
    });
  const id = tables.versions.size + 1;
  tables.versions.set(id, {
    id,
    dag_id: spec.dagId,
    version,
    spec: Buffer.from(toBinary(DagSpecSchema, dagSpecToProto(spec))),
    bundle_digest: null,
  });
}

function specAssets({ tasks }: DagSpec): string[] {
  const outlets = tasks.flatMap((task) => task.outlets);
  return outlets.flatMap((of) => (of.kind === "asset" ? [of.uri] : []));
}
