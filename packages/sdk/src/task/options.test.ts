import { describe, expect, test } from "vitest";
import { z } from "zod";
import { dag, externalTask, group, task } from "../index.ts";

const noop = task(async function noop() {});

/** Options as plain JavaScript might give them. */
const loose = (options: object) => options as never;

function dagWith(options: object) {
  return dag("d", loose(options), () => noop()).spec();
}

function taskWith(options: object) {
  const one = task(loose({ id: "t", ...options }), async () => {});
  return dag("d", {}, () => one()).spec().tasks[0];
}

describe("a task's id", () => {
  test("is the option, else the function's name", () => {
    const named = async () => {};
    expect(task(named).id).toBe("named");
    expect(task({ id: "other" }, named).id).toBe("other");
  });

  test("cannot be had from an anonymous function: the error names file and line", () => {
    expect(() => task(async () => {})).toThrow(/^the task at .*options\.test\.ts:\d+ has no id/);
    expect(() => task(undefined as unknown as () => void)).toThrow(
      /^task\(…\) at .*options\.test\.ts:\d+ needs a function/,
    );
  });
});

describe("task options", () => {
  test("have the defaults that Airflow's users know", () => {
    expect(taskWith({})).toMatchObject({
      retries: 0,
      retryDelayMs: 300_000,
      retryBackoff: 1,
      maxRetryDelayMs: 86_400_000,
      executionTimeoutMs: null,
      triggerRule: "all_success",
      queue: "default",
      priorityWeight: 1,
      isolation: "thread",
      env: {},
      weightRule: "downstream",
      pool: "default_pool",
      poolSlots: 1,
      maxActiveTis: null,
      maxActiveTisPerRun: null,
      rateLimit: null,
    });
  });

  test("merge from the DAG over groups to the task and its with", () => {
    const outer = { retries: 1, queue: "dag", owner: "dag", priorityWeight: 2 };
    const { tasks } = dag("d", { defaults: outer }, () => {
      group("g", { defaults: { retries: 2, queue: "group", owner: "group" } }, () => {
        const one = task({ id: "one", retries: 3, queue: "task" }, async () => {});
        one.with({ retries: 4 })();
      });
    }).spec();
    expect(tasks[0]).toMatchObject({
      retries: 4,
      queue: "task",
      owner: "group",
      priorityWeight: 2,
    });
  });

  test.each([
    ["an unknown one", { retry: 3 }, 'task "t" has the unknown option "retry"; the options are'],
    [
      "a negative count",
      { retries: -1 },
      'option "retries" is -1; it must be a whole number from 0',
    ],
    [
      "a bare number as duration",
      { retryDelay: 30 },
      'option "retryDelay" is 30; it must be "30s"',
    ],
    ["a duration in months", { retryDelay: "P1M" }, 'option "retryDelay" is "P1M"'],
    [
      "no time at all",
      { executionTimeout: "0s" },
      'option "executionTimeout" is "0s"; it must be longer',
    ],
    ["a shrinking backoff", { retryBackoff: 0.5 }, 'option "retryBackoff" is 0.5'],
    [
      "a rule that does not exist",
      { triggerRule: "all" },
      '"triggerRule" is "all"; it must be "all_success"',
    ],
    [
      "a pool slot too few",
      { poolSlots: 0 },
      'option "poolSlots" is 0; it must be a whole number from 1',
    ],
    [
      "a limit of none",
      { maxActiveTis: 0 },
      'option "maxActiveTis" is 0; it must be a whole number from 1',
    ],
    [
      "a weight rule that does not exist",
      { weightRule: "down" },
      '"weightRule" is "down"; it must be "downstream" or "upstream" or "absolute"',
    ],
    [
      "a rate of none",
      { rateLimit: { key: "a", limit: 0, per: "1m" } },
      'option "limit" is 0; it must be',
    ],
    [
      "a rate without a key",
      { rateLimit: { limit: 1, per: "1m" } },
      'it must be { key: "api", limit: 10',
    ],
    [
      "a rate for no time",
      { rateLimit: { key: "a", limit: 1, per: "0s" } },
      'option "per" is "0s"',
    ],
    [
      "a rate for too short a time",
      { rateLimit: { key: "a", limit: 1, per: "10ms" } },
      "rateLimit.per is 10 ms: write a duration from a second to 31 days",
    ],
    [
      "a pool that cannot be",
      { pool: "my pool" },
      "pool is my pool: the name of a pool has 1 to 250",
    ],
    ["a wrong isolation", { isolation: "vm" }, 'it must be "thread" or "process"'],
    [
      "env in a thread",
      { env: { A: "1" } },
      'has the option "env", which needs isolation: "process"',
    ],
    ["env that is no text", { env: { A: 1 }, isolation: "process" }, 'option "env" is {"A":1}'],
  ])("%s is refused by name and value", (_name, options, message) => {
    expect(() => taskWith(options)).toThrow(message);
  });

  test("of an external task know no TypeScript", () => {
    const score = externalTask<[], null>({ handler: "score", queue: "python" });
    const { tasks } = dag("d", { defaults: { isolation: "process", env: { A: "1" } } }, () => {
      score();
    }).spec();
    expect(tasks[0]).toMatchObject({ queue: "python", isolation: "thread", env: {} });
    expect(() => externalTask(loose({ handler: "h", isolation: "process" }))).toThrow(
      'task "h" has the unknown option "isolation"',
    );
    expect(() => externalTask(loose({}))).toThrow(
      /at .*options\.test\.ts:\d+ needs the option "handler"/,
    );
  });
});

