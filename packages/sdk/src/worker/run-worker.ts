/** Starts a worker: the session thread, and what must stay in the process that starts it. */

import type { TaskCode } from "../wiring/code-of.ts";
import type { Body } from "../wiring/body.ts";
import { Executor } from "./executor.ts";
import type { ToRunner } from "./messages.ts";
import {
  checkOptions,
  type CheckedOptions,
  type ExternalHandler,
  type WorkerOptions,
} from "./options.ts";
import type { HandlerMessage, SessionThreadData, ToSession } from "./session-messages.ts";
import { startSession, type WorkerHandle } from "./start-session.ts";
import { threadFile } from "./thread-file.ts";
import { version } from "./version.ts";

/**
 * Runs tasks until stopped. Resolves with the first session; waits as long as the server cannot be reached.
 *
 * @throws MillraceError FIELD_INVALID for wrong options; UNAUTHENTICATED, QUEUE_NOT_ALLOWED, PROTOCOL_UNSUPPORTED and
 * others when the server refuses the worker.
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerHandle> {
  const checked = checkOptions(options);
  let handlers: ((message: ToRunner) => void) | null = null;
  return await startSession<HandlerMessage>({
    ...options,
    ...checked,
    entry: threadFile("worker/session-thread", import.meta.url),
    workerData: threadData(options, checked),
    onMessage(message, send) {
      handlers ??= createHandlers(options.handlers ?? {}, send);
      handlers(message.message);
    },
  });
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
  return (message) => executor.receive(message);
}

/** The session thread sends on only what the worker has announced. */
function codeOf(handler: ExternalHandler | undefined): TaskCode {
  const isFunction = typeof handler === "function";
  return {
    body: (isFunction ? handler : handler?.body) as unknown as Body,
    retryPolicy: isFunction ? undefined : handler?.retryPolicy,
    resume: isFunction ? undefined : (handler?.resume as unknown as Body | undefined),
  };
}
