/**
 * The thread that speaks with the server and decides what runs where. Bodies run elsewhere, so that none of them can
 * keep it from renewing the session.
 */

import { parentPort, workerData } from "node:worker_threads";
import { VerdictKind, type Verdict } from "@millrace/wire/worker";
import { answerTo, type AskingOptions } from "./asks.ts";
import { BlobClient } from "./blob-client.ts";
import { BundleCache, gather } from "./bundle-cache.ts";
import { connect, errorFromStatus, type ServerOptions } from "./connection.ts";
import { Dispatcher } from "./dispatcher.ts";
import { withFetched } from "./large-values.ts";
import { lastVerdictsMs, watchMs } from "./limits.ts";
import { LogShipper } from "./log-shipper.ts";
import { postedLog } from "./log.ts";
import type { FromRunner } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { plainFailure } from "./outcome.ts";
import type { Place } from "./place.ts";
import { ProcessPlace } from "./process-place.ts";
import { Reporter } from "./reporter.ts";
import { SessionKeeper } from "./session-keeper.ts";
import {
  carryError,
  type FromSession,
  type SessionThreadData,
  type ToSession,
} from "./session-messages.ts";
import { StoredResults } from "./stored-results.ts";
import { ThreadPool } from "./thread-pool.ts";
import { WorkStream } from "./work-stream.ts";

const port = parentPort;
if (port === null) throw new Error("session-thread.ts runs as a worker thread only");
const post = (message: FromSession): void => port.postMessage(message);
const data = workerData as SessionThreadData;

const log = postedLog(post);

const server = Promise.withResolvers<ServerOptions>();
const connection = connect(server.promise);
const outbox = new Outbox(log);
const keeper: SessionKeeper = new SessionKeeper({
  connection,
  announce: data.announce,
  log,
  inventory: () => [...dispatcher.attemptIds(), ...reporter.attemptIds()],
  onVerdicts: onRenewed,
  onSession(session) {
    post({ kind: "session", sessionId: session.sessionId });
    stream.attach(session);
  },
  onRefused: (error) => post({ kind: "refused", error: carryError(error) }),
});
const expired = (sessionId: string): void => keeper.expired(sessionId);
const logs: LogShipper = new LogShipper({
  connection,
  log,
  session: () => keeper.session,
  onExpired: expired,
});
const blobs = new BlobClient({
  connection,
  log,
  session: () => keeper.session,
  onExpired: expired,
});
const results = new StoredResults({
  outbox,
  store: (attemptId, value) => blobs.store(attemptId, value),
  onResult: () => stream.flush(),
});
const reporter: Reporter = new Reporter(logs, results);
const asking: AskingOptions = {
  connection,
  session: () => keeper.session,
  onExpired: expired,
  fetch: (ref) => blobs.fetch(ref),
};
const onMessage = (message: FromRunner): void => dispatcher.onMessage(message);

const threads = new ThreadPool({
  threads: data.threads,
  slots: data.slots,
  log,
  onMessage,
  onLost: (attemptIds, why, isAlone) => dispatcher.onLost(attemptIds, why, isAlone),
  onUnstartable(attemptIds, why) {
    for (const id of attemptIds)
      dispatcher.end(id, { kind: "failed", failure: plainFailure("setup", why) });
  },
});
const processes = new ProcessPlace(onMessage);
/** Functions cannot be sent to a thread: handlers run where the worker was started. Nothing there can be killed. */
const starter: Place = {
  takeBack: () => false,
  answer: (attemptId, askId, answer) =>
    post({ kind: "handler", message: { kind: "answer", attemptId, askId, answer } }),
  stop: (attemptId, cause) =>
    post({ kind: "handler", message: { kind: "stop", attemptId, cause } }),
  giveUp: () => undefined,
};

