import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Handler } from "@millrace/service";
import type { Assignment, WorkerService } from "@millrace/wire/worker";
import { fieldInvalid, requestIdField } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import type { WorkerContext } from "./context.ts";
import { checkedResults } from "./result-limits.ts";
import type { WorkerSession } from "./session.ts";
import { expired } from "./sessions.ts";

/** Work without a stream. A session has one waiting Lease call; a newer one takes its place. */
export function lease(context: WorkerContext): Handler<typeof WorkerService.method.lease> {
  return async (request, call) => {
    const requestId = requestIdField(request.requestId);
    const max = request.max;
    if (max < 1 || max > workerLimits.leaseMax)
      throw fieldInvalid("max", `is ${max}; write a number from 1 to ${workerLimits.leaseMax}.`);
    const session = await context.sessions.require(request.session);
    if (session.outbox !== null)
      throw fieldInvalid("session", "has a Work stream; use that, or end it first.");
    const before = session.lastLease;
    if (
      before?.requestId === requestId &&
      before.assignments.every(({ attemptId }) => session.held.has(attemptId))
    ) {
      return { assignments: [...before.assignments] };
    }
    const waitMs = Math.min(
      request.wait === undefined ? 0 : durationMs(request.wait),
      workerLimits.leaseWaitMaxMs,
    );
    if (undelivered(session).length === 0)
      await waitForWork(context, session, { max, waitMs, signal: call.signal });
    if (session.hasEnded) throw expired();
    // A caller that is gone would not get them: they stay for the next call.
    if (call.signal.aborted) return {};
    const assignments = deliver(session, max);
    if (assignments.length > 0) session.lastLease = { requestId, assignments };
    return { assignments };
  };
}

/** Results without a stream: answers once every one of them has its verdict. */
export function report(context: WorkerContext): Handler<typeof WorkerService.method.report> {
  return async (request) => {
    const session = await context.sessions.require(request.session);
    const results = checkedResults(request.results);
    return {
      verdicts: await Promise.all(results.map((result) => context.gateway.report(session, result))),
    };
  };
}

type Wait = { readonly max: number; readonly waitMs: number; readonly signal: AbortSignal };

/** While it waits, the session has credit; what comes too late is kept for the next call. */
async function waitForWork(
  { gateway }: WorkerContext,
  session: WorkerSession,
  { max, waitMs, signal }: Wait,
): Promise<void> {
  session.leasing?.wake();
  const { promise, resolve } = Promise.withResolvers<void>();
  const leasing = { wake: () => void setImmediate(resolve) };
  session.leasing = leasing;
  const timer = setTimeout(resolve, waitMs);
  signal.addEventListener("abort", () => resolve(), { once: true });
  session.credit = max;
  gateway.addCredit(session, 0);
  await promise;
  clearTimeout(timer);
  if (session.leasing !== leasing) return;
  session.leasing = null;
  session.credit = 0;
}

function undelivered(session: WorkerSession): Assignment[] {
  return [...session.held.values()]
    .filter((held) => !held.isDelivered)
    .map(({ assignment }) => assignment);
}

function deliver(session: WorkerSession, max: number): Assignment[] {
  const assignments = undelivered(session).slice(0, max);
  for (const { attemptId } of assignments) {
    const held = session.held.get(attemptId);
    if (held !== undefined) held.isDelivered = true;
  }
  return assignments;
}