describe("the concurrency key of a DAG", () => {
  const params = {
    type: "object",
    properties: { customer: { type: "string" }, region: { type: "object" } },
  } as const;

  test("is what the function says of params, as an expression", () => {
    const one = dag("d", { params, concurrencyKey: (given) => given.customer }, () => noop());
    expect(one.spec().concurrencyKey).toEqual({
      expression: '{"$":"run","path":["params","customer"]}',
      whenBusy: "queue",
    });
    const two = dagWith({
      concurrencyKey: (given: { a: unknown; b: unknown }) => [given.a, given.b],
      whenKeyBusy: "cancelOldest",
    });
    expect(two.concurrencyKey).toEqual({
      expression: '[{"$":"run","path":["params","a"]},{"$":"run","path":["params","b"]}]',
      whenBusy: "cancel_oldest",
    });
  });

  test.each([
    ["no function", { concurrencyKey: "customer" }, "(params) => params.customer"],
    [
      "a function that throws",
      { concurrencyKey: () => JSON.parse("{") as unknown },
      "threw when the DAG was compiled",
    ],
    ["a function that gives nothing", { concurrencyKey: () => undefined }, "gives nothing"],
    ["a function that makes a text", { concurrencyKey: () => "x" }, "something that is no param"],
    ["all params", { concurrencyKey: (given: unknown) => given }, "something that is no param"],
    ["a rule without a key", { whenKeyBusy: "queue" }, 'needs option "concurrencyKey"'],
    [
      "an unknown rule",
      { concurrencyKey: (given: { a: unknown }) => given.a, whenKeyBusy: "wait" },
      'it must be "queue" or "cancelNewest" or "cancelOldest"',
    ],
  ])("%s is refused with a sentence", (_name, options, message) => {
    expect(() => dagWith(options)).toThrow(message);
  });
});

