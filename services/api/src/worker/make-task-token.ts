import { viewTaskInstance } from "@millrace/db";
import { MillraceError } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { parseAttemptId } from "@millrace/wire";
import type { WorkerService } from "@millrace/wire/worker";
import type { WorkerContext } from "./context.ts";

/** For the newest attempt of a task instance only: a token for another would end nothing, or what is not the worker's. */
export function makeTaskToken(
  context: WorkerContext,
): Handler<typeof WorkerService.method.makeTaskToken> {
  return async ({ session, attemptId }) => {
    await context.sessions.require(session);
    const ref = parseAttemptId(attemptId);
    if (ref?.of !== "body") throw new MillraceError("ATTEMPT_UNKNOWN");
    const row = await viewTaskInstance(context.db, ref);
    if (row?.attempt !== ref.attempt) throw new MillraceError("ATTEMPT_UNKNOWN");
    return { token: await context.tokens.make(attemptId) };
  };
}
