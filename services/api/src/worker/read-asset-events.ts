import { readAssetEventRows } from "@millrace/db";
import type { MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import type { ReadAssetEventsRequest, WorkerService } from "@millrace/wire/worker";
import { fieldInvalid, shown } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import { assetEventMessage } from "../messages/asset.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { dateField } from "../rpc/asset-events.ts";
import type { WorkerContext } from "./context.ts";
import { requireHeldAttempt, type HeldAttempt } from "./held-attempt.ts";

const limits = { default: workerLimits.assetEventsDefault, max: workerLimits.assetEventsMax };

/** A body reads what made its run, and the events of its inlets; no others. */
export function readAssetEvents(
  context: WorkerContext,
): Handler<typeof WorkerService.method.readAssetEvents> {
  return async (request) => {
    const session = await context.sessions.require(request.session);
    const attempt = await requireHeldAttempt(context, session, request.attemptId);
    const of = await whichOf(context, request, attempt);
    const limit = pageSizeOf(request.pageSize, limits);
    const { newestFirst } = request;
    const since = dateField("since", request.since);
    const before = dateField("before", request.before);
    const filters = ["read_asset_events", of, newestFirst, since, before];
    const afterId = positionOf(request.pageToken, filters, isCount);
    const found = await readAssetEventRows(context.db, {
      ...{ of, since, before, newestFirst, afterId },
      limit: limit + 1,
    });
    const { rows, last } = cutPage(found, limit);
    return {
      events: rows.map((row) => assetEventMessage(row)),
      nextPageToken: last === null ? "" : tokenAfter(filters, last.id),
    };
  };
}

type Which =
  { readonly madeRunKey: number } | { readonly uri: string } | { readonly alias: string };

async function whichOf(
  { versions }: WorkerContext,
  { of }: ReadAssetEventsRequest,
  { ref, holder }: HeldAttempt,
): Promise<Which> {
  if (of.case === "triggering" && of.value) return { madeRunKey: ref.runKey };
  if (of.case !== "inletUri" && of.case !== "inletAlias")
    throw fieldInvalid("of", "is unset; say triggering, inlet_uri or inlet_alias.");
  const { dag } = await versions.get(holder.dag_version_id);
  const inlets = dag.tasks[ref.ix]?.inlets ?? [];
  if (of.case === "inletAlias") {
    if (inlets.some((inlet) => inlet.kind === "alias" && inlet.name === of.value))
      return { alias: of.value };
    throw noInlet("inlet_alias", of.value);
  }
  const assets = inlets.filter((inlet) => inlet.kind === "asset");
  const asset =
    assets.find(({ uri }) => uri === of.value) ?? assets.find(({ name }) => name === of.value);
  if (asset === undefined) throw noInlet("inlet_uri", of.value);
  return { uri: asset.uri };
}

function noInlet(field: string, value: string): MillraceError {
  return fieldInvalid(field, `is ${shown(value)}, which is no inlet of the task; add it to them.`);
}
