/** Starts the thread that keeps a session, and looks after it: what workers and triggerers have in common. */

import { Worker } from "node:worker_threads";
import { MillraceError } from "@millrace/engine";
import type { ServerOptions } from "./connection.ts";
import { abortedStartMs, sessionYoungMb } from "./limits.ts";
import type { WorkerLog } from "./log.ts";
import { restoreError, type SessionMessage, type StopMessage } from "./session-messages.ts";

export type WorkerHandle = {
  /** Of the present session; another after the server has given one up. */
  readonly sessionId: string;
  /**
   * Takes no more work, lets bodies end for `drainMs` (default: as the worker was started with), then ends them and
   * the session. What had not begun, or did not end, is given back. Called again, it stops at once.
   */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
  /** Resolves after the worker has stopped, rejects when its session thread has died. */
  readonly stopped: Promise<void>;
};

/** What a worker and a triggerer are started with alike. */
export type SessionOptions = {
  /** Whether SIGTERM and SIGINT stop it, and a second one stops it at once. Default true. */
  readonly handlesSignals?: boolean | undefined;
  /** Ends the start, which otherwise waits for a server as long as it takes. Later it does nothing: use `stop`. */
  readonly signal?: AbortSignal | undefined;
  /** Told of the first session, and of each that takes its place. */
  readonly onSession?: ((sessionId: string) => void) | undefined;
  readonly log: WorkerLog;
};

/** @typeParam M messages of its own that the thread sends. */
export type SessionStart<M> = SessionOptions & {
  /** The file of the thread. */
  readonly entry: URL;
  readonly workerData: object;
  readonly server: ServerOptions | Promise<ServerOptions>;
  readonly name: string;
  readonly queues: readonly string[];
  readonly drainMs: number;
  onMessage(message: M, send: (message: object) => void): void;
};

/** Resolves with the first session. @throws MillraceError when the server refuses it. */
export async function startSession<M extends { readonly kind: string }>(
  how: SessionStart<M>,
): Promise<WorkerHandle> {
  const { signal, log } = how;
  signal?.throwIfAborted();
  const thread = new Worker(how.entry, {
    workerData: how.workerData,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: sessionYoungMb },
  });
  const send = (message: object): void => thread.postMessage(message);
  const first = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  let sessionId = "";

  thread.on("message", (message: SessionMessage | M) => {
    if (!isOfSession(message)) how.onMessage(message, send);
    else if (message.kind === "log") log[message.level](message.fields, message.event);
    else if (message.kind === "stopped") stopped.resolve();
    else if (message.kind === "refused") first.reject(restoreError(message.error));
    else {
      sessionId = message.sessionId;
      log.info({ session_id: sessionId, worker: how.name, queues: how.queues }, "session.opened");
      how.onSession?.(sessionId);
      first.resolve();
    }
  });
  thread.on("error", (error) => {
    log.error({ err: error }, "worker.died");
    first.reject(error);
    stopped.reject(error);
  });
  thread.on("exit", () => {
    first.reject(
      new MillraceError("UNAVAILABLE", "The worker was stopped before it had a session."),
    );
    stopped.resolve();
  });
  // Whoever started the worker may not be interested in how it ended.
  stopped.promise.catch(() => undefined);

  let isStopping = false;
  const stop = async (given: { readonly drainMs?: number } = {}): Promise<void> => {
    const drainMs = isStopping ? 0 : (given.drainMs ?? how.drainMs);
    send({ kind: "stop", drainMs } satisfies StopMessage);
    isStopping = true;
    await stopped.promise.finally(removeSignals);
    await thread.terminate();
  };
  const removeSignals =
    how.handlesSignals === false ? () => undefined : onSignals(() => void stop());

  Promise.resolve(how.server).then(
    (server) => send({ kind: "server", server } satisfies StopMessage),
    (error: unknown) => first.reject(error),
  );
  const giveUp = (): void => first.reject(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  try {
    await first.promise;
  } catch (error) {
    removeSignals();
    // A session may have been opened in this very moment: left behind, it would be taken for a worker for a while.
    if (signal?.aborted === true) {
      send({ kind: "stop", drainMs: 0 } satisfies StopMessage);
      await within(stopped.promise, abortedStartMs);
    }
    await thread.terminate();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
  return {
    get sessionId() {
      return sessionId;
    },
    stop,
    stopped: stopped.promise,
  };
}

/** Waits for it, but no longer than this. Never rejects. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise.catch(() => undefined), over]);
  clearTimeout(timer);
}

const kinds: ReadonlySet<string> = new Set(["log", "session", "refused", "stopped"]);

function isOfSession(message: { readonly kind: string }): message is SessionMessage {
  return kinds.has(message.kind);
}

function onSignals(act: () => void): () => void {
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const signal of signals) process.on(signal, act);
  return () => {
    for (const signal of signals) process.off(signal, act);
  };
}
