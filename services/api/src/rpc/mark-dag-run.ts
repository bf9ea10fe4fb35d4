import { getRun, type RunRow } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import { principalLabel, type Call, type Handler } from "@millrace/service";
import type { InstancesChanged } from "@millrace/wire/internal";
import {
  MarkDagRunRequestSchema,
  MarkDagRunResponseSchema,
  RunState,
  type DagRunService,
  type MarkDagRunRequest,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { fieldInvalid, runIdField, runNotFound } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { onceByOwners, partId } from "../owner-answers.ts";
import { runMessage } from "../messages/run.ts";

const schemas = { input: MarkDagRunRequestSchema, output: MarkDagRunResponseSchema };

export function markDagRun(context: ApiContext): Handler<typeof DagRunService.method.markDagRun> {
  return async (request, call) => {
    const prepare = (): Promise<RunRow> => runMeant(context, request);
    if (request.dryRun) {
      const row = await prepare();
      const nobody = { requestId: "", bodyHash: new Uint8Array() };
      return { run: runMessage(row), ...(await ask(context, call, request, row, nobody)) };
    }
    return onceByOwners(context, call, request, {
      schemas,
      prepare,
      async act(row, key) {
        const asker = { requestId: partId(key, row.id), bodyHash: key.bodyHash };
        const changed = await ask(context, call, request, row, asker);
        call.log.info({ run_id: request.runId, method: call.method }, "run.marked");
        return { run: runMessage((await getRun(context.db, row.id)) ?? row), ...changed };
      },
    });
  };
}

/** @throws MillraceError FIELD_INVALID, RUN_NOT_FOUND */
async function runMeant(context: ApiContext, request: MarkDagRunRequest): Promise<RunRow> {
  if (request.state !== RunState.SUCCESS && request.state !== RunState.FAILED)
    throw fieldInvalid("state", "must be SUCCESS or FAILED.");
  const row = await getRun(context.db, runIdField(request.runId));
  if (row === null) throw runNotFound(request.runId);
  return row;
}

async function ask(
  { commands }: ApiContext,
  call: Call,
  { state, dryRun }: MarkDagRunRequest,
  row: RunRow,
  asker: { readonly requestId: string; readonly bodyHash: Uint8Array },
): Promise<Pick<InstancesChanged, "affected" | "affectedCount" | "counts">> {
  const value = { runKey: BigInt(row.id), state, dryRun };
  const principal = principalLabel(call.principal);
  const command = { principal, ...asker, command: { case: "markRun", value } } as const;
  const { reply } = await commands.send(row.shard, command, {
    signal: call.signal,
    answerMs: apiLimits.changeAnswerMs,
  });
  if (reply.case !== "instancesChanged")
    throw new MillraceError("INTERNAL", undefined, {
      cause: new Error(`owner replied ${reply.case}`),
    });
  const { affected, affectedCount, counts } = reply.value;
  return { affected, affectedCount, counts };
}
