import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { principalLabel, type Call, type Handler } from "@millrace/service";
import {
  CancelBackfillRequestSchema,
  PauseBackfillRequestSchema,
  ResumeBackfillRequestSchema,
  type Backfill,
  type BackfillService,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { requestKey } from "../idempotency.ts";
import { backfillOf } from "./create-backfill.ts";
import { requireBackfill } from "./read-backfills.ts";

type Change = "pauseBackfill" | "resumeBackfill" | "cancelBackfill";

export function pauseBackfill(
  context: ApiContext,
): Handler<typeof BackfillService.method.pauseBackfill> {
  return async (request, call) => ({
    backfill: await change(context, call, PauseBackfillRequestSchema, request, "pauseBackfill"),
  });
}

export function resumeBackfill(
  context: ApiContext,
): Handler<typeof BackfillService.method.resumeBackfill> {
  return async (request, call) => ({
    backfill: await change(context, call, ResumeBackfillRequestSchema, request, "resumeBackfill"),
  });
}

export function cancelBackfill(
  context: ApiContext,
): Handler<typeof BackfillService.method.cancelBackfill> {
  return async (request, call) => ({
    backfill: await change(context, call, CancelBackfillRequestSchema, request, "cancelBackfill"),
  });
}

/** The owner changes it, and remembers the request with the change; the answer is the backfill as it is by then. */
async function change<I extends DescMessage>(
  context: ApiContext,
  call: Call,
  schema: I,
  request: MessageShape<I> & { readonly requestId: string; readonly backfillId: string },
  kind: Change,
): Promise<Backfill> {
  const { requestId, bodyHash } = requestKey(call, schema, request);
  const row = await requireBackfill(context, request.backfillId);
  const value = { backfillKey: BigInt(row.id), dagId: row.dag_id };
  const principal = principalLabel(call.principal);
  const command = { principal, requestId, bodyHash, command: { case: kind, value } } as const;
  const reply = await context.commands.send(row.shard, command, call);
  call.log.info({ backfill_id: request.backfillId, method: call.method }, "backfill.changed");
  return backfillOf(context, reply);
}
