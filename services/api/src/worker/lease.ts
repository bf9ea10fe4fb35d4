import { durationMs } from "@bufbuild/protobuf/wkt";
import { requestReused } from "@millrace/db";
import type { Handler } from "@millrace/service";
import {
  LeaseRequestSchema,
  ReportRequestSchema,
  type Assignment,
  type WorkerService,
} from "@millrace/wire/worker";
import { fieldInvalid, requestIdField } from "../fields.ts";
import { bodyHash } from "../idempotency.ts";
import { workerLimits } from "../limits.ts";
import type { WorkerContext } from "./context.ts";
import { onceInSession } from "./repeats.ts";
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
    const hash = bodyHash(LeaseRequestSchema, request);
    const before = session.lastLease;
    if (before?.requestId === requestId) {
      if (!before.bodyHash.equals(hash)) throw requestReused({ method: call.method, requestId });
      // What the worker has confirmed needs no repeating; and a repeated call is no call for more.
      return { assignments: before.assignments.filter((each) => session.held.has(each.attemptId)) };
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
    if (assignments.length > 0) session.lastLease = { requestId, bodyHash: hash, assignments };
    return { assignments };
  };
}

/** Results without a stream: answers once every one of them has its verdict. */
export function report(context: WorkerContext): Handler<typeof WorkerService.method.report> {
  return async (request, call) => {
    const session = await context.sessions.require(request.session);
    return onceInSession(session, call, ReportRequestSchema, request, async () => {
      const results = checkedResults(request.results);
      return {
        verdicts: await Promise.all(
          results.map((result) => context.gateway.report(session, result)),
        ),
      };
    });
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
