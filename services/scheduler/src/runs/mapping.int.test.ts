import { fromBinary } from "@bufbuild/protobuf";
import type { DagSpec, GroupSpec } from "@millrace/engine";
import { FailureSchema } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, aTask, argsOf, itemRef, registerDag, taskRef } from "../testing/dags.ts";
import { failure, success, textOf, type Outcome } from "../testing/fake-api.ts";
import { aWorld } from "../testing/world.ts";

const ref = (id: string) => ({ $: "task", id, path: [] });
const mappedGroup = (id: string, source: string, parentId: string | null = null): GroupSpec => ({
  ...{ id, parentId, tooltip: "" },
  each: [{ sources: [source] }],
});

/** What a body is about, as the assignment says: `task[index] items inputs`. */
function given({ taskId, mapIndex, items, inputs }: Assignment): string {
  const show = (values: Record<string, { data: Uint8Array }>) =>
    Object.entries(values)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { data }]) => `${key}=${textOf(data)}`)
      .join(" ");
  const index = mapIndex < 0 ? "" : `[${mapIndex}]`;
  return [`${taskId}${index}`, show(items), show(inputs)].filter((part) => part !== "").join(" | ");
}

/** Runs a DAG to its end; answers its state, the states of its instances, and what bodies were given, in order. */
async function runToEnd(
  spec: DagSpec,
  body: (assignment: Assignment) => Outcome,
  params: unknown = {},
) {
  await using world = await aWorld();
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ body });
  const run = await api.trigger(spec.dagId, { params });
  const state = await world.untilFinal(run);
  const { rows } = await world.db.pool.query<{ failure: Buffer }>(
    "SELECT failure FROM task_instance WHERE failure IS NOT NULL ORDER BY ix, map_ix",
  );
  const messages = rows.map((row) => fromBinary(FailureSchema, row.failure).message);
  const given_ = api.assigned.map(given);
  return { state, states: await world.states(run, spec), given: given_, api, messages };
}

test("a task mapped over a value has an instance for each element; a task after it gets all results in order", async () => {
  const spec = aDag(
    "map",
    [
      "list",
      aTask("score", {
        each: [{ sources: [taskRef("list", ["rows"])] }],
        args: argsOf(itemRef("score")),
      }),
      aTask("total", { args: argsOf(ref("score")) }),
    ],
    ["list>score>total"],
  );
  const end = await runToEnd(spec, ({ taskId, mapIndex }) => {
    if (taskId === "list") return success({ rows: ["a", { b: 1 }, [3]] });
    return success(mapIndex * 10);
  });
  expect(end.state).toBe("success");
  expect(end.given).toEqual([
    "list",
    'score[0] | score/0="a"',
    'score[1] | score/0={"b":1}',
    "score[2] | score/0=[3]",
    "total | score=[0,10,20]",
  ]);
  expect(end.api.assigned.map(({ mapLength }) => mapLength)).toEqual([0, 3, 3, 3, 0]);
  expect(end.api.assigned[0]?.measuredPaths.map(textOf)).toEqual(['["rows"]']);
  const keys = end.api.assigned.map(({ idempotencyKey }) => idempotencyKey);
  expect(new Set(keys).size).toBe(keys.length);
});

test("cross products count the last list fastest; lists may be written out or come from params", async () => {
  const spec = aDag("cross", [
    aTask("t", {
      each: [
        { sources: ["[1,2]"] },
        { sources: ['{"$":"run","path":["params","letters"]}', '["x","y","z"]'] },
      ],
      args: argsOf(itemRef("t", 0), itemRef("t", 1), itemRef("t", 2)),
    }),
  ]);
  const end = await runToEnd(spec, () => success(), { letters: ["a", "b"] });
  expect(end.state).toBe("success");
  expect(end.given).toEqual([
    't[0] | t/0=1 t/1="a" t/2="x"',
    't[1] | t/0=1 t/1="b" t/2="y"',
    't[2] | t/0=2 t/1="a" t/2="x"',
    't[3] | t/0=2 t/1="b" t/2="y"',
  ]);
});

