import { fromBinary } from "@bufbuild/protobuf";
import { findAnswer, listAssetUses } from "@millrace/db";
import { isMillraceError, MillraceError, shardOf } from "@millrace/engine";
import { principalLabel, type Call, type Handler } from "@millrace/service";
import { OwnerReplySchema, type OwnerReply } from "@millrace/wire/internal";
import {
  MaterializeAssetRequestSchema,
  RunType,
  type AssetService,
  type MaterializeAssetRequest,
} from "@millrace/wire/v1";
import { requireAsset } from "../asset-reading.ts";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { dagIdField, partitionKeyField, textField } from "../fields.ts";
import { requestKey } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";
import { compileParamsSchema, completeParams } from "../params.ts";
import { runOf } from "./trigger-dag-run.ts";

/** A run of the one DAG that makes the asset, as if it were triggered by hand. */
export function materializeAsset(
  context: ApiContext,
): Handler<typeof AssetService.method.materializeAsset> {
  return async (request, call) => {
    const reply = await ask(context, request, call).catch(async (refusal: unknown) => {
      // What was asked and answered is not judged again: another DAG may make the asset by now.
      const key = requestKey(call, MaterializeAssetRequestSchema, request);
      const answer = isMillraceError(refusal) ? await findAnswer(context.db, key) : null;
      if (answer === null) throw refusal;
      return fromBinary(OwnerReplySchema, answer);
    });
    return { run: await runOf(context, reply) };
  };
}

async function ask(
  context: ApiContext,
  request: MaterializeAssetRequest,
  call: Call,
): Promise<OwnerReply> {
  const { requestId, bodyHash } = requestKey(call, MaterializeAssetRequestSchema, request);
  const dagId = await producerOf(context, request);
  const head = await requireDag(context, dagId);
  const { spec } = await context.versions.get(head.dag_version_id);
  const params = completeParams(
    request.params?.data ?? null,
    compileParamsSchema(spec.paramsSchema),
  );
  const note = textField("note", request.note, apiLimits.noteLength);
  const partitionKey = partitionKeyField(request.partitionKey) ?? "";
  return context.commands.send(
    shardOf(dagId),
    {
      principal: principalLabel(call.principal),
      ...{ requestId, bodyHash },
      command: {
        case: "triggerRun",
        value: { dagId, params, note, runType: RunType.ASSET_MATERIALIZATION, partitionKey },
      },
    },
    call,
  );
}

async function producerOf(
  context: ApiContext,
  { asset, dagId }: MaterializeAssetRequest,
): Promise<string> {
  const row = await requireAsset(context, asset);
  const uses = await listAssetUses(context.db, row.id, apiLimits.assetUsesMax);
  const dagIds = [...new Set(uses.flatMap((use) => (use.kind === 1 ? [use.dag_id] : [])))];
  const metadata = { asset: row.uri.slice(0, 250), dag_ids: dagIds.slice(0, shownMax).join(", ") };
  if (dagId !== "") {
    const wanted = dagIdField(dagId);
    if (dagIds.includes(wanted)) return wanted;
    const message = `The DAG ${wanted} does not make ${row.uri}; ${namesOf(dagIds)}.`;
    throw new MillraceError("ASSET_PRODUCER_MISSING", message, { metadata });
  }
  const [only, ...others] = dagIds;
  if (only === undefined) {
    const message = `No task of an active DAG has ${row.uri} among its outlets; add it to one, or make an event by hand.`;
    throw new MillraceError("ASSET_PRODUCER_MISSING", message, { metadata });
  }
  if (others.length === 0) return only;
  const message = `${row.uri} is made by ${dagIds.length} DAGs (${dagIds.slice(0, shownMax).join(", ")}); say which one is to run.`;
  throw new MillraceError("ASSET_PRODUCER_AMBIGUOUS", message, { metadata });
}

const shownMax = 10;

function namesOf(dagIds: readonly string[]): string {
  if (dagIds.length === 0) return "no DAG does";
  return `${dagIds.slice(0, shownMax).join(", ")} ${dagIds.length === 1 ? "does" : "do"}`;
}
