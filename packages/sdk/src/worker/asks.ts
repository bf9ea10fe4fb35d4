/** Asks the server what bodies ask for. */

import { randomUUID } from "node:crypto";
import { isMillraceError } from "@millrace/engine";
import type { BlobRef } from "@millrace/wire";
import { WorkerService } from "@millrace/wire/worker";
import { assetEventsPage, assetEventsRequest } from "./asset-reads.ts";
import { backoffMs } from "./backoff.ts";
import { fetchPulled } from "./large-values.ts";
import { askPatienceMs } from "./limits.ts";
import type { Answer, Ask } from "./messages.ts";
import { ref, type Session, type SessionAccess } from "./session-keeper.ts";
import { triggered } from "./ask-trigger.ts";

export type AskingOptions = Omit<SessionAccess, "log"> & {
  fetch(ref: BlobRef): Promise<Uint8Array>;
};

/** Never rejects: what cannot be had is an answer. */
export async function answerTo(
  options: AskingOptions,
  attemptId: string,
  ask: Ask,
): Promise<Answer> {
  const until = performance.now() + askPatienceMs;
  const requestId = randomUUID();
  for (let failures = 1; ; failures++) {
    const session = options.session();
    try {
      if (session !== null) return await askServer(options, session, { attemptId, requestId }, ask);
    } catch (error) {
      const reason = isMillraceError(error) ? error.reason : null;
      if (reason === "SESSION_EXPIRED" && session !== null) options.onExpired(session.sessionId);
      else if (reason === null || !passing.has(reason) || performance.now() > until)
        return { kind: "refused", reason, message: (error as Error).message };
    }
    if (session === null && performance.now() > until)
      return { kind: "refused", reason: "UNAVAILABLE", message: "The server cannot be reached." };
    await new Promise((resolve) => setTimeout(resolve, backoffMs(failures)));
  }
}

const passing: ReadonlySet<string> = new Set(["UNAVAILABLE", "OVERLOADED", "DATABASE_UNREACHABLE"]);

async function askServer(
  { connection, fetch }: AskingOptions,
  session: Session,
  { attemptId, requestId }: { readonly attemptId: string; readonly requestId: string },
  ask: Ask,
): Promise<Answer> {
  const about = { session: ref(session), attemptId };
  if (ask.kind === "token") {
    const { token } = await connection.call(WorkerService.method.makeTaskToken, about);
    return { kind: "token", token };
  }
  if (ask.kind === "trigger") return triggered(connection, about, ask.request, requestId);
  if (ask.kind === "asset_events") {
    const request = { ...about, ...assetEventsRequest(ask.request) };
    const answer = await connection.call(WorkerService.method.readAssetEvents, request);
    return { kind: "asset_events", page: assetEventsPage(answer) };
  }
  const { taskIds, key, mapIndexes, runId, includePriorDates, dagId } = ask.request;
  const run = includePriorDates
    ? ({ case: "includePriorDates", value: true } as const)
    : runId === null
      ? ({ case: undefined } as const)
      : ({ case: "runId", value: runId } as const);
  const { xcoms, mappedTaskIds } = await connection.call(WorkerService.method.pullXComs, {
    ...about,
    taskIds: [...taskIds],
    key,
    mapIndexes: [...mapIndexes],
    run,
    dagId,
  });
  const found = xcoms.map(({ taskId, mapIndex, value }) => ({
    taskId,
    mapIndex,
    data: value?.data ?? new Uint8Array(),
  }));
  return { kind: "pulled", xcoms: await fetchPulled(found, fetch), mappedTaskIds };
}
