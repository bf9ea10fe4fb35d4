/** The worker of `millrace up`, in a process of its own: what dies with it is given back at once. */
import { setTimeout as delay } from "node:timers/promises";
import type { WorkerPresence } from "../connection.ts";
import { startChild, type Child } from "./child.ts";
import { isMillraceProcess } from "./state-dir.ts";

export type UpWorkerOptions = {
  /** Arguments of the command `millrace worker`. */
  readonly args: readonly string[];
  /** The gRPC address of the server, once it listens. */
  readonly server: Promise<string>;
  readonly logFile: string;
  readonly say: (message: string) => void;
  /** It has these sessions now. */
  readonly onPresence: (presence: WorkerPresence) => void;
  /** Ends a session in the database: its process is dead for certain, nobody needs to wait for its time to run out. */
  readonly endSession: (sessionId: string) => Promise<void>;
};

/** How long the worker of a server that was killed has to end by itself. */
const leftoverLimitMs = 3_000;
const pollMs = 50;
/** Memory of young objects, MiB: left to itself, Node takes eight times as much on a big machine and is no faster. */
const youngObjects = "--max-semi-space-size=8";

/** Starts it, and again whenever it dies. What it can do without the server it does before that listens. */
export function startUpWorker(options: UpWorkerOptions): Child {
  let presence: WorkerPresence | null = null;
  return startChild({
    name: "worker",
    file: process.argv[1]!,
    args: ["worker", "--await-server", ...options.args],
    nodeFlags: [youngObjects],
    greeting: options.server.then((server) => ({ server })),
    logFile: options.logFile,
    onMessage(message, pid) {
      const { sessionIds } = message as { sessionIds?: unknown };
      if (!Array.isArray(sessionIds)) return;
      presence = { pid, sessionIds: sessionIds as string[] };
      options.onPresence(presence);
    },
    onDeath(how) {
      options.say(`The worker ${how}; starting it again. Its log: ${options.logFile}`);
      const dead = presence;
      presence = null;
      for (const sessionId of dead?.sessionIds ?? []) void options.endSession(sessionId);
    },
  });
}

/** Ends the sessions of a worker whose server was killed, unless that worker lives on. */
export async function clearLeftoverWorker(
  { pid, sessionIds = [] }: WorkerPresence,
  endSession: (sessionId: string) => Promise<void>,
): Promise<void> {
  const until = performance.now() + leftoverLimitMs;
  while (isMillraceProcess(pid)) {
    if (performance.now() > until) return;
    await delay(pollMs);
  }
  await Promise.all(sessionIds.map((sessionId) => endSession(sessionId)));
}
