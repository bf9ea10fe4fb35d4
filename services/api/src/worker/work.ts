import type { Handler, Outbox } from "@millrace/service";
import type { WorkerService, Verdict, WorkRequest, WorkResponse } from "@millrace/wire/worker";
import { fieldInvalid } from "../fields.ts";
import { workerLimits } from "../limits.ts";
import type { WorkerContext } from "./context.ts";
import { workResponse } from "./gateway.ts";
import { checkedResults } from "./result-limits.ts";
import type { WorkerSession } from "./session.ts";

/** One stream of one session. Reading and writing go their own ways; when either ends, so does the stream. */
export function work(context: WorkerContext): Handler<typeof WorkerService.method.work> {
  return (requests, call) => stream(context, requests, call.signal);
}

async function* stream(
  context: WorkerContext,
  requests: AsyncIterable<WorkRequest>,
  signal: AbortSignal,
): AsyncGenerator<WorkResponse, void, undefined> {
  const incoming = requests[Symbol.asyncIterator]();
  const session = await context.sessions.require(await hello(incoming));
  const outbox = context.gateway.attach(session);
  const leave = (): void => context.gateway.detach(session, outbox);
  signal.addEventListener("abort", leave, { once: true });
  try {
    void read(context, session, incoming, outbox);
    yield* outbox;
  } finally {
    leave();
  }
}

async function hello(incoming: AsyncIterator<WorkRequest>) {
  const first = await incoming.next();
  const message = first.done === true ? undefined : first.value.message;
  if (message?.case !== "hello")
    throw fieldInvalid("message", "is not hello; a stream begins with hello.");
  return message.value.session;
}

/** Ends the stream with the error when there is one; after a half-close, once every result has its verdict. */
async function read(
  context: WorkerContext,
  session: WorkerSession,
  incoming: AsyncIterator<WorkRequest>,
  outbox: Outbox<WorkResponse>,
): Promise<void> {
  const reports = new Set<Promise<void>>();
  try {
    for (let next = await incoming.next(); next.done !== true; next = await incoming.next()) {
      if (outbox.isClosed) return;
      const report = take(context, session, next.value, outbox);
      if (report === null) continue;
      reports.add(report);
      void report.finally(() => reports.delete(report));
    }
    await Promise.all(reports);
    outbox.close();
  } catch (error) {
    outbox.close(error);
  }
}

/** Takes one message; the promise, when there is one, is for verdicts that are still to come. */
function take(
  { gateway }: WorkerContext,
  session: WorkerSession,
  { message }: WorkRequest,
  outbox: Outbox<WorkResponse>,
): Promise<void> | null {
  session.usedAtMs = performance.now();
  if (message.case === "results") {
    const reports = checkedResults(message.value.results).map((result) =>
      gateway.report(session, result),
    );
    return answer(reports, outbox);
  }
  if (message.case !== "credit") {
    throw fieldInvalid(
      "message",
      "is neither credit nor results; hello comes once, at the beginning.",
    );
  }
  const { count } = message.value;
  if (count < 1 || count > workerLimits.slotsMax) {
    throw fieldInvalid(
      "credit.count",
      `is ${count}; write a number from 1 to ${workerLimits.slotsMax}.`,
    );
  }
  gateway.addCredit(session, count);
  return null;
}

async function answer(
  reports: readonly Promise<Verdict>[],
  outbox: Outbox<WorkResponse>,
): Promise<void> {
  const verdicts = await Promise.all(reports);
  outbox.push(workResponse({ case: "verdicts", value: { verdicts } }));
}
