import { describe, expect, test } from "vitest";
import { dagLimits } from "../spec/dag-limits.ts";
import { compileDag } from "../graph/graph.ts";
import type { DagSpec, SensorSpec, TaskSpec } from "../spec/spec.ts";
import { aDagSpec, aTask } from "../testing.ts";
import { validateDagSpec } from "./validate.ts";

const two = { tasks: { a: {}, b: {} }, arrows: ["a > b"] };

function messages(spec: DagSpec): string[] {
  return validateDagSpec(spec).map((problem) => problem.message);
}

function withTask(options: Partial<TaskSpec>): DagSpec {
  return aDagSpec({ tasks: { a: options } });
}

function withSensor(options: Partial<SensorSpec>): DagSpec {
  const sensor: SensorSpec = {
    mode: "poke",
    intervalMs: 60_000,
    timeoutMs: 0,
    softFail: false,
    backoff: true,
    maxIntervalMs: null,
    ...options,
  };
  return withTask({ sensor });
}

test("a sensor may look once only, and a DAG may name its result", () => {
  expect(validateDagSpec({ ...withSensor({}), resultTaskId: "a" })).toEqual([]);
});

test("a sound DAG has no problems", () => {
  expect(validateDagSpec(aDagSpec(two))).toEqual([]);
});

describe("the graph", () => {
  test("a circle is shown as a path, also beside other problems", () => {
    const spec = aDagSpec({ tasks: { a: {}, b: {}, c: {} }, arrows: ["a > b > c > a", "x > a"] });
    expect(messages(spec)).toEqual([
      'edges[3] is x → a: the DAG has no task "x"; add the task or drop the edge.',
      "edges form a circle, so none of its tasks could ever start: a → b → c → a. Drop one of these edges.",
    ]);
    expect(validateDagSpec(spec)[1]?.reason).toBe("DAG_HAS_CYCLE");
  });

  test("a circle of thousands of tasks is shown in part", () => {
    const tasks = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`t${at}`, {}]));
    const ring = [...Object.keys(tasks), "t0"].join(" > ");
    const [problem] = validateDagSpec(aDagSpec({ tasks, arrows: [ring] }));
    expect(problem?.value).toMatch(/^t0 → t1 → .* → t19 → … \(5000 tasks\) → t0$/);
  });

  test("a task that waits for itself is a circle", () => {
    expect(validateDagSpec(aDagSpec({ tasks: { a: {} }, arrows: ["a > a"] }))[0]).toMatchObject({
      reason: "DAG_HAS_CYCLE",
      message: "edges[0] is a → a: a task cannot wait for itself; drop the edge.",
    });
  });

  test("repeated edges and repeated task ids are named", () => {
    const spec = aDagSpec({ ...two, arrows: ["a > b", "a > b"] });
    expect(messages({ ...spec, tasks: [...spec.tasks, aTask("a")] })).toEqual([
      'tasks["a"].id is a: another task has this id; give one of them its own.',
      "edges[1] is a → b: the edge is there already; drop one.",
    ]);
  });

  test("groups that are unknown, repeated, circular or named like a task are refused", () => {
    const spec = aDagSpec({ tasks: { a: { groupId: "none" }, b: {} } });
    const group = (id: string, parentId: string | null) => ({
      id,
      parentId,
      tooltip: "",
      each: [],
    });
    const groups = [
      group("x", "y"),
      group("y", "x"),
      group("b", null),
      group("z", "gone"),
      group("z", null),
    ];
    expect(messages({ ...spec, groups })).toEqual([
      'groups["b"].id is b: a task has this id; groups and tasks share one set of names.',
      'groups["z"].id is z: another group has this id; give one of them its own.',
      'groups["x"].parentId is y: the group is inside itself; give it a parent outside, or none.',
      'groups["y"].parentId is x: the group is inside itself; give it a parent outside, or none.',
      'groups["z"].parentId is gone: the DAG has no such group.',
      'tasks["a"].groupId is none: the DAG has no such group; add it to groups or leave it out.',
    ]);
  });
});

