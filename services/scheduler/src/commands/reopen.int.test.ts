import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OwnerCommandSchema } from "@millrace/wire/internal";
import { ReasonKind, RunState, TaskState } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { aDag, aTask, argsOf, itemRef, registerDag, taskRef } from "../testing/dags.ts";
import { failure, success, textOf, type FakeApi } from "../testing/fake-api.ts";
import { aWorld } from "../testing/world.ts";

type Command = NonNullable<MessageInitShape<typeof OwnerCommandSchema>["command"]>;

async function ask(
  api: FakeApi,
  dagId: string,
  command: Command,
  requestId: string = crypto.randomUUID(),
) {
  const { reply } = await api.command(dagId, { requestId, command });
  if (reply.case === "refusal") throw new Error(reply.value.reason);
  return reply.case === "instancesChanged" ? reply.value.affectedCount : null;
}

const clear = (run: number, ...taskIds: string[]): Command => ({
  case: "clearInstances",
  value: {
    runKey: BigInt(run),
    selection: { instances: taskIds.map((taskId) => ({ taskId })), downstream: true },
  },
});

test("a list that is shorter the second time takes instances away, and they come back with a longer one", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "shrinks",
    [
      "list",
      aTask("m", { each: [{ sources: [taskRef("list")] }], args: argsOf(itemRef("m")) }),
      aTask("all", { args: argsOf({ $: "task", id: "m", path: [] }) }),
    ],
    ["list>m>all"],
  );
  await registerDag(world.db, spec);
  const first = await world.scheduler();
  const lists = [
    [1, 2, 3],
    [4, 5],
    [6, 7, 8, 9],
  ];
  const given: string[] = [];
  const api = await world.api({
    body: ({ taskId, items, inputs }) => {
      if (taskId === "list") return success(lists.shift());
      if (taskId === "all") given.push(textOf(inputs["m"]?.data));
      return success(taskId === "m" ? JSON.parse(textOf(items["m/0"]?.data)) : undefined);
    },
  });
  const run = await api.trigger("shrinks");
  expect(await world.untilFinal(run)).toBe("success");
  await ask(api, "shrinks", clear(run, "list"));
  await expect.poll(() => world.runState(run)).toBe("success");
  expect(await world.states(run, spec)).toMatchObject({ "m[1]": "success", "m[2]": "removed" });
  await first.stop();
  await world.scheduler();
  await ask(api, "shrinks", clear(run, "list"));
  await expect.poll(() => world.runState(run)).toBe("success");
  expect(await world.states(run, spec)).toMatchObject({ "m[2]": "success", "m[3]": "success" });
  expect(given).toEqual(["[1,2,3]", "[4,5]", "[6,7,8,9]"]);
});

test("thousands of instances that are cleared at once run again once each", async () => {
  await using world = await aWorld();
  const count = 3_000;
  const spec = aDag(
    "many",
    [aTask("m", { each: [{ sources: ['{"$":"run","path":["params","n"]}'] }] })],
    [],
    {
      maxActiveTasks: count,
    },
  );
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ slots: 1_000 });
  const run = await api.trigger("many", { params: { n: Array.from({ length: count }, () => 0) } });
  expect(await world.untilFinal(run)).toBe("success");
  const answers = await Promise.all([1, 2].map(() => ask(api, "many", clear(run), "r")));
  expect(answers).toEqual([count, count]);
  await expect.poll(() => world.runState(run), { timeout: 20_000 }).toBe("success");
  expect(api.assigned).toHaveLength(2 * count);
  const { rows } = await world.db.pool.query(
    "SELECT count(*)::int AS n, min(attempt) AS least, max(attempt) AS most FROM task_instance",
  );
  expect(rows).toEqual([{ n: count, least: 2, most: 2 }]);
});

