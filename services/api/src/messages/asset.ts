/** Assets and their events as callers see them. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { AssetEventListRow, AssetRow, MadeRunRow } from "@millrace/db";
import type { AssetProgress } from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import {
  AssetEventSchema,
  AssetProgressSchema,
  AssetSchema,
  type Asset,
  type AssetEvent,
  type AssetProgress as AssetProgressMessage,
} from "@millrace/wire/v1";
import { dateOf } from "./dag.ts";

type AssetInit = Exclude<MessageInitShape<typeof AssetSchema>, Asset>;

export function assetMessage(
  row: AssetRow,
  counts: { readonly producers: number; readonly consumers: number },
  uses: Pick<AssetInit, "producers" | "consumers" | "aliases" | "watchers"> = {},
): Asset {
  return create(AssetSchema, {
    ...uses,
    uri: row.uri,
    name: row.name,
    group: row.asset_group,
    extra: row.extra,
    isActive: row.is_active,
    createdAt: dateOf(row.created_at),
    lastEventAt: dateOf(row.last_event_at),
    producerCount: counts.producers,
    consumerCount: counts.consumers,
  });
}

export function assetEventMessage(
  row: AssetEventListRow,
  madeRuns: readonly MadeRunRow[] = [],
): AssetEvent {
  return create(AssetEventSchema, {
    eventId: BigInt(row.id),
    uri: row.uri,
    name: row.name,
    at: dateOf(row.at),
    ...(row.extra !== null && { extra: { data: Uint8Array.from(row.extra) } }),
    // The codes are those of the wire.
    source: row.source,
    dagId: row.dag_id ?? "",
    runId: row.run_id === null ? "" : runIdOf(row.run_id),
    runName: row.run_name ?? "",
    taskId: row.task_id ?? "",
    mapIndex: row.map_ix ?? -1,
    aliases: [...row.aliases],
    createdBy: row.created_by,
    partitionKey: row.partition_key ?? "",
    madeRuns: madeRuns.map((run) => ({
      dagId: run.dag_id,
      runId: runIdOf(run.run_id),
      runName: run.run_name,
    })),
  });
}

export function progressMessage(progress: AssetProgress): AssetProgressMessage {
  const { isMet, message } = progress;
  if (progress.kind === "events") {
    const { of, have, need, unit } = progress;
    const named = of.kind === "asset" ? { uri: of.uri, alias: "" } : { uri: "", alias: of.name };
    const value = { ...named, have, need, unit };
    return create(AssetProgressSchema, { isMet, message, kind: { case: "need", value } });
  }
  const parts = progress.parts.map(progressMessage);
  const kind = progress.kind === "all_of" ? ("allOf" as const) : ("anyOf" as const);
  return create(AssetProgressSchema, { isMet, message, kind: { case: kind, value: { parts } } });
}
