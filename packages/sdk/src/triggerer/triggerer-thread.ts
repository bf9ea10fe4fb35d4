/** The thread that watches: one event loop for all waits, which no body holds up. Started by `run-triggerer.ts`. */

import { parentPort, workerData } from "node:worker_threads";
import { lastVerdictsMs } from "../worker/limits.ts";
import type { Outcome } from "../worker/messages.ts";
import { resultOf } from "../worker/results.ts";
import { SessionLink } from "../worker/session-link.ts";
import type { FromTriggerer, ToTriggerer, TriggererThreadData } from "./messages.ts";
import { Troubles } from "./troubles.ts";
import { builtInWatchers } from "./watchers.ts";
import { Watches, type Watcher } from "./watches.ts";

const port = parentPort;
if (port === null) throw new Error("triggerer-thread.ts runs as a worker thread only");
const post = (message: FromTriggerer): void => port.postMessage(message);
const data = workerData as TriggererThreadData;

const link: SessionLink = new SessionLink({
  port,
  announce: data.announce,
  inventory: () => [...watches.attemptIds(), ...link.results.attemptIds()],
  room: () => watches.room,
  onAssignments: (assignments) => watches.receive(assignments),
  onCancels: (attemptIds) => watches.cancel(attemptIds),
  onLost: (attemptId) => watches.drop(attemptId),
  // That a wait was over already is nothing unusual: others may have watched for it, or ended it.
  onAnswer: ({ attemptId }) => link.outbox.drop(attemptId),
});
const { results } = link;
const { log } = link.access;

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
  onChange: () => link.flush(),
});

link.start();

port.on("message", (message: ToTriggerer) => {
  if (message.kind === "stop") void stop();
  else if (message.kind === "server") link.setServer(message.server);
  else {
    const onEnd = customEnds.get(message.attemptId);
    customEnds.delete(message.attemptId);
    onEnd?.(message.outcome);
  }
});

let isStopping = false;

/** Gives everything back. Called again, it waits for no verdicts. */
async function stop(): Promise<void> {
  if (isStopping) {
    link.hurry();
    return;
  }
  isStopping = true;
  watches.drain();
  // What has no verdict in time is given back by the end of the session.
  const hasSession = link.access.session() !== null;
  await link.until(() => link.outbox.size === 0, hasSession ? lastVerdictsMs : 0);
  await link.close();
}