const dispatcher: Dispatcher = new Dispatcher({
  slots: data.slots,
  graceMs: data.graceMs,
  handlers: data.announce.handlers,
  bundles: new BundleCache(data.bundleCacheDir, download),
  reporter,
  log,
  fetchValues: (assignment) => withFetched(assignment, (ref) => blobs.fetch(ref)),
  ask: (attemptId, ask) => answerTo(asking, attemptId, ask),
  start(task, bundlePath) {
    const work = { ...task.work, bundlePath };
    if (bundlePath === null) {
      post({ kind: "handler", message: { kind: "run", works: [work] } });
      return starter;
    }
    if (task.isolation === "process") {
      processes.run(work, task.env);
      return processes;
    }
    threads.place(work);
    return threads;
  },
  flushStarts: () => threads.flush(),
  onChange() {
    stream.flush();
    if (dispatcher.size === 0) onEmpty();
  },
});
let onEmpty = (): void => undefined;

const stream: WorkStream = new WorkStream({
  connection,
  outbox,
  log,
  room: () => dispatcher.room,
  onAssignments: (assignments) => dispatcher.receive(assignments),
  onVerdicts,
  onCancels: (attemptIds) => dispatcher.cancel(attemptIds),
  onExpired: expired,
});

threads.start();
keeper.start();
const watch = setInterval(() => {
  threads.watch();
  dispatcher.watch();
  outbox.sweep();
  stream.flush();
}, watchMs);

port.on("message", (message: ToSession) => {
  if (message.kind === "stop") void stop(message.drainMs);
  else if (message.kind === "server") server.resolve(message.server);
  else onMessage(message.message);
});

/** What a renewal says about attempts. Whatever has stopped meanwhile still needs an answer to its result. */
function onRenewed(verdicts: readonly Verdict[]): void {
  const isCancel = ({ kind }: Verdict): boolean => kind === VerdictKind.CANCEL_REQUESTED;
  dispatcher.cancel(verdicts.filter(isCancel).map(({ attemptId }) => attemptId));
  onVerdicts(verdicts.filter((verdict) => !isCancel(verdict)));
}

/** Verdicts on results, and on attempts that are another's. */
function onVerdicts(verdicts: readonly Verdict[]): void {
  for (const verdict of verdicts) {
    const { attemptId, kind } = verdict;
    if (outbox.has(attemptId)) outbox.onVerdict(verdict);
    else if (kind === VerdictKind.CANCEL_REQUESTED) dispatcher.cancel([attemptId]);
    // What this version does not know means stop, too.
    else if (kind !== VerdictKind.OK) dispatcher.drop(attemptId);
  }
  stream.flush();
  if (outbox.size === 0) onEmpty();
}

async function download(digest: string): Promise<Buffer> {
  const session = keeper.session;
  if (session === null) throw new Error("There is no session just now to fetch the bundle with");
  const started = performance.now();
  try {
    const content = await gather(connection.download({ ...session, digest }));
    const tookMs = Math.round(performance.now() - started);
    log.info({ digest, bytes: content.length, took_ms: tookMs }, "bundle.fetched");
    return content;
  } catch (error) {
    throw error instanceof Error && "code" in error ? errorFromStatus(error as never) : error;
  }
}

let isStopping = false;

/** Called again, it ends at once what it would have waited for. */
async function stop(drainMs: number): Promise<void> {
  if (isStopping) {
    if (drainMs === 0) hurry.abort();
    return;
  }
  isStopping = true;
  // Nobody waits any longer to be told where the server is.
  server.reject(new Error("The worker was stopped."));
  dispatcher.drain();
  stream.flush();
  await until(() => dispatcher.size === 0, drainMs);
  const left = dispatcher.size;
  if (left > 0) log.warn({ left }, "worker.left_running");
  // What still runs is not reported: ending the session gives it back.
  clearInterval(watch);
  threads.stopAll();
  processes.stopAll();
  await until(() => reporter.size === 0, drainMs === 0 ? 0 : lastVerdictsMs);
  logs.stop();
  stream.stop();
  await keeper.stop();
  connection.close();
  post({ kind: "stopped" });
  port?.close();
}

const hurry = new AbortController();

/** Resolves when the condition holds (it is looked at whenever something ends), time is up, or there is a hurry. */
function until(condition: () => boolean, ms: number): Promise<void> {
  if (condition() || hurry.signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      onEmpty = () => undefined;
      resolve();
    };
    const timer = setTimeout(done, ms);
    hurry.signal.addEventListener("abort", done, { once: true });
    onEmpty = () => {
      if (condition()) done();
    };
  });
}