describe("limits", () => {
  test.each<[name: string, spec: DagSpec, field: string]>([
    ["no tasks", aDagSpec({ tasks: {} }), "tasks"],
    ["an id that is empty", aDagSpec(two, { dagId: "" }), "dagId"],
    ["an id with a space", aDagSpec(two, { dagId: "my dag" }), "dagId"],
    ["an id that is too long", aDagSpec(two, { dagId: "x".repeat(251) }), "dagId"],
    ["too many tags", aDagSpec(two, { tags: Array.from({ length: 33 }, String) }), "tags"],
    ["an empty tag", aDagSpec(two, { tags: [""] }), "tags"],
    ["an end before the start", aDagSpec(two, { startDate: 2, endDate: 1 }), "endDate"],
    ["no runs at a time", aDagSpec(two, { maxActiveRuns: 0 }), "maxActiveRuns"],
    ["half a task at a time", aDagSpec(two, { maxActiveTasks: 0.5 }), "maxActiveTasks"],
    ["a timeout of nothing", aDagSpec(two, { dagrunTimeoutMs: 0 }), "dagrunTimeout"],
    ["a params schema that is no JSON", aDagSpec(two, { paramsSchema: "{" }), "paramsSchema"],
    [
      "a source over its limit",
      aDagSpec(two, { source: "x".repeat(dagLimits.sourceBytes + 1) }),
      "source",
    ],
    ["too many retries", withTask({ retries: 1001 }), 'tasks["a"].retries'],
    ["negative retries", withTask({ retries: -1 }), 'tasks["a"].retries'],
    ["a back-off below one", withTask({ retryBackoff: 0.5 }), 'tasks["a"].retryBackoff'],
    ["a delay that is no number", withTask({ retryDelayMs: Number.NaN }), 'tasks["a"].retryDelay'],
    ["a timeout of nothing", withTask({ executionTimeoutMs: 0 }), 'tasks["a"].executionTimeout'],
    ["a queue with a space", withTask({ queue: "my queue" }), 'tasks["a"].queue'],
    ["no handler", withTask({ handler: "" }), 'tasks["a"].handler'],
    ["a result schema that is a list", withTask({ resultSchema: "[]" }), 'tasks["a"].resultSchema'],
    [
      "an argument schema that is no JSON",
      withTask({ argSchemas: [null, "no"] }),
      'tasks["a"].argSchemas[1]',
    ],
    ["a variable with a dash", withTask({ env: { "A-B": "" } }), 'tasks["a"].env'],
    [
      "an unknown trigger rule",
      withTask({ triggerRule: "some_success" as "all_success" }),
      'tasks["a"].triggerRule',
    ],
    ["an unknown role", withTask({ role: "helper" as "work" }), 'tasks["a"].role'],
    ["an unknown control", withTask({ control: "loop" as "none" }), 'tasks["a"].control'],
    [
      "a template over its limit",
      withTask({ mapIndexTemplate: "x".repeat(1001) }),
      'tasks["a"].mapIndexTemplate',
    ],
    ["a sensor without a mode", withSensor({ mode: "" as "poke" }), 'tasks["a"].sensor.mode'],
    ["a sensor that never rests", withSensor({ intervalMs: 0 }), 'tasks["a"].sensor.interval'],
    ["a sensor with no time", withSensor({ timeoutMs: -1 }), 'tasks["a"].sensor.timeout'],
    [
      "a sensor with half a limit",
      withSensor({ maxIntervalMs: Number.NaN }),
      'tasks["a"].sensor.maxInterval',
    ],
    ["a result of no task", aDagSpec(two, { resultTaskId: "c" }), "resultTaskId"],
    [
      "a label over its limit",
      aDagSpec(two, { edges: [{ from: "a", to: "b", label: "x".repeat(251) }] }),
      "edges[0].label",
    ],
    ["an unknown kind", withTask({ kind: "lambda" as "bundle" }), 'tasks["a"].kind'],
  ])("%s is refused, and the message names field, value and remedy", (_, spec, field) => {
    const [problem, ...others] = validateDagSpec(spec);
    expect(problem?.field).toBe(field);
    expect(problem?.message.length).toBeGreaterThan(20);
    expect(others).toEqual([]);
  });

  test("more tasks than the limit are one problem, not one each", () => {
    const spec = {
      ...aDagSpec(two),
      tasks: Array.from({ length: dagLimits.tasks + 1 }, () => aTask("a")),
    };
    expect(messages(spec)).toEqual(["tasks is 100001: a DAG has at most 100000 tasks; split it."]);
  });

  test("at most 100 problems are reported", () => {
    const spec = { ...aDagSpec(two), tasks: Array.from({ length: 300 }, () => aTask("")) };
    expect(validateDagSpec(spec)).toHaveLength(dagLimits.problems);
  });
});

test("compileDag throws the first problem with its reason", () => {
  const spec = aDagSpec({ tasks: { a: {}, b: {} }, arrows: ["a > b > a"] });
  expect(() => compileDag(spec)).toThrow(expect.objectContaining({ reason: "DAG_HAS_CYCLE" }));
  expect(() => compileDag(aDagSpec({ tasks: {} }))).toThrow(
    expect.objectContaining({ reason: "DAG_INVALID" }),
  );
});