test("instances of a mapped group depend on each other by index; nested mappings multiply", async () => {
  const spec = aDag(
    "groups",
    [
      aTask("in", { groupId: "g", args: argsOf(itemRef("g")) }),
      aTask("each", {
        groupId: "g",
        each: [{ sources: ["[7,8]"] }],
        args: argsOf(itemRef("g"), itemRef("each"), ref("in")),
      }),
      aTask("out", { groupId: "g", args: argsOf(ref("each")) }),
      aTask("all", { args: argsOf(ref("out")) }),
    ],
    ["in>each>out>all"],
    { groups: [mappedGroup("g", '["p","q"]')] },
  );
  const end = await runToEnd(spec, ({ taskId, mapIndex, inputs }) =>
    taskId === "out"
      ? success(JSON.parse(textOf(inputs["each"]?.data)))
      : success(`${taskId}${mapIndex}`),
  );
  expect(end.state).toBe("success");
  expect(end.given.toSorted()).toEqual([
    'all | out=[["each0","each1"],["each2","each3"]]',
    'each[0] | each/0=7 g/0="p" | in="in0"',
    'each[1] | each/0=8 g/0="p" | in="in0"',
    'each[2] | each/0=7 g/0="q" | in="in1"',
    'each[3] | each/0=8 g/0="q" | in="in1"',
    'in[0] | g/0="p"',
    'in[1] | g/0="q"',
    'out[0] | g/0="p" | each=["each0","each1"]',
    'out[1] | g/0="q" | each=["each2","each3"]',
  ]);
});

test("a mapping over a mapped task leaves out what returned nothing, and what was skipped", async () => {
  const spec = aDag(
    "chained",
    [
      aTask("a", { each: [{ sources: ["[0,1,2,3]"] }] }),
      aTask("b", {
        each: [{ sources: [taskRef("a")] }],
        args: argsOf(itemRef("b")),
        triggerRule: "all_done",
      }),
    ],
    ["a>b"],
  );
  const end = await runToEnd(spec, ({ taskId, mapIndex }) => {
    if (taskId === "b") return success();
    if (mapIndex === 0) return success();
    return mapIndex === 2 ? { case: "skipped", value: {} } : success(`v${mapIndex}`);
  });
  expect(end.state).toBe("success");
  expect(end.given.slice(4)).toEqual(['b[0] | b/0="v1"', 'b[1] | b/0="v3"']);
});

test("a mapping over nothing is skipped, and what is no list fails the task that returned it", async () => {
  const spec = aDag(
    "empty",
    ["list", aTask("t", { each: [{ sources: [taskRef("list")] }] }), "after"],
    ["list>t>after"],
  );
  const none = await runToEnd(spec, () => success([]));
  expect([none.state, none.states]).toEqual([
    "success",
    { list: "success", t: "skipped", after: "skipped" },
  ]);
  const wrong = await runToEnd(spec, () => success("text"));
  expect([wrong.state, wrong.states]).toEqual([
    "failed",
    { list: "failed", t: "upstream_failed", after: "upstream_failed" },
  ]);
  expect(wrong.messages[0]).toMatch(/"list" is mapped over, and it is no list/);
});

test("one instance that fails fails what comes after all of them, and its retry is its own", async () => {
  const spec = aDag(
    "partly",
    [aTask("t", { each: [{ sources: ["[0,1,2]"] }], retries: 1, retryDelayMs: 1 }), "after"],
    ["t>after"],
  );
  const end = await runToEnd(spec, ({ mapIndex, tryNumber }) => {
    if (mapIndex === 1) return failure("broken");
    return mapIndex === 2 && tryNumber === 1 ? failure("once") : success();
  });
  expect([end.state, end.states]).toEqual([
    "failed",
    { "t[0]": "success", "t[1]": "failed", "t[2]": "success", after: "upstream_failed" },
  ]);
  expect(end.given.filter((text) => text.startsWith("t[0]"))).toHaveLength(1);
  expect(end.given.filter((text) => text.startsWith("t[2]"))).toHaveLength(2);
});

test("values that are too many for one assignment fail the task at once, and it says how many bytes they have", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "large",
    [aTask("t", { each: [{ sources: ["[0,1,2,3]"] }] }), aTask("sum", { args: argsOf(ref("t")) })],
    ["t>sum"],
  );
  await registerDag(world.db, spec);
  await world.scheduler({ settings: { assignmentBytesMax: 2_000 } });
  const api = await world.api({ slots: 10, body: () => success("x".repeat(600)) });
  const run = await api.trigger("large");
  expect(await world.untilFinal(run)).toBe("failed");
  expect(await world.states(run, spec)).toMatchObject({ "t[3]": "success", sum: "failed" });
  const { rows } = await world.db.pool.query<{ failure: Buffer }>(
    "SELECT failure FROM task_instance WHERE failure IS NOT NULL",
  );
  const { message } = fromBinary(FailureSchema, rows[0]?.failure ?? Buffer.alloc(0));
  expect(message).toMatch(/"t".*2413 bytes.*2000/);
  expect(api.assigned.map(({ taskId }) => taskId)).not.toContain("sum");
  // The slot that was meant for it is free again.
  await expect.poll(api.freeSlots).toBe(10);
});