describe("DAG options", () => {
  test("have the defaults of the documentation", () => {
    expect(dagWith({})).toMatchObject({
      schedule: null,
      startDate: null,
      endDate: null,
      catchup: false,
      paramsSchema: null,
      maxActiveRuns: 16,
      maxActiveTasks: 16,
      dagrunTimeoutMs: null,
      startPaused: false,
    });
  });

  test("are read: dates, durations, switches", () => {
    expect(
      dagWith({
        startDate: "2026-01-01T02:00+02:00",
        endDate: new Date(Date.UTC(2027, 0, 1)),
        dagrunTimeout: { hours: 1, minutes: 30 },
        tags: ["a"],
        paused: true,
        maxActiveRuns: 1,
      }),
    ).toMatchObject({
      startDate: Date.UTC(2026, 0, 1),
      endDate: Date.UTC(2027, 0, 1),
      dagrunTimeoutMs: 5_400_000,
      tags: ["a"],
      startPaused: true,
      maxActiveRuns: 1,
    });
  });

  test.each([
    ["an unknown one", { sched: 1 }, 'DAG "d" has the unknown option "sched"'],
    [
      "an unknown default",
      { defaults: { retrys: 1 } },
      '"defaults" has the unknown option "retrys"',
    ],
    ["an id as default", { defaults: { id: "a" } }, '"defaults" has the unknown option "id"'],
    [
      "a date without a zone",
      { startDate: "2026-01-01" },
      'option "startDate" is "2026-01-01"; it must be a Date',
    ],
    ["a day that does not exist", { startDate: "2026-02-30T00:00Z" }, 'option "startDate"'],
    ["an invalid Date", { endDate: new Date(NaN) }, 'option "endDate" is an invalid Date'],
    [
      "an end before the start",
      { startDate: "2026-01-02T00:00Z", endDate: "2026-01-01T00:00Z" },
      "swap them",
    ],
    ["catchup", { catchup: 1 }, 'option "catchup" is 1; it must be true or false'],
    ["a schedule of another kind", { schedule: 5 }, 'option "schedule" is 5'],
    ["a zone that does not exist", { schedule: "@daily", timezone: "Mars/Base" }, "Mars/Base"],
    ["no runs at all", { maxActiveRuns: 0 }, 'option "maxActiveRuns" is 0'],
    ["tags that are no list", { tags: "a" }, 'option "tags" is "a"; it must be a list of texts'],
    [
      "params that are no object",
      { params: { type: "string" } },
      '"params" must describe an object',
    ],
  ])("%s is refused by name and value", (_name, options, message) => {
    expect(() => dagWith(options)).toThrow(message);
  });

  test("an option that is undefined counts as not given", () => {
    expect(dagWith({ maxActiveRuns: undefined }).maxActiveRuns).toBe(16);
  });

  test("a dag without a wire function names its place", () => {
    const wire = undefined as unknown as () => void;
    expect(() => dag("d", {}, wire)).toThrow(/dag\("d", …\) at .*options\.test\.ts:\d+ needs/);
  });
});

describe("a params schema", () => {
  test("by Zod is written as JSON Schema of what callers give", () => {
    const params = z.object({ region: z.string().default("eu"), size: z.number().int() });
    expect(JSON.parse(dagWith({ params }).paramsSchema ?? "")).toMatchObject({
      type: "object",
      properties: { region: { type: "string", default: "eu" }, size: { type: "integer" } },
      required: ["size"],
    });
  });

  test("as JSON Schema is taken as it is", () => {
    const params = { type: "object", properties: { a: { type: "string" } } };
    expect(JSON.parse(dagWith({ params }).paramsSchema ?? "")).toEqual(params);
  });

  test("that would have to run code is refused", () => {
    const params = z.object({ at: z.string().transform((text) => new Date(text)) });
    expect(() => dagWith({ params })).toThrow('"params" cannot be written as JSON Schema');
  });

  test("of a library that gives no JSON Schema is refused with the remedy", () => {
    const params = {
      "~standard": { version: 1, vendor: "valibot", validate: () => ({ value: 1 }) },
    };
    expect(() => dagWith({ params })).toThrow("toStandardJsonSchema of @valibot/to-json-schema");
  });
});