test("a cancelled run can be cleared, and a run cleared while it is queued can be cancelled", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("cancelled", ["a"], [], { maxActiveRuns: 1 }));
  await world.scheduler();
  let isHeld = true;
  const api = await world.api({ body: () => (isHeld ? null : success()) });
  const run = await api.trigger("cancelled");
  await expect.poll(() => api.assigned.length).toBe(1);
  await ask(api, "cancelled", { case: "cancelRun", value: { runKey: BigInt(run) } });
  await api.report(api.assigned[0]?.attemptId ?? "", failure("stopped"));
  expect(await world.untilFinal(run)).toBe("failed");
  const blocker = await api.trigger("cancelled");
  await expect.poll(() => api.assigned.length).toBe(2);
  await ask(api, "cancelled", clear(run));
  expect(await world.runState(run)).toBe("queued");
  await ask(api, "cancelled", { case: "cancelRun", value: { runKey: BigInt(run) } });
  expect(await world.runState(run)).toBe("failed");
  await ask(api, "cancelled", clear(run));
  isHeld = false;
  await api.report(api.assigned[1]?.attemptId ?? "", success());
  expect(await world.untilFinal(blocker)).toBe("success");
  await expect.poll(() => world.runState(run)).toBe("success");
});

test("a run that is marked failed while its teardown runs ends failed, also after a take-over", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "torn",
    [
      aTask("make", { role: "setup" }),
      "work",
      aTask("drop", { role: "teardown", triggerRule: "all_done_setup_success" }),
    ],
    ["make>work>drop", "make>drop"],
  );
  await registerDag(world.db, spec);
  const first = await world.scheduler();
  const api = await world.api({ body: ({ taskId }) => (taskId === "make" ? success() : null) });
  const run = await api.trigger("torn");
  await expect.poll(() => api.assigned.length).toBe(2);
  const marked: Command = {
    case: "markRun",
    value: { runKey: BigInt(run), state: RunState.FAILED },
  };
  await ask(api, "torn", marked, "m");
  expect(await world.runState(run)).toBe("running");
  await expect.poll(() => api.assigned.length).toBe(3);
  await first.stop();
  await world.scheduler();
  await api.report(api.assigned[2]?.attemptId ?? "", success());
  expect(await world.untilFinal(run)).toBe("failed");
  expect(await world.states(run, spec)).toMatchObject({ work: "failed", drop: "success" });
  await ask(api, "torn", marked, "m");
  expect(await world.runState(run)).toBe("failed");
});

test("clearing a task takes its setup and teardown with it", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "scoped",
    [
      aTask("make", { role: "setup" }),
      ...["work", "other"],
      aTask("drop", { role: "teardown", triggerRule: "all_done_setup_success" }),
    ],
    ["make>work other>drop", "make>drop"],
  );
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api();
  const run = await api.trigger("scoped");
  expect(await world.untilFinal(run)).toBe("success");
  const selection = { instances: [{ taskId: "work" }] };
  const value = { runKey: BigInt(run), selection, dryRun: true };
  const { reply } = await api.command("scoped", { command: { case: "clearInstances", value } });
  const affected = reply.case === "instancesChanged" ? reply.value.affected : [];
  const named = affected.map(({ taskId, isImplied, state }) => [taskId, isImplied, state]);
  expect(named).toEqual([
    ["make", true, TaskState.SUCCESS],
    ["work", false, TaskState.SUCCESS],
    ["drop", true, TaskState.SUCCESS],
  ]);
});

test("explains instances: what they wait for, and that an unknown one does not exist", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "explained",
    [
      aTask("m", { each: [{ sources: ["[0,1]"] }] }),
      aTask("n", { each: [{ sources: [taskRef("m")] }] }),
    ],
    ["m>n"],
    { maxActiveTasks: 1 },
  );
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("explained");
  await expect.poll(() => api.assigned.length).toBe(1);
  const explain = async (taskId: string, mapIndex: number) => {
    const value = { runKey: BigInt(run), taskId, mapIndex };
    const { reply } = await api.command("explained", { command: { case: "explainTask", value } });
    if (reply.case === "refusal") return reply.value.reason;
    return reply.case === "explanation" ? reply.value.reasons.map(({ kind }) => kind) : [];
  };
  expect(await explain("m", 0)).toEqual([ReasonKind.RUNNING]);
  expect(await explain("m", 1)).toEqual([ReasonKind.MAX_ACTIVE_TASKS]);
  expect(await explain("n", -1)).toContain(ReasonKind.MAP_LENGTH);
  expect(await explain("m", 2)).toBe("TASK_NOT_FOUND");
});
