/** The thread that watches: one event loop for all waits, which no body holds up. Started by `run-triggerer.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import { VerdictKind, type Verdict } from "@millrace/wire/worker";
import { BlobClient } from "../worker/blob-client.ts";
import { connect, type ServerOptions } from "../worker/connection.ts";
import { lastVerdictsMs, watchMs } from "../worker/limits.ts";
import { postedLog } from "../worker/log.ts";
import type { Outcome } from "../worker/messages.ts";
import { Outbox } from "../worker/outbox.ts";
import { resultOf } from "../worker/results.ts";
import { SessionKeeper } from "../worker/session-keeper.ts";
import { carryError } from "../worker/session-messages.ts";
import { StoredResults } from "../worker/stored-results.ts";
import { WorkStream } from "../worker/work-stream.ts";
import type { FromTriggerer, ToTriggerer, TriggererThreadData } from "./messages.ts";
import { Troubles } from "./troubles.ts";
import { builtInWatchers } from "./watchers.ts";
import { Watches, type Watcher } from "./watches.ts";

const port = parentPort;
if (port === null) throw new Error("triggerer-thread.ts runs as a worker thread only");
const post = (message: FromTriggerer): void => port.postMessage(message);
const data = workerData as TriggererThreadData;

const log = postedLog(post);

const server = Promise.withResolvers<ServerOptions>();
const connection = connect(server.promise);
const outbox = new Outbox(log);
const keeper: SessionKeeper = new SessionKeeper({
  connection,
  announce: data.announce,
  log,
  inventory: () => [...watches.attemptIds(), ...results.attemptIds()],
  onVerdicts,
  onSession(session) {
    post({ kind: "session", sessionId: session.sessionId });
    stream.attach(session);
  },
  onRefused: (error) => post({ kind: "refused", error: carryError(error) }),
});

const blobs = new BlobClient({
  connection,
  log,
  session: () => keeper.session,
  onExpired: (sessionId) => keeper.expired(sessionId),
});
const results = new StoredResults({
  outbox,
  store: (attemptId, value) => blobs.store(attemptId, value),
  onResult: () => stream.flush(),
});

/** Who waits for functions of the starter to end. */
const customEnds = new Map<string, (outcome: Outcome) => void>();
const watchCustom: Watcher = (watch, onEnd) => {
  const { attemptId } = watch;
  customEnds.set(attemptId, onEnd);
  post({ kind: "watch", watch });
  return () => {
    customEnds.delete(attemptId);
    post({ kind: "unwatch", attemptId });
  };
};

const watches: Watches = new Watches({
  slots: data.announce.slots,
  watchers: new Map([
    ...builtInWatchers(new Troubles(log)),
    ...data.custom.map((name): [string, Watcher] => [name, watchCustom]),
  ]),
  reports: {
    get size() {
      return results.size;
    },
    has: (attemptId) => results.has(attemptId),
    add: (attemptId, outcome) => results.add(resultOf(attemptId, outcome)),
    drop: (attemptId) => results.drop(attemptId),
  },
  log,
  onChange: () => stream.flush(),
});

const stream: WorkStream = new WorkStream({
  connection,
  outbox,
  log,
  room: () => watches.room,
  onAssignments: (assignments) => watches.receive(assignments),
  onVerdicts,
  onCancels: (attemptIds) => watches.cancel(attemptIds),
  onExpired: (sessionId) => keeper.expired(sessionId),
});

keeper.start();
const sweeping = setInterval(() => {
  outbox.sweep();
  stream.flush();
}, watchMs);
let onEmpty = (): void => undefined;

port.on("message", (message: ToTriggerer) => {
  if (message.kind === "stop") void stop();
  else if (message.kind === "server") server.resolve(message.server);
  else {
    const onEnd = customEnds.get(message.attemptId);
    customEnds.delete(message.attemptId);
    onEnd?.(message.outcome);
  }
});

/** Verdicts on results, and what a renewal says about waits that are still watched. */
function onVerdicts(verdicts: readonly Verdict[]): void {
  for (const verdict of verdicts) {
    const { attemptId, kind } = verdict;
    // That a wait was over already is nothing unusual: others may have watched for it, or ended it.
    if (outbox.has(attemptId)) outbox.drop(attemptId);
    else if (kind === VerdictKind.CANCEL_REQUESTED) watches.cancel([attemptId]);
    // What this version does not know means stop, too.
    else if (kind !== VerdictKind.OK) watches.drop(attemptId);
  }
  stream.flush();
  if (outbox.size === 0) onEmpty();
}

let isStopping = false;

/** Gives everything back. Called again, it waits for no verdicts. */
async function stop(): Promise<void> {
  if (isStopping) {
    onEmpty();
    return;
  }
  isStopping = true;
  // Nobody waits any longer to be told where the server is.
  server.reject(new Error("The triggerer was stopped."));
  watches.drain();
  await lastVerdicts();
  clearInterval(sweeping);
  stream.stop();
  await keeper.stop();
  connection.close();
  post({ kind: "stopped" });
  port?.close();
}

/** What has no verdict in time is given back by the end of the session. */
function lastVerdicts(): Promise<void> {
  if (outbox.size === 0 || keeper.session === null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, lastVerdictsMs);
    onEmpty = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
