/** What may be mapped over what: semantics 6, with our limits. */
import { describe, expect, test } from "vitest";
import { dagLimits } from "../spec/dag-limits.ts";
import type { GroupSpec, MapAxis, TaskSpec } from "../spec/spec.ts";
import { aDagSpec } from "../testing.ts";
import { validateDagSpec } from "./validate.ts";

type Tasks = Readonly<Record<string, Partial<TaskSpec>>>;

function problemsOf(tasks: Tasks, arrows: string[] = [], groups: GroupSpec[] = []): string[] {
  return validateDagSpec(aDagSpec({ tasks, arrows }, { groups })).map(({ message }) => message);
}

const ofTask = (id: string, ...path: (string | number)[]) =>
  JSON.stringify({ $: "task", id, path });
const ofRun = (...path: string[]) => JSON.stringify({ $: "run", path });
const item = (of: string, n = 0, path: unknown = []) =>
  JSON.stringify([{ $: "item", of, n, path }]);
const over = (...sources: string[]): MapAxis[] => [{ sources }];
const aGroup = (id: string, each: MapAxis[] = [], parentId: string | null = null): GroupSpec => ({
  id,
  parentId,
  tooltip: "",
  each,
});
const numbers = (count: number) => JSON.stringify(Array.from({ length: count }, () => 1));

describe("a task maps over", () => {
  test.each<[string, Partial<TaskSpec>]>([
    ["a list", { each: over("[1,2,3]") }],
    ["an empty list", { each: over("[]") }],
    ["a list with codec values", { each: over('[{"$":"date","v":"2026-01-01T00:00:00Z"}]') }],
    ["a task's value", { each: over(ofTask("list")) }],
    ["a list inside a task's value", { each: over(ofTask("list", "rows", 0)) }],
    ["a param", { each: over(ofRun("params", "tables")) }],
    ["two lists together", { each: over("[1,2]", ofTask("list")) }],
    ["a product", { each: [...over("[1,2]"), ...over(ofTask("list"))] }],
    ["its elements in its arguments", { each: over("[1]"), args: item("work", 0, ["id", 0]) }],
  ])("%s", (_, work) => {
    expect(problemsOf({ list: {}, work }, ["list > work"])).toEqual([]);
  });

  test.each<[string, Partial<TaskSpec>, string]>([
    ["text that is no JSON", { each: over("[") }, "the sources are not JSON"],
    ["a number", { each: over("5") }, "the sources are no list"],
    ["an object", { each: over('{"a":1}') }, "the sources are no list"],
    ["an element of another mapping", { each: over('{"$":"item","of":"g","n":0}') }, "are no list"],
    ["a list with references", { each: over(`[${ofTask("list")}]`) }, "have references among"],
    ["a date of the run", { each: over(ofRun("ds")) }, "of a run only its params hold lists"],
    ["all params", { each: over(ofRun("params")) }, "of a run only its params hold lists"],
    ["a field that runs have not", { each: over(ofRun("dss")) }, "which a run does not have"],
    ["a task that is not there", { each: over(ofTask("x")) }, "the DAG has no such task"],
    [
      "a task that it does not wait for",
      { each: over(ofTask("late")) },
      'each[0].sources[0] is late: "work" does not wait for the list; add the edge late → work.',
    ],
    ["itself", { each: over(ofTask("work")) }, "a task cannot map over its own results"],
    ["nothing", { each: over() }, "each[0].sources is 0 sources: a dimension walks over 1 to 16"],
    [
      "too many dimensions",
      { each: Array.from({ length: 17 }, () => over("[1]")[0]!) },
      "is 17 dimensions",
    ],
    [
      "a list over its limit",
      { each: over(numbers(dagLimits.mapLength + 1)) },
      "each[0].sources[0] is a list of 100001",
    ],
    [
      "a product over its limit",
      {
        each: [
          ...over(numbers(1000)),
          ...over("[1]", numbers(5)),
          ...over(numbers(101)),
          ...over(numbers(2)),
        ],
      },
      'tasks["work"] is mapped over 202000 elements',
    ],
    [
      "an element over its limit",
      { each: over(JSON.stringify([1, "x".repeat(dagLimits.argsBytes)])) },
      "is a list with a large element 1",
    ],
    [
      "a text over its limit",
      { each: over(`["${"x".repeat(dagLimits.sourceLength)}"]`) },
      "let a task return the list instead",
    ],
  ])("%s, which is refused", (_, work, message) => {
    const problems = problemsOf({ list: {}, late: {}, work }, ["list > work"]);
    expect(problems[0]).toContain(message);
    // A list that is too long by itself is also too long for the task.
    expect(problems.length).toBeLessThanOrEqual(2);
  });

  test("nothing that makes the length differ from what is known: unknown lengths are left to the run", () => {
    const work = { each: [...over(numbers(100_000)), ...over(ofTask("list"))] };
    expect(problemsOf({ list: {}, work }, ["list > work"])).toEqual([]);
  });
});

describe("mapping over a mapped task", () => {
  test("takes all its results, not a path into them", () => {
    const each = over("[1,2]");
    const arrows = ["many > work"];
    expect(problemsOf({ many: { each }, work: { each: over(ofTask("many")) } }, arrows)).toEqual(
      [],
    );
    expect(
      problemsOf({ many: { each }, work: { each: over(ofTask("many", "rows")) } }, arrows),
    ).toEqual([expect.stringContaining("only all of its results together are a list")]);
  });

  test("also of a task in a mapped group, from outside", () => {
    const tasks = { many: { groupId: "g" }, work: { each: over(ofTask("many")) } };
    expect(problemsOf(tasks, ["many > work"], [aGroup("g", over("[1]"))])).toEqual([]);
  });
});

