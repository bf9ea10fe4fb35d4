/**
 * The thread that speaks with the server and decides what runs where. Bodies run elsewhere, so that none of them can
 * keep it from renewing the session.
 */

import { parentPort, workerData } from "node:worker_threads";
import { answerTo, type AskingOptions } from "./asks.ts";
import { BundleCache, gather } from "./bundle-cache.ts";
import { errorFromStatus } from "./connection.ts";
import { Dispatcher } from "./dispatcher.ts";
import { withFetched } from "./large-values.ts";
import { lastVerdictsMs, watchMs } from "./limits.ts";
import { LogShipper } from "./log-shipper.ts";
import type { FromRunner } from "./messages.ts";
import { plainFailure } from "./outcome.ts";
import type { Place } from "./place.ts";
import { ProcessPlace } from "./process-place.ts";
import { Reporter } from "./reporter.ts";
import { SessionLink } from "./session-link.ts";
import type { FromSession, SessionThreadData, ToSession } from "./session-messages.ts";
import { ThreadPool } from "./thread-pool.ts";

const port = parentPort;
if (port === null) throw new Error("session-thread.ts runs as a worker thread only");
const post = (message: FromSession): void => port.postMessage(message);
const data = workerData as SessionThreadData;

const link: SessionLink = new SessionLink({
  port,
  announce: data.announce,
  inventory: () => [...dispatcher.attemptIds(), ...reporter.attemptIds()],
  room: () => dispatcher.room,
  onAssignments: (assignments) => dispatcher.receive(assignments),
  onCancels: (attemptIds) => dispatcher.cancel(attemptIds),
  onLost: (attemptId) => dispatcher.drop(attemptId),
  onAnswer: (verdict) => link.outbox.onVerdict(verdict),
});
const { access, blobs } = link;
const { log } = access;
const logs = new LogShipper(access);
const reporter = new Reporter(logs, link.results);
const asking: AskingOptions = { ...access, fetch: (ref) => blobs.fetch(ref) };
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
    link.flush();
    link.look();
  },
});

threads.start();
link.start();
const watch = setInterval(() => {
  threads.watch();
  dispatcher.watch();
}, watchMs);

port.on("message", (message: ToSession) => {
  if (message.kind === "stop") void stop(message.drainMs);
  else if (message.kind === "server") link.setServer(message.server);
  else onMessage(message.message);
});

async function download(digest: string): Promise<Buffer> {
  const session = access.session();
  if (session === null) throw new Error("There is no session just now to fetch the bundle with");
  const started = performance.now();
  try {
    const content = await gather(access.connection.download({ ...session, digest }));
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
    if (drainMs === 0) link.hurry();
    return;
  }
  isStopping = true;
  dispatcher.drain();
  link.flush();
  await link.until(() => dispatcher.size === 0, drainMs);
  const left = dispatcher.size;
  if (left > 0) log.warn({ left }, "worker.left_running");
  // What still runs is not reported: ending the session gives it back.
  clearInterval(watch);
  threads.stopAll();
  processes.stopAll();
  await link.until(() => reporter.size === 0, drainMs === 0 ? 0 : lastVerdictsMs);
  logs.stop();
  await link.close();
}
