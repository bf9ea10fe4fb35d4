/** A worker by itself: `node services/worker/src/main.ts`, set up by the environment. */

import { readFile } from "node:fs/promises";
import path from "node:path";
import { createLifecycle, createLogger } from "@millrace/service";
import { loadWorkerConfig, type WorkerConfig } from "./config.ts";
import { startWorker, type StartedWorker, type StartWorkerOptions } from "./start.ts";

/** Longer than a stop takes; the drain is bounded by itself. */
const stopMarginMs = 10_000;

const config = await loadWorkerConfig();
const log = createLogger({ name: "worker", level: config.logLevel });
const starting = new AbortController();
let worker: StartedWorker | null = null;
const lifecycle = createLifecycle({
  log,
  partTimeoutMs: config.drainMs + stopMarginMs,
  // The second signal: what runs is given back, not lost.
  abandon: () => void (worker?.stop({ drainMs: 0 }) ?? process.exit(130)),
});
lifecycle.add({
  name: "worker",
  async stop() {
    starting.abort();
    await worker?.stop();
  },
});
try {
  worker = await startWorker({ ...(await optionsOf(config)), log, signal: starting.signal });
  await Promise.race([lifecycle.stopped, worker.stopped]);
} catch (error) {
  if (!starting.signal.aborted) {
    log.fatal({ err: error }, "worker.not_started");
    process.exitCode = 1;
  }
} finally {
  await lifecycle.stop();
}

async function optionsOf(
  config: WorkerConfig,
): Promise<Omit<StartWorkerOptions, "log" | "signal">> {
  const keyIn = (name: string): string => path.join(config.stateDir, "keys", name);
  const { dags } = config;
  return {
    access: {
      server: config.server,
      key: await readKey(config.workerKeyFile ?? keyIn("worker.key")),
      ...(dags !== undefined && {
        deployKey: await readKey(config.deployKeyFile ?? keyIn("admin.key")),
      }),
    },
    ...(dags !== undefined && { dagFolder: path.resolve(dags) }),
    name: config.workerName,
    queues: config.queues,
    slots: config.slots,
    triggerSlots: config.triggerSlots,
    drainMs: config.drainMs,
    cacheDir: path.join(config.stateDir, "bundles"),
  };
}

async function readKey(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw new Error(
      `The key file ${file} cannot be read; a server writes its keys to keys/ in its state folder.`,
      {
        cause: error,
      },
    );
  }
}
