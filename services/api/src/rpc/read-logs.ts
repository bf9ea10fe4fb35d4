import { fromBinary } from "@bufbuild/protobuf";
import { viewTaskInstance, type TaskInstanceKey } from "@millrace/db";
import { TaskState } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { LogsAppendedSchema } from "@millrace/wire/internal";
import type { TailLogsResponse, TaskInstanceService } from "@millrace/wire/v1";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TailLogsResponseSchema } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { createDoorbell } from "../doorbell.ts";
import { fieldInvalid } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { readLogLines } from "../log-reading.ts";
import { isFinalRun } from "../messages/run.ts";
import { pageSizeOf } from "../paging.ts";
import { requireRun, requireTaskInstance } from "../task-instance-reading.ts";

const limits = { default: apiLimits.logPageDefault, max: apiLimits.logPageMax };

export function readLogs(context: ApiContext): Handler<typeof TaskInstanceService.method.readLogs> {
  return async (request) => {
    const limit = pageSizeOf(request.limit, limits);
    const afterSeq = seqField(request.afterSeq);
    const { key } = await requireTaskInstance(context, request);
    const attempt = tryNumberField(request.tryNumber) || (await newestAttempt(context, key));
    if (attempt === 0) return { tryNumber: 0 };
    const { lines, hasMore } = await readLogLines(
      context,
      { ...key, attempt },
      { afterSeq, limit },
    );
    return { lines, hasMore, tryNumber: attempt };
  };
}

export function tailLogs(context: ApiContext): Handler<typeof TaskInstanceService.method.tailLogs> {
  return (request, call) => tail(context, request, call.signal);
}

type TailRequest = Parameters<Handler<typeof TaskInstanceService.method.tailLogs>>[0];
type Tail = AsyncGenerator<MessageInitShape<typeof TailLogsResponseSchema>, void, undefined>;

async function* tail(context: ApiContext, request: TailRequest, signal: AbortSignal): Tail {
  let afterSeq = seqField(request.afterSeq);
  const { key } = await requireTaskInstance(context, request);
  const asked = tryNumberField(request.tryNumber);
  const bell = createDoorbell(context.bus, `logs.${key.runKey}`, {
    accept: (data) => isAbout(data, key),
  });
  try {
    let attempt = asked;
    while (!signal.aborted) {
      attempt ||= await newestAttempt(context, key);
      // Asked before reading: an attempt that had ended by then has all its lines stored.
      const hasEnded = await isOver(context, request.runId, key, attempt);
      for (;;) {
        const { lines, hasMore } = await readLogLines(
          context,
          { ...key, attempt },
          { afterSeq, limit: apiLimits.logPageDefault },
        );
        const last = lines.at(-1);
        if (last === undefined) break;
        afterSeq = Number(last.seq);
        yield { lines, tryNumber: attempt } satisfies Partial<TailLogsResponse>;
        if (!hasMore) break;
      }
      if (hasEnded) return;
      await bell.next(apiLimits.watchSafetyMs, signal);
    }
  } finally {
    bell.close();
  }
}

function isAbout(data: Uint8Array, key: TaskInstanceKey): boolean {
  const { taskIx, mapIndex } = fromBinary(LogsAppendedSchema, data);
  return taskIx === key.ix && mapIndex === key.mapIx;
}

/** 0 when there was none yet. */
async function newestAttempt({ db }: ApiContext, key: TaskInstanceKey): Promise<number> {
  return (await viewTaskInstance(db, key))?.attempt ?? 0;
}

/** Whether no line of this attempt can come any more. */
async function isOver(
  context: ApiContext,
  runId: string,
  key: TaskInstanceKey,
  attempt: number,
): Promise<boolean> {
  const row = await viewTaskInstance(context.db, key);
  if (row !== null && row.attempt > 0) return row.attempt > attempt || !isHeld(row.state);
  const { run } = await requireRun(context, runId);
  return row !== null || isFinalRun(run.state);
}

/** Whether a worker has it, be it to stop. */
function isHeld(state: TaskState): boolean {
  return state === TaskState.running || state === TaskState.restarting;
}

function seqField(afterSeq: bigint): number {
  if (afterSeq < 0n || afterSeq > BigInt(Number.MAX_SAFE_INTEGER))
    throw fieldInvalid("after_seq", "is not a line number; write 0 for the beginning.");
  return Number(afterSeq);
}

function tryNumberField(tryNumber: number): number {
  if (tryNumber < 0 || tryNumber > 32_767)
    throw fieldInvalid("try_number", `is ${tryNumber}; write 0 for the newest attempt.`);
  return tryNumber;
}
