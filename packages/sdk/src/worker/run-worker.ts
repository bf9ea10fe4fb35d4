/** Starts a worker: the session thread, and what must stay in the process that starts it. */

import { Worker } from "node:worker_threads";
import { MillraceError } from "@millrace/engine";
import type { TaskCode } from "../code-of.ts";
import type { Body } from "../wiring.ts";
import type { ToRunner } from "./messages.ts";
import { Executor } from "./executor.ts";
import { sessionYoungMb } from "./limits.ts";
import {
  checkOptions,
  type CheckedOptions,
  type ExternalHandler,
  type WorkerOptions,
} from "./options.ts";
import {
  restoreError,
  type FromSession,
  type SessionThreadData,
  type ToSession,
} from "./session-messages.ts";
import { threadFile } from "./thread-file.ts";
import { version } from "./version.ts";

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

/**
 * Runs tasks until stopped. Resolves with the first session; waits as long as the server cannot be reached.
 *
 * @throws MillraceError FIELD_INVALID for wrong options; UNAUTHENTICATED, QUEUE_NOT_ALLOWED, PROTOCOL_UNSUPPORTED and
 * others when the server refuses the worker.
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerHandle> {
  const { signal, log } = options;
  signal?.throwIfAborted();
  const checked = checkOptions(options);
  const thread = new Worker(threadFile("worker/session-thread", import.meta.url), {
    workerData: threadData(options, checked),
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: sessionYoungMb },
  });
  const send = (message: ToSession): void => thread.postMessage(message);
  const handlers = createHandlers(options.handlers ?? {}, send);
  const first = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  let sessionId = "";

  thread.on("message", (message: FromSession) => {
    if (message.kind === "log") log[message.level](message.fields, message.event);
    else if (message.kind === "handler") handlers(message.message);
    else if (message.kind === "stopped") stopped.resolve();
    else if (message.kind === "refused") first.reject(restoreError(message.error));
    else {
      sessionId = message.sessionId;
      log.info(
        { session_id: sessionId, worker: checked.name, queues: checked.queues },
        "session.opened",
      );
      options.onSession?.(sessionId);
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
  const stop = async (how: { readonly drainMs?: number } = {}): Promise<void> => {
    send({ kind: "stop", drainMs: isStopping ? 0 : (how.drainMs ?? checked.drainMs) });
    isStopping = true;
    await stopped.promise.finally(removeSignals);
    await thread.terminate();
  };
  const removeSignals =
    options.handlesSignals === false ? () => undefined : onSignals(() => void stop());

  Promise.resolve(checked.server).then(
    (server) => send({ kind: "server", server }),
    (error: unknown) => first.reject(error),
  );
  const giveUp = (): void => first.reject(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  try {
    await first.promise;
  } catch (error) {
    removeSignals();
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

function threadData(options: WorkerOptions, checked: CheckedOptions): SessionThreadData {
  const { slots, threads, graceMs, name, queues, runsBundles } = checked;
  return {
    announce: {
      workerName: name,
      sdk: `typescript ${version}`,
      protocol: 1,
      queues,
      handlers: Object.keys(options.handlers ?? {}),
      runsBundles,
      slots,
    },
    slots,
    threads: runsBundles ? threads : 0,
    graceMs,
    bundleCacheDir: options.bundleCacheDir,
  };
}

/** Runs external handlers here: functions cannot be sent to a thread. */
function createHandlers(
  handlers: Readonly<Record<string, ExternalHandler>>,
  send: (message: ToSession) => void,
): (message: ToRunner) => void {
  const executor = new Executor({
    post: (message) => send({ kind: "handler", message }),
    loadCode: ({ handler }) => codeOf(handlers[handler]),
    claim: () => true,
  });
  return (message) => {
    if (message.kind === "run") executor.run(message.works);
    else executor.stop(message.attemptId, message.cause);
  };
}

/** The session thread sends on only what the worker has announced. */
function codeOf(handler: ExternalHandler | undefined): TaskCode {
  const isFunction = typeof handler === "function";
  return {
    body: (isFunction ? handler : handler?.body) as unknown as Body,
    retryPolicy: isFunction ? undefined : handler?.retryPolicy,
  };
}

function onSignals(act: () => void): () => void {
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const signal of signals) process.on(signal, act);
  return () => {
    for (const signal of signals) process.off(signal, act);
  };
}
