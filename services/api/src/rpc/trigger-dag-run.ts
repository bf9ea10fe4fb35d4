import { getDags, getRun, getRuns, type DagHead, type RunRow } from "@millrace/db";
import { MillraceError, shardOf } from "@millrace/engine";
import { createBatcher, principalLabel, type Handler } from "@millrace/service";
import { epochMsOf } from "@millrace/wire";
import { type DagRunService, TriggerDagRunRequestSchema, type DagRun } from "@millrace/wire/v1";
import type { OwnerReply } from "@millrace/wire/internal";
import type { ApiContext } from "../context.ts";
import { dagIdField, dagNotFound, fieldInvalid, runNotFound, textField } from "../fields.ts";
import { requestKey } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";
import { runMessage } from "../messages/run.ts";
import { compileParamsSchema, completeParams } from "../params.ts";

/** The years that every date of ours lies in. */
const earliest = Date.UTC(1, 0, 1);
const latest = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

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
  return async (request, call) => {
    const { requestId, bodyHash } = requestKey(call, TriggerDagRunRequestSchema, request);
    const head = await heads.add(dagIdField(request.dagId));
    if (head === undefined) throw dagNotFound(request.dagId);
    const { spec } = await context.versions.get(head.dag_version_id);
    const params = completeParams(
      request.params?.data ?? null,
      compileParamsSchema(spec.paramsSchema),
    );
    const logicalDateMs = epochMsOf(request.logicalDate);
    if (logicalDateMs !== null && !(logicalDateMs >= earliest && logicalDateMs <= latest)) {
      throw fieldInvalid("logical_date", "is not within the years 1 to 9999.");
    }
    const reply = await context.commands.send(
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
          },
        },
      },
      call,
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

function runKeyIn({ reply }: OwnerReply): number {
  if (reply.case === "runKey") return Number(reply.value);
  throw new MillraceError("INTERNAL", undefined, {
    cause: new Error(`owner replied ${reply.case}`),
  });
}
