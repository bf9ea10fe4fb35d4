/** The TypeScript worker under test: the handlers of `handlers.py`, run by `@millrace/sdk/worker`. */

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { context, done, FailTask, RetryTask, SkipTask } from "@millrace/sdk";
import { runWorker, type ExternalHandler } from "@millrace/sdk/worker";

const handlers: Record<string, ExternalHandler> = {
  echo: (value: unknown) => value,
  fail(message: string) {
    throw new TypeError(message);
  },
  fail_for_good(message: string) {
    throw new FailTask(message);
  },
  skip(message: string) {
    throw new SkipTask(message);
  },
  big: (size: number) => "x".repeat(size),
  talk(count: number) {
    for (let number = 0; number < count; number++) context().log.info(`line ${number}`);
  },
  block(seconds: number) {
    const endsAt = performance.now() + seconds * 1000;
    while (performance.now() < endsAt);
    return "blocked";
  },
  async hold(folder: string) {
    note(folder, "begun");
    const { signal } = context();
    try {
      while (!existsSync(path.join(folder, "release"))) await wait(20, undefined, { signal });
    } catch (error) {
      note(folder, "stopped");
      throw error;
    }
    return "held";
  },
  retry_later(seconds: number) {
    throw new RetryTask("busy", { after: { seconds } });
  },
  ask_policy: {
    body(message: string) {
      throw message === "for good" ? new FailTask("busy") : new TypeError(message);
    },
    retryPolicy(error, tryNumber) {
      const { message } = error as Error;
      if (message === "broken policy") throw new RangeError("no such rule");
      if (message === "hopeless") return "fail";
      return message === "busy" ? { after: { seconds: 90 * tryNumber } } : undefined;
    },
  },
  facts() {
    const { task, idempotencyKey } = context();
    return [task.mapIndex ?? -1, task.mapLength ?? 0, idempotencyKey];
  },
  watch(folder: string) {
    note(folder, "looked");
    const found = path.join(folder, "found");
    return existsSync(found) ? done(readFileSync(found, "utf8")) : false;
  },
  watch_until(word: string, folder: string) {
    note(folder, "looked");
    const errors = { skip: SkipTask, fail: FailTask, retry: RetryTask, error: TypeError };
    throw new errors[word as keyof typeof errors](word);
  },
};

function note(folder: string, word: string): void {
  appendFileSync(path.join(folder, "notes"), `${word}\n`);
}

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "" },
    "key-file": { type: "string", default: "" },
    queue: { type: "string", default: "" },
    slots: { type: "string", default: "" },
    name: { type: "string", default: "" },
    "cancel-grace": { type: "string", default: "" },
    "drain-grace": { type: "string", default: "" },
    cache: { type: "string", default: "" },
  },
});

const log = (fields: object, event: string): void => console.error(event, JSON.stringify(fields));
const worker = await runWorker({
  server: values.server,
  key: readFileSync(values["key-file"], "utf8").trim(),
  name: values.name,
  queues: [values.queue],
  slots: Number(values.slots),
  graceMs: Number(values["cancel-grace"]) * 1000,
  drainMs: Number(values["drain-grace"]) * 1000,
  runsBundles: false,
  bundleCacheDir: values.cache,
  handlers,
  log: { debug: log, info: log, warn: log, error: log },
});
await worker.stopped;
// A handler that was given up may still wait for something.
process.exit(0);
