import { expect, test } from "vitest";
import { checkPool } from "../admission/pool.ts";
import type { DagSpec, TaskSpec } from "../spec/spec.ts";
import { aDagSpec } from "../testing.ts";
import { validateDagSpec } from "./validate.ts";

const problemsOf = (task: Partial<TaskSpec>, dag: Partial<DagSpec> = {}) =>
  validateDagSpec(aDagSpec({ tasks: { a: task } }, dag)).map(({ message }) => message);

test("what holds tasks and runs back may be said", () => {
  const task = {
    pool: "warehouse",
    poolSlots: 3,
    maxActiveTis: 1,
    maxActiveTisPerRun: 100_000,
    weightRule: "upstream",
    rateLimit: { key: "api of x", limit: 1, perMs: 1000 },
  } as const;
  const expression = '[{"$":"run","path":["params","a"]},{"$":"run","path":["params","b",0]}]';
  const concurrencyKey = { expression, whenBusy: "cancel_newest" } as const;
  expect(problemsOf(task, { maxActiveTasksPerDag: 1, concurrencyKey })).toEqual([]);
});

test.each([
  [
    "poolSlots",
    { poolSlots: 0 },
    'tasks["a"].poolSlots is 0: write a whole number from 1 to 1000000.',
  ],
  ["poolSlots", { poolSlots: 1.5 }, "is 1.5: write a whole number"],
  ["pool", { pool: "a b" }, "pool is a b: the name of a pool has 1 to 250 characters"],
  ["maxActiveTis", { maxActiveTis: -1 }, "is -1: write a whole number from 1 to 100000."],
  ["maxActiveTisPerRun", { maxActiveTisPerRun: 0 }, "is 0: write a whole number"],
  [
    "weightRule",
    { weightRule: "custom" as "absolute" },
    'write one of "downstream", "upstream", "absolute"',
  ],
  [
    "rate",
    { rateLimit: { key: "k", limit: 0, perMs: 1000 } },
    "rateLimit.limit is 0: write a whole number",
  ],
  ["rate", { rateLimit: { key: "", limit: 1, perMs: 1000 } }, "a key has 1 to 250 characters"],
  [
    "rate",
    { rateLimit: { key: "k", limit: 1, perMs: 0 } },
    "is 0 ms: write a duration from a second",
  ],
])("%s that cannot be is refused by field, value and remedy", (_field, task, message) => {
  expect(problemsOf(task).join(" ")).toContain(message);
});

test("one key of a rate has one length of time within a DAG", () => {
  const rate = (perMs: number) => ({ rateLimit: { key: "api", limit: 1, perMs } });
  const spec = aDagSpec({ tasks: { a: rate(60_000), b: rate(3_600_000) } });
  expect(validateDagSpec(spec).map(({ message }) => message)).toEqual([
    'tasks["b"].rateLimit.per is 3600000 ms: another task counts the starts of the key "api" per 60000 ms; use one duration for a key.',
  ]);
});

test.each([
  "{",
  "[]",
  '"x"',
  '{"$":"run","path":["params"]}',
  '{"$":"run","path":["ds"]}',
  '{"$":"task","id":"a"}',
])("a concurrency key %s is refused: it is about params", (expression) => {
  const concurrencyKey = { expression, whenBusy: "queue" } as const;
  expect(problemsOf({}, { concurrencyKey }).join(" ")).toContain("it refers to params of the run");
});

test("a pool has a name, and slots from one to a million or no limit", () => {
  const pool = { name: "warehouse", slots: 8, description: "" };
  expect(checkPool(pool)).toEqual([]);
  expect(checkPool({ ...pool, slots: null })).toEqual([]);
  for (const slots of [0, -1, 1.5, 1_000_001])
    expect(checkPool({ ...pool, slots })[0]?.message).toContain(
      "write a whole number from 1 to 1000000, or leave",
    );
  expect(checkPool({ ...pool, name: "a/b" })[0]?.message).toContain("the name of a pool has");
  expect(checkPool({ ...pool, description: "x".repeat(1001) })[0]?.message).toContain(
    "the limit is 1000",
  );
});
