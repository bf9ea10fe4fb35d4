/** The TypeScript worker under test: the handlers of `handlers.py`, run by `@millrace/sdk/worker`. */

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  context,
  defer,
  done,
  FailTask,
  RetryTask,
  SkipTask,
  trigger,
  type CallbackEvent,
  type Trigger,
} from "@millrace/sdk";
import { runTriggerer, runWorker, type ExternalHandler } from "@millrace/sdk/worker";

const form = { type: "object", properties: { copies: { type: "integer", default: 2 } } } as const;

/** What tasks wait for, by a word. */
const triggers: Record<string, () => Trigger<unknown>> = {
  at: () => trigger.at("2026-01-01T00:00Z"),
  after: () => trigger.after("90s"),
  token: () => trigger.token({ heartbeat: "1m" }),
  input: () =>
    trigger.input({
      subject: "How many?",
      body: "**now**",
      schema: form,
      defaults: {},
      assignees: ["user:anna"],
    }),
  http: () =>
    trigger.http({
      url: "https://a.example/jobs/7?key=secret",
      method: "POST",
      headers: { authorization: { env: "TOKEN" } },
      body: "{}",
      interval: "5s",
      status: [200, 202],
      until: { path: ["job", "state"], equals: "done" },
    }),
  file: () => trigger.file({ path: "/in/orders.csv", interval: "5s" }),
  runs: () =>
    trigger.runs({
      dag: "orders",
      logicalDates: ["2026-01-01T00:00Z", "2026-01-02T00:00Z"],
      tasks: ["publish"],
      groups: ["load"],
      skippedStates: ["skipped"],
    }),
  run: () => trigger.runs({ dag: "orders", runId: "run_7", failedStates: [], softFail: true }),
  custom: () => trigger.custom("add", { one: 1, two: 2 }, "one and two"),
};

const handlers: Record<string, ExternalHandler> = {
  told,
  wait: (word: string) => defer(triggers[word]!()),
  wait_and_go_on: {
    body: (word: string) =>
      defer(triggers[word]!(), {
        timeout: "2h",
        onTimeout: "failForGood",
        state: { since: new Date(0) },
      }),
    resume(event: unknown, state: unknown) {
      if (event === "again") return defer(trigger.after("1m"), { state: "again" });
      if (event === "fail") throw new FailTask("no");
      return [event ?? null, state ?? null, context().attempt.number];
    },
  },
  leave(word: string) {
    context().xcom.push("left", word);
    if (word === "fail") throw new TypeError(word);
    if (word === "skip") throw new SkipTask(word);
    return word === "defer" ? defer(trigger.after("1m")) : word;
  },
  token: () => context().taskToken(),
  async trigger_dag(date: Date | null) {
    const { triggerDag } = context();
    const run = await triggerDag("child", {
      params: { n: 1 },
      logicalDate: date,
      note: "by a task",
      ifExists: "use",
      ifMade: "another",
      maxDepth: 3,
    });
    return [run.runId, run.runName, run.state, run.outcome];
  },
  pull: async (tasks: string | string[], key: string) => [
    await context().xcom.pull({ tasks, key, default: "none" }),
  ],
  leave_large(size: number) {
    context().xcom.push("rows", "x".repeat(size));
    throw new FailTask("with rows");
  },
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
  block(folder: string) {
    note(folder, "begun");
    while (!existsSync(path.join(folder, "release"))) {
      const endsAt = performance.now() + 200;
      while (performance.now() < endsAt);
    }
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

/** A callback: notes what it is told, and ends as its config says. */
async function told(
  { event, run, task, tryNumber, runState, failure, happenedAt, deliveryTry }: CallbackEvent,
  { folder, ends, leaves }: { folder: string; ends: string; leaves: boolean },
): Promise<void> {
  const line = {
    ...{ event, run: run.id, task: task?.id ?? null, mapIndex: task?.mapIndex ?? null },
    ...{ try: tryNumber, runState, happenedAt: happenedAt.getTime(), deliveryTry },
    failure: failure && [failure.kind, failure.type, failure.message],
  };
  note(folder, JSON.stringify(line));
  if (leaves) context().xcom.push("left", 1);
  if (ends === "error") throw new TypeError("no route");
  if (ends === "hopeless") throw new FailTask("no route");
  if (ends !== "wait") return;
  const { signal } = context();
  while (!existsSync(path.join(folder, "release"))) await wait(20, undefined, { signal });
}

function note(folder: string, word: string): void {
  appendFileSync(path.join(folder, "notes"), `${word}\n`);
}

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "" },
    "key-file": { type: "string", default: "" },
    queue: { type: "string", default: "" },
    slots: { type: "string", default: "" },
    "trigger-slots": { type: "string", default: "0" },
    name: { type: "string", default: "" },
    "cancel-grace": { type: "string", default: "" },
    "drain-grace": { type: "string", default: "" },
    cache: { type: "string", default: "" },
  },
});

const log = (fields: object, event: string): void => console.error(event, JSON.stringify(fields));
const presence = {
  server: values.server,
  key: readFileSync(values["key-file"], "utf8").trim(),
  name: values.name,
  queues: [values.queue],
  log: { debug: log, info: log, warn: log, error: log },
};
const [slots, triggerSlots] = [Number(values.slots), Number(values["trigger-slots"])];
const runTasks = () =>
  runWorker({
    ...presence,
    slots,
    graceMs: Number(values["cancel-grace"]) * 1000,
    drainMs: Number(values["drain-grace"]) * 1000,
    runsBundles: false,
    bundleCacheDir: values.cache,
    handlers,
  });
const watch = () =>
  runTriggerer({
    ...presence,
    slots: triggerSlots,
    triggers: {
      add: async ({ one, two }: { one: number; two: number }) => one + two,
      fail: () => Promise.reject(new TypeError("no rows")),
    },
  });
const started = await Promise.all([
  ...(slots > 0 ? [runTasks()] : []),
  ...(triggerSlots > 0 ? [watch()] : []),
]);
await Promise.all(started.map(({ stopped }) => stopped));
// A handler that was given up may still wait for something.
process.exit(0);
