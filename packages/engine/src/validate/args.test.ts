import { describe, expect, test } from "vitest";
import { referredTaskIds } from "../spec/args.ts";
import type { TaskSpec } from "../spec/spec.ts";
import { aDagSpec } from "../testing.ts";
import { validateDagSpec } from "./validate.ts";

const ofExtract = (...path: (string | number)[]) => ({ $: "task", id: "extract", path });

/** Problems of a DAG extract → load with these arguments of load. */
function problemsOf(
  args: unknown,
  options: { load?: Partial<TaskSpec>; extract?: Partial<TaskSpec> } = {},
): string[] {
  const text = typeof args === "string" ? args : JSON.stringify(args);
  const tasks = { extract: options.extract ?? {}, load: { args: text, ...options.load } };
  return validateDagSpec(aDagSpec({ tasks, arrows: ["extract > load"] })).map(
    (problem) => problem.message,
  );
}

describe("what arguments refer to", () => {
  test("references are found anywhere, also inside maps, sets and escaped objects", () => {
    const args = [
      { rows: [ofExtract("rows", 0)] },
      { $: "map", v: [["k", { $: "task", id: "b" }]] },
      { $: "object", v: { $: "task", inner: { $: "task", id: "c", path: [] } } },
    ];
    expect(referredTaskIds(JSON.stringify(args))).toEqual(["extract", "b", "c"]);
  });

  test("the first value of several tasks refers to all of them", () => {
    const first = { $: "first", of: [ofExtract("rows"), { $: "task", id: "b" }] };
    expect(referredTaskIds(JSON.stringify([{ deep: first }]))).toEqual(["extract", "b"]);
    expect(problemsOf([first])[0]).toContain("refer to a task that the DAG does not have");
  });

  test("a date, a bigint and references to the run are fine", () => {
    const args = [
      { $: "date", v: "2026-01-01T00:00:00.000Z" },
      { $: "bigint", v: "1" },
      { $: "undefined" },
    ];
    expect(problemsOf([...args, { $: "run", path: ["params", "region"] }])).toEqual([]);
  });

  test("a reference to a task needs that task and an edge from it", () => {
    expect(problemsOf([{ $: "task", id: "gone", path: [] }])).toEqual([
      'tasks["load"].args is gone: the arguments refer to a task that the DAG does not have.',
    ]);
    const tasks = { a: {}, b: { args: '[{"$":"task","id":"a"}]' } };
    expect(validateDagSpec(aDagSpec({ tasks }))[0]?.message).toBe(
      'tasks["b"].args is a: the arguments need the value of "a", but no edge waits for it; add the edge a → b.',
    );
  });

  test.each([
    ["{", "are not JSON"],
    ["{}", "are not a JSON array"],
    ['[{"$":"task"}]', 'task reference without "id"'],
    ['[{"$":"task","id":"extract","path":"rows"}]', '"path" is not an array'],
    ['[{"$":"run","path":["dss"]}]', "refer to run.dss"],
    ['[{"$":"blob"}]', 'unknown tag "blob"'],
    ['[{"$":"first","of":[]}]', "not about task references"],
    ['[{"$":"first","of":[{"$":"run","path":["ds"]}]}]', "not about task references"],
    ["[".repeat(102) + "]".repeat(102), "nested deeper than 100 levels"],
  ])("%s is refused", (args, what) => {
    expect(problemsOf(args)).toEqual([expect.stringContaining(what)]);
  });

  test("arguments over 256 KiB are too large", () => {
    expect(problemsOf(["x".repeat(300_000)])[0]).toContain("the limit is 262144");
  });
});

describe("types at an edge", () => {
  const rows = JSON.stringify({
    type: "object",
    properties: { total: { type: "integer" }, rows: { type: "array", items: { type: "string" } } },
  });
  const takes = (schema: unknown) => ({
    load: { argSchemas: [JSON.stringify(schema)] },
    extract: { resultSchema: rows },
  });

  test.each<[string, unknown, unknown]>([
    ["the same type", ofExtract("total"), { type: "integer" }],
    ["an integer where a number is asked for", ofExtract("total"), { type: "number" }],
    ["one of several types", ofExtract("total"), { type: ["null", "number"] }],
    ["an item of a list", ofExtract("rows", 3), { type: "string" }],
    ["a schema that says nothing", ofExtract(), {}],
    [
      "an object whose required field is there",
      ofExtract(),
      { type: "object", properties: { total: {} }, required: ["total"] },
    ],
    ["a union, which is not looked into", ofExtract("total"), { anyOf: [{ type: "string" }] }],
    ["a literal", 5, { type: "string" }],
  ])("%s fits", (_, arg, schema) => {
    expect(problemsOf([arg], takes(schema))).toEqual([]);
  });

  test.each<[string, unknown, unknown, string]>([
    [
      "another type",
      ofExtract("total"),
      { type: "string" },
      'argument 1 takes string, but "extract" gives integer',
    ],
    [
      "a field that is not given",
      ofExtract("count"),
      {},
      '"count" of argument 1 takes a value at "count"',
    ],
    [
      "a wrong type deep inside",
      { a: [ofExtract("rows")] },
      { properties: { a: { items: { type: "object" } } } },
      '"a[0]" of argument 1 takes object, but "extract" gives array',
    ],
    [
      "items of another type",
      ofExtract("rows"),
      { type: "array", items: { type: "number" } },
      '"[]" of argument 1 takes number, but "extract" gives string',
    ],
    [
      "a required field that is missing",
      ofExtract(),
      { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
      '"id" of argument 1 takes string, but "extract" gives nothing',
    ],
  ])("%s is refused, and both sides are named", (_, arg, schema, message) => {
    expect(problemsOf([arg], takes(schema))).toEqual([expect.stringContaining(message)]);
  });
});
