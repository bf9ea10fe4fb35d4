import { create, toBinary } from "@bufbuild/protobuf";
import {
  createAssetEvent as storeAssetEvent,
  getRun,
  listAssetEventRows,
  type AssetEventFilter,
} from "@millrace/db";
import { assetLimits, MillraceError } from "@millrace/engine";
import { principalLabel, type Handler } from "@millrace/service";
import { epochMsOf, timestampOf } from "@millrace/wire";
import { AssetEventsPendingSchema } from "@millrace/wire/internal";
import {
  AssetEventSource,
  CreateAssetEventRequestSchema,
  CreateAssetEventResponseSchema,
  type AssetService,
  type ListAssetEventsRequest,
} from "@millrace/wire/v1";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { eventMessages, requireAsset } from "../asset-reading.ts";
import { assertCodecValue } from "../codec-values.ts";
import type { ApiContext } from "../context.ts";
import {
  dagIdField,
  fieldInvalid,
  requireYear,
  partitionKeyField,
  runIdField,
  runNotFound,
  textField,
} from "../fields.ts";
import { answered, once } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";

const limits = { default: apiLimits.pageDefault, max: apiLimits.pageMax };

export function listAssetEvents(
  context: ApiContext,
): Handler<typeof AssetService.method.listAssetEvents> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, limits);
    const filter = await filterOf(context, request);
    const filters = ["asset_events", filter];
    const belowId = positionOf(request.pageToken, filters, isCount) ?? Number.MAX_SAFE_INTEGER;
    const found = await listAssetEventRows(context.db, filter, { belowId, limit: limit + 1 });
    const { rows, last } = cutPage(found, limit);
    return {
      events: await eventMessages(context, rows),
      nextPageToken: last === null ? "" : tokenAfter(filters, last.id),
    };
  };
}

async function filterOf(
  context: ApiContext,
  request: ListAssetEventsRequest,
): Promise<AssetEventFilter> {
  const { asset, sourceDagId, sourceRunId, madeRunId, sourceTaskId, since, before } = request;
  if (sourceTaskId !== "" && sourceDagId === "" && sourceRunId === "")
    throw fieldInvalid("source_task_id", "needs source_dag_id or source_run_id; set one of them.");
  return {
    assetId: asset === "" ? null : (await requireAsset(context, asset)).id,
    sourceDagId: sourceDagId === "" ? null : dagIdField(sourceDagId),
    sourceRunKey: await runKeyField(context, sourceRunId),
    madeRunKey: await runKeyField(context, madeRunId),
    sourceTaskId: sourceTaskId === "" ? null : textField("source_task_id", sourceTaskId, 250),
    since: dateField("since", since),
    before: dateField("before", before),
  };
}

async function runKeyField({ db }: ApiContext, runId: string): Promise<number | null> {
  if (runId === "") return null;
  const key = runIdField(runId);
  if ((await getRun(db, key)) === null) throw runNotFound(runId);
  return key;
}

/** @throws MillraceError FIELD_INVALID */
export function dateField(field: string, value: Timestamp | undefined): Date | null {
  const ms = epochMsOf(value);
  if (ms === null) return null;
  requireYear(field, ms);
  return new Date(ms);
}

const schemas = { input: CreateAssetEventRequestSchema, output: CreateAssetEventResponseSchema };

/** The event and what waits for it are one transaction; owners are only told to look. */
export function createAssetEvent(
  context: ApiContext,
): Handler<typeof AssetService.method.createAssetEvent> {
  return async (request, call) => {
    const before = await answered(context, call, schemas, request);
    if (before !== null) return before;
    const extra = extraField(request.extra?.data ?? null);
    const partitionKey = partitionKeyField(request.partitionKey);
    const asset = await requireAsset(context, request.asset);
    if (!asset.is_active)
      throw new MillraceError(
        "ASSET_NOT_FOUND",
        `The asset ${asset.uri} is in use no more: no active DAG names it.`,
        { metadata: { asset: asset.uri.slice(0, 250) } },
      );
    const createdBy = principalLabel(call.principal);
    let consumers: readonly string[] = [];
    const answer = await once(context, call, schemas, request, async (tx) => {
      const event = { assetId: asset.id, extra, source: 2, createdBy, partitionKey } as const;
      const made = await storeAssetEvent(tx, event);
      ({ consumers } = made);
      const at = timestampOf(made.at.getTime());
      return {
        event: {
          eventId: BigInt(made.id),
          ...{ uri: asset.uri, name: asset.name, mapIndex: -1, createdBy },
          ...{ source: AssetEventSource.CALLER, partitionKey: partitionKey ?? "" },
          ...(at && { at }),
          ...(extra !== null && { extra: { data: extra } }),
        },
      };
    });
    if (consumers.length > 0)
      context.bus.publish(
        "assets",
        toBinary(
          AssetEventsPendingSchema,
          create(AssetEventsPendingSchema, { dagIds: [...consumers] }),
        ),
      );
    return answer;
  };
}

function extraField(data: Uint8Array | null): Uint8Array | null {
  if (data === null || data.length === 0) return null;
  assertCodecValue("extra", data);
  if (data.length > assetLimits.eventExtraBytes)
    throw new MillraceError(
      "VALUE_TOO_LARGE",
      `extra has ${data.length} bytes; the limit is ${assetLimits.eventExtraBytes}. Store it elsewhere and send its address.`,
      { metadata: { field: "extra" } },
    );
  const value: unknown = JSON.parse(Buffer.from(data).toString("utf8"));
  if (typeof value !== "object" || value === null || Array.isArray(value) || "$" in value)
    throw fieldInvalid("extra", 'is no object; send one, such as {"rows": 12}.');
  return data;
}
