import {
  countActiveRuns,
  countKeyedEvents,
  countPartitions,
  countPendingEvents,
  listPartitionKeys,
  listUnmappedEvents,
  type DagHead,
  type UnmappedEvent,
} from "@millrace/db";
import {
  assetExpressionText,
  assetKey,
  assetNeeds,
  assetProgress,
  assetReasons,
  assetsOf,
  partitionProgress,
  partitionReasons,
  type AssetExpression,
  type AssetProgress,
  type DagSpec,
  type PartitionedAssetSchedule,
  type Reason,
} from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { reasonToProto } from "@millrace/wire";
import type { AssetService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { apiLimits } from "../limits.ts";
import { progressMessage } from "../messages/asset.ts";
import { isText, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";

const limits = { default: apiLimits.pageDefault, max: apiLimits.pageMax };

/** By the same rules as the scheduler's, from the same rows. */
export function getAssetProgress(
  context: ApiContext,
): Handler<typeof AssetService.method.getAssetProgress> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, limits);
    const head = await requireDag(context, request.dagId);
    const { dag } = await context.versions.get(head.dag_version_id);
    const { schedule } = dag.spec;
    const expression = assetsOf(schedule);
    const filters = ["asset_progress", head.dag_id];
    const afterKey = positionOf(request.pageToken, filters, isText) ?? "";
    if (expression === null) return {};
    const ignored = await ignoredOf(context, dag.spec);
    if (schedule?.kind !== "partitioned_assets") {
      const { progress, reasons } = await eventsWait(context, head, dag.spec, expression);
      return {
        progress: progressMessage(progress),
        reasons: reasons.map(reasonToProto),
        ignored,
      };
    }
    const { keys, last } = await pageOfKeys(context, head.dag_id, { afterKey, limit });
    const [partitions, held, unmapped] = await Promise.all([
      partitionsOf(context, head.dag_id, schedule, keys),
      heldBy(context, head, dag.spec.maxActiveRuns),
      listUnmappedEvents(context.db, head.dag_id, apiLimits.unmappedMax),
    ]);
    return {
      ...{ isByPartition: true, ignored, reasons: held.map(reasonToProto) },
      partitions: partitions.map(({ key, progress }) => ({
        partitionKey: key,
        progress: progressMessage(progress),
      })),
      nextPageToken: last === null ? "" : tokenAfter(filters, last),
      unmapped: unmapped.map(({ event_id, uri, partition_key, problem }) => ({
        ...{ eventId: BigInt(event_id), uri, partitionKey: partition_key ?? "", problem },
      })),
    };
  };
}

async function pageOfKeys(
  { db }: ApiContext,
  dagId: string,
  { afterKey, limit }: { readonly afterKey: string; readonly limit: number },
): Promise<{ readonly keys: string[]; readonly last: string | null }> {
  const found = await listPartitionKeys(db, dagId, { afterKey, limit: limit + 1 });
  const keys = found.slice(0, limit);
  return { keys, last: found.length > limit ? (keys.at(-1) ?? null) : null };
}

async function partitionsOf(
  { db }: ApiContext,
  dagId: string,
  schedule: PartitionedAssetSchedule,
  keys: readonly string[],
): Promise<{ readonly key: string; readonly progress: AssetProgress }[]> {
  const byKey = Map.groupBy(await countPartitions(db, dagId, keys), (count) => count.target_key);
  return keys.map((key) => {
    const ofKey = new Map((byKey.get(key) ?? []).map((count) => [count.uri, count]));
    const haveOf = (uri: string) => ofKey.get(uri) ?? { events: 0, parts: 0 };
    return { key, progress: partitionProgress(schedule, key, haveOf) };
  });
}

/** What is passed over is easily taken for lost. */
async function ignoredOf({ db }: ApiContext, spec: DagSpec) {
  const expression = assetsOf(spec.schedule);
  const uris = (expression === null ? [] : assetNeeds(expression)).flatMap(({ of }) =>
    of.kind === "asset" ? [of.uri] : [],
  );
  const isByPartition = spec.schedule?.kind === "partitioned_assets";
  const counts = await countKeyedEvents(db, uris, apiLimits.newestEventsLooked);
  return counts.flatMap(({ uri, keyed, total }) => {
    const ignored = isByPartition ? total - keyed : keyed;
    return ignored === 0 ? [] : [{ uri, ignored, newest: total }];
  });
}

