import { getDags, getRun, getRuns, type DagHead, type RequestKey, type RunRow } from "@millrace/db";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { MillraceError, shardOf } from "@millrace/engine";
import { createBatcher, principalLabel, type Call, type Handler } from "@millrace/service";
import { epochMsOf } from "@millrace/wire";
import {
  type DagRunService,
  TriggerDagRunRequestSchema,
  type DagRun,
  type TriggerDagRunRequest,
} from "@millrace/wire/v1";
import type { OwnerReply } from "@millrace/wire/internal";
import type { ApiContext } from "../context.ts";
import {
  dagIdField,
  dagNotFound,
  partitionKeyField,
  requireYear,
  runNotFound,
  textField,
} from "../fields.ts";
import { requestKey } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";
import { runMessage } from "../messages/run.ts";
import { ownerAnsweredBefore } from "../owner-answers.ts";
import { compileParamsSchema, completeParams } from "../params.ts";

/** Params are complete before the owner sees them; the owner makes the run and remembers the request with it. */
export function triggerDagRun(
  context: ApiContext,
): Handler<typeof DagRunService.method.triggerDagRun> {
  // Runs are often asked for many at a time: what is read of them is read together.
  const heads = createBatcher<string, DagHead | undefined>({
    batchMax: apiLimits.readsPerBatch,
    async run(dagIds) {
      const found = await getDags(context.db, [...new Set(dagIds)]);
      const byId = new Map(found.map((head) => [head.dag_id, head]));
      return dagIds.map((dagId) => byId.get(dagId));
    },
  });
  const made = createBatcher<number, RunRow | undefined>({
    batchMax: apiLimits.readsPerBatch,
    async run(keys) {
      const byKey = new Map((await getRuns(context.db, keys)).map((run) => [run.id, run]));
      return keys.map((key) => byKey.get(key));
    },
  });
  async function ask(
    request: TriggerDagRunRequest,
    { requestId, bodyHash }: RequestKey,
    call: Call,
  ): Promise<OwnerReply> {
    const head = await heads.add(dagIdField(request.dagId));
    if (head === undefined) throw dagNotFound(request.dagId);
    const { spec } = await context.versions.get(head.dag_version_id);
    const params = completeParams(
      request.params?.data ?? null,
      compileParamsSchema(spec.paramsSchema),
    );
    const logicalDateMs = logicalDateField(request.logicalDate);
    const partitionKey = partitionKeyField(request.partitionKey);
    return context.commands.send(
      shardOf(head.dag_id),
      {
        principal: principalLabel(call.principal),
        requestId,
        bodyHash,
        command: {
          case: "triggerRun",
          value: {
            dagId: head.dag_id,
            params,
            note: textField("note", request.note, apiLimits.noteLength),
            ...(logicalDateMs === null ? {} : { logicalDateMs: BigInt(logicalDateMs) }),
            ...(partitionKey !== null && { partitionKey }),
            ignoreInputs: request.ignoreInputs,
          },
        },
      },
      call,
    );
  }
  return async (request, call) => {
    const key = requestKey(call, TriggerDagRunRequestSchema, request);
    const reply = await ask(request, key, call).catch((error: unknown) =>
      ownerAnsweredBefore(context, key, error),
    );
    const runKey = runKeyIn(reply);
    const row = await made.add(runKey);
    if (row === undefined) throw runNotFound(String(runKey));
    return { run: runMessage(row) };
  };
}

/** The run that an owner's answer names. */
export async function runOf({ db }: Pick<ApiContext, "db">, reply: OwnerReply): Promise<DagRun> {
  const runKey = runKeyIn(reply);
  const row = await getRun(db, runKey);
  if (row === null) throw runNotFound(String(runKey));
  return runMessage(row);
}

/** @throws MillraceError FIELD_INVALID */
export function logicalDateField(date: Timestamp | undefined): number | null {
  const ms = epochMsOf(date);
  if (ms !== null) requireYear("logical_date", ms);
  return ms;
}

export function runKeyIn({ reply }: OwnerReply): number {
  if (reply.case === "runKey") return Number(reply.value);
  throw new MillraceError("INTERNAL", undefined, {
    cause: new Error(`owner replied ${reply.case}`),
  });
}