describe("a mapped group", () => {
  const g = aGroup("g", over(ofTask("list")));

  test("is waited for by the tasks that begin it", () => {
    const tasks = { list: {}, a: { groupId: "g" }, b: { groupId: "g" }, c: { groupId: "g.in" } };
    const groups = [g, aGroup("g.in", [], "g")];
    expect(problemsOf(tasks, ["list > a c > b"], groups)).toEqual([]);
    expect(problemsOf(tasks, ["list > a > b"], groups)).toEqual([
      'groups["g"].each[0].sources[0] is list: "c" does not wait for the list; add the edge list → c.',
    ]);
  });

  test("cannot map over a task of its own, however deep", () => {
    const groups = [aGroup("g", over(ofTask("b"))), aGroup("g.in", [], "g")];
    const tasks = { a: { groupId: "g" }, b: { groupId: "g.in" } };
    expect(problemsOf(tasks, ["b > a"], groups)[0]).toContain('is in the mapped group "g"');
  });

  test("multiplies with what is mapped in it, when that has one length for all", () => {
    const inner = (source: string) => ({
      groups: [g, aGroup("g.in", over(source), "g")],
      tasks: {
        list: {},
        a: { groupId: "g" },
        b: { groupId: "g.in" },
        c: { groupId: "g.in", each: over("[1,2]") },
      },
      arrows: ["list > a b > c"],
    });
    const sound = inner(ofTask("list"));
    expect(problemsOf(sound.tasks, sound.arrows, sound.groups)).toEqual([]);
    const uneven = inner(ofTask("a"));
    expect(problemsOf(uneven.tasks, [...uneven.arrows, "a > b"], uneven.groups)).toEqual([
      expect.stringContaining("so that each instance could have another length"),
    ]);
    const tasks = { list: {}, a: { groupId: "g" }, b: { groupId: "g", each: over(ofTask("a")) } };
    expect(problemsOf(tasks, ["list > a > b"], [g])).toEqual([
      expect.stringContaining("so that each instance could have another length"),
    ]);
  });

  test("counts for the limit of the tasks in it", () => {
    const groups = [aGroup("g", over(numbers(400))), aGroup("g.in", over(numbers(400)), "g")];
    expect(problemsOf({ a: { groupId: "g.in" } }, [], groups)).toEqual([
      expect.stringContaining('tasks["a"] is mapped over 160000 elements'),
    ]);
  });

  test("is not nested deeper than anybody could follow", () => {
    const ids = Array.from({ length: 12 }, (_, at) => "g".repeat(at + 1));
    const groups = ids.map((id, at) => aGroup(id, over("[1]"), ids[at - 1] ?? null));
    expect(problemsOf({ a: { groupId: ids.at(-1)! } }, [], groups)).toEqual([
      expect.stringContaining("mapped groups nest at most 8 deep"),
    ]);
  });
});

describe("elements in arguments", () => {
  const groups = [aGroup("plain"), aGroup("g", over("[1]", "[2]")), aGroup("other", over("[1]"))];
  const inGroup = (args: string): string[] =>
    problemsOf({ a: { groupId: "g", args }, b: { groupId: "other" } }, [], groups);

  test("are those of the task itself or of a mapped group around it", () => {
    expect(inGroup(item("g", 1))).toEqual([]);
  });

  test.each([
    ["a source that is not there", item("g", 2), '"g" is mapped over 2 lists'],
    ["another group", item("other"), 'the arguments ask for an element of "other"'],
    ["a group that is not mapped", item("plain"), 'the arguments ask for an element of "plain"'],
    ["a task that is not mapped", item("a"), 'the arguments ask for an element of "a"'],
    ["a negative number", item("g", -1), 'an item reference without "of" and "n"'],
    ["a path that is no list", item("g", 0, "x"), 'item reference whose "path"'],
  ])("%s is refused", (_, args, message) => {
    expect(inGroup(args)).toEqual([expect.stringContaining(message)]);
  });
});

describe("types at an edge, with mappings", () => {
  const text = '{"type":"string"}';
  const takes = (schema: string) => ({ argSchemas: [schema] });
  const list = '{"type":"array","items":{"type":"string"}}';

  test("what follows a mapped task takes a list of its results", () => {
    const many = { each: over("[1]"), resultSchema: text };
    const args = `[${ofTask("many")}]`;
    const arrows = ["many > sum"];
    expect(problemsOf({ many, sum: { args, ...takes(list) } }, arrows)).toEqual([]);
    expect(problemsOf({ many, sum: { args, ...takes(text) } }, arrows)).toEqual([
      expect.stringContaining('argument 1 takes string, but "many" gives array'),
    ]);
  });

  test("within one mapped group a task takes one result", () => {
    const groups = [aGroup("g", over("[1]"))];
    const many = { groupId: "g", resultSchema: text };
    const next = { groupId: "g", args: `[${ofTask("many")}]`, ...takes(text) };
    expect(problemsOf({ many, next }, ["many > next"], groups)).toEqual([]);
  });

  test("an element has the type of the list's items", () => {
    const rows = `{"type":"object","properties":{"rows":${list}}}`;
    const wire = (schema: string) =>
      problemsOf(
        {
          list: { resultSchema: rows },
          work: { each: over(ofTask("list", "rows")), args: item("work"), ...takes(schema) },
        },
        ["list > work"],
      );
    expect(wire(text)).toEqual([]);
    expect(wire('{"type":"number"}')).toEqual([
      expect.stringContaining('argument 1 takes number, but "work" gives string'),
    ]);
  });
});