/** What the next runs of a DAG wait for; null when it is not scheduled on assets. */
export async function assetReasonsOf(
  context: ApiContext,
  head: DagHead,
  spec: DagSpec,
): Promise<readonly Reason[] | null> {
  const expression = assetsOf(spec.schedule);
  if (expression === null) return null;
  if (spec.schedule?.kind !== "partitioned_assets")
    return (await eventsWait(context, head, spec, expression)).reasons;
  const page = { afterKey: "", limit: apiLimits.partitionReasonsMax };
  const { keys } = await pageOfKeys(context, head.dag_id, page);
  const partitions = await partitionsOf(context, head.dag_id, spec.schedule, keys);
  const unmapped = await listUnmappedEvents(context.db, head.dag_id, 1);
  return [
    ...(keys.length === 0 ? [noKeys(expression)] : []),
    ...partitions.flatMap(({ key, progress }) => partitionReasons(key, progress)),
    ...unmapped.map(unmappedReason),
    ...(await heldBy(context, head, spec.maxActiveRuns)),
  ];
}

function noKeys(expression: AssetExpression): Reason {
  return {
    ...{ kind: "assets", evidence: {}, until: null, taskIds: [] },
    message: `Waits for events with a partition key: ${assetExpressionText(expression)}.`,
  };
}

function unmappedReason({ event_id, uri, problem }: UnmappedEvent): Reason {
  return {
    ...{ kind: "assets", until: null, taskIds: [] },
    evidence: { uri, event_id: String(event_id) },
    message: `An event of ${uri} belongs to no partition: ${problem}.`,
  };
}

async function eventsWait(
  context: ApiContext,
  head: DagHead,
  spec: DagSpec,
  expression: AssetExpression,
): Promise<{ readonly progress: AssetProgress; readonly reasons: readonly Reason[] }> {
  const progress = assetProgress(expression, await countsOf(context, head.dag_id, expression));
  const held = await heldBy(context, head, spec.maxActiveRuns);
  return { progress, reasons: [...assetReasons(progress), ...held] };
}

async function countsOf({ db }: ApiContext, dagId: string, expression: AssetExpression) {
  const needs = assetNeeds(expression);
  const counts = await countPendingEvents(
    db,
    needs.map(({ of, count: needed }) => ({
      ...{ dagId, needed },
      ...(of.kind === "asset" ? { uri: of.uri, alias: "" } : { uri: "", alias: of.name }),
    })),
  );
  const byKey = new Map(needs.map(({ of }, n) => [assetKey(of), counts[n] ?? 0]));
  return (of: Parameters<typeof assetKey>[0]) => byKey.get(assetKey(of)) ?? 0;
}

async function heldBy({ db }: ApiContext, head: DagHead, max: number): Promise<Reason[]> {
  const { dag_id } = head;
  const reasons: Reason[] = [];
  if (!head.is_active)
    reasons.push({
      ...{ kind: "dag_inactive", evidence: { dag_id }, until: null, taskIds: [] },
      message: `The DAG ${dag_id} has no file any more, and gets no events; put it back to run it.`,
    });
  if (head.is_paused)
    reasons.push({
      ...{ kind: "dag_paused", evidence: { dag_id }, until: null, taskIds: [] },
      message: `The DAG ${dag_id} is paused; events wait, and make a run once it is unpaused.`,
    });
  const { active } = await countActiveRuns(db, dag_id);
  if (active >= max)
    reasons.push({
      ...{ kind: "max_active_runs", until: null, taskIds: [] },
      evidence: { dag_id, active: String(active), limit: String(max) },
      message: `${active} runs of ${dag_id} are queued or running, and maxActiveRuns is ${max}; events wait for one to end.`,
    });
  return reasons;
}
