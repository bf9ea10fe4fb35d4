import type { Handler } from "@millrace/service";
import { RenewSessionRequestSchema, type Verdict, type WorkerService } from "@millrace/wire/worker";
import { fieldInvalid } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import type { WorkerContext } from "./context.ts";
import { verdictsOn } from "./inventories.ts";
import { onceInSession } from "./repeats.ts";
import type { WorkerSession } from "./session.ts";
import { expired } from "./sessions.ts";

/** First the session lives on, then its owners say what to do about what it runs. */
export function renewSession(
  context: WorkerContext,
): Handler<typeof WorkerService.method.renewSession> {
  return async (request, call) => {
    const session = await context.sessions.require(request.session);
    // An old inventory that comes twice must not tell owners of work that has been given since.
    return onceInSession(session, call, RenewSessionRequestSchema, request, async () => ({
      verdicts: await renew(context, session, request.attemptIds, call.signal),
    }));
  };
}

async function renew(
  context: WorkerContext,
  session: WorkerSession,
  attemptIds: readonly string[],
  signal: AbortSignal,
): Promise<Verdict[]> {
  // A worker may hold finished attempts, whose results wait for verdicts, beside those it runs.
  const most = 2 * workerLimits.slotsMax;
  if (attemptIds.length > most)
    throw fieldInvalid("attempt_ids", `has ${attemptIds.length} entries; the limit is ${most}.`);
  if (!(await context.renewals.add(session.key))) {
    context.gateway.end(session);
    throw expired();
  }
  context.gateway.renewed(session);
  // Nobody waits for it any more: it may have been on its way for long, and is older than what was given since.
  if (signal.aborted) return [];
  // What the worker names, it has: it need not be sent again.
  for (const attemptId of attemptIds) session.held.delete(attemptId);
  return verdictsOn(context, session.key, attemptIds);
}
