/** Starts a triggerer: what watches on behalf of tasks that wait without a slot. */

import { hostname } from "node:os";
import {
  checkPresence,
  invalid,
  within,
  type CheckedPresence,
  type PresenceOptions,
} from "../worker/options.ts";
import { slotsMax } from "../worker/limits.ts";
import { startSession, type SessionOptions, type WorkerHandle } from "../worker/start-session.ts";
import { threadFile } from "../worker/thread-file.ts";
import { version } from "../worker/version.ts";
import { triggerNameCharsMax } from "../limits.ts";
import { CustomTriggers, type CustomTrigger } from "./custom.ts";
import { defaultTriggerSlots } from "./limits.ts";
import type { FromTriggerer, ToTriggerer, TriggererThreadData } from "./messages.ts";
import { handlerPrefix } from "./watches.ts";

export type TriggererOptions = PresenceOptions &
  SessionOptions & {
    /** How many waits it watches at a time. 1 to 10,000; default 10,000. */
    readonly slots?: number | undefined;
    /**
     * Triggers of your own, by the name that `trigger.custom` gives. They run in this process, one event loop for all: they
     * must wait, not compute.
     *
     * @example { s3: async ({ key }: { key: string }, { signal }) => await untilThere(key, signal) }
     */
    readonly triggers?: Readonly<Record<string, CustomTrigger>> | undefined;
  };

/** Those that a triggerer brings along. */
const builtIn = ["http", "file"];

/**
 * Watches for what tasks wait for, until stopped: URLs, files, and what `triggers` says. It needs no bundles and runs no
 * bodies. Resolves with the first session; waits as long as the server cannot be reached. What it watches when it stops is
 * given back, and watched by another.
 *
 * @example const triggerer = await runTriggerer({ server: "127.0.0.1:7070", key, log, triggers: { s3 } });
 * @throws MillraceError FIELD_INVALID for wrong options, and others when the server refuses it.
 */
export async function runTriggerer(options: TriggererOptions): Promise<WorkerHandle> {
  // A worker in the same process may have the usual name.
  const { name = `${hostname()}:${process.pid} (waits)` } = options;
  const presence = checkPresence({ ...options, name });
  const slots = within("slots", options.slots ?? defaultTriggerSlots, slotsMax);
  const triggers = checkTriggers(options.triggers ?? {});
  let custom: CustomTriggers | null = null;
  return await startSession<Exclude<FromTriggerer, { kind: SessionKind }>>({
    ...options,
    ...presence,
    drainMs: 0,
    entry: threadFile("triggerer/triggerer-thread", import.meta.url),
    workerData: threadData(presence, slots, Object.keys(triggers)),
    onMessage(message, send) {
      custom ??= new CustomTriggers(triggers, (attemptId, outcome) =>
        send({ kind: "ended", attemptId, outcome } satisfies ToTriggerer),
      );
      if (message.kind === "watch") custom.watch(message.watch);
      else custom.unwatch(message.attemptId);
    },
  });
}

type SessionKind = "log" | "session" | "refused" | "stopped";

function threadData(
  { name, queues }: CheckedPresence,
  slots: number,
  custom: readonly string[],
): TriggererThreadData {
  return {
    announce: {
      workerName: name,
      sdk: `typescript ${version}`,
      protocol: 1,
      queues,
      handlers: [...builtIn, ...custom].map((trigger) => `${handlerPrefix}${trigger}`),
      runsBundles: false,
      slots,
    },
    custom,
  };
}

function checkTriggers(
  triggers: Readonly<Record<string, CustomTrigger>>,
): Readonly<Record<string, CustomTrigger>> {
  for (const [name, trigger] of Object.entries(triggers)) {
    if (name === "" || name.length > triggerNameCharsMax)
      throw invalid(
        `trigger "${name}" has a name of other than 1 to ${triggerNameCharsMax} characters`,
      );
    if (builtIn.includes(name))
      throw invalid(`trigger "${name}" has the name of one that every triggerer has; take another`);
    if (typeof trigger !== "function")
      throw invalid(`trigger "${name}" is no function; give (config, { signal }) => Promise`);
  }
  return triggers;
}
