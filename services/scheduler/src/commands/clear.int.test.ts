import type { MessageInitShape } from "@bufbuild/protobuf";
import { RunState, TaskState } from "@millrace/wire/v1";
import type { InstanceSelectionSchema } from "@millrace/wire/v1";
import { StaleReason, VerdictKind } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, aTask, argsOf, itemRef, registerDag } from "../testing/dags.ts";
import { attemptOf, choice, failure, type FakeApi, success } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld } from "../testing/world.ts";

type Selection = MessageInitShape<typeof InstanceSelectionSchema>;
type Options = {
  readonly requestId?: string;
  readonly dryRun?: boolean;
  /** Marks instead of clearing. */
  readonly mark?: TaskState;
};

/** Clears, or marks; answers what was affected, such as `a`, `b[1]`, or `c?` for what follows from it. */
async function change(
  api: FakeApi,
  dagId: string,
  run: number,
  selection: Selection,
  { requestId = crypto.randomUUID(), dryRun = false, mark }: Options = {},
): Promise<string[]> {
  const value = { runKey: BigInt(run), selection, dryRun, ...(mark ? { state: mark } : {}) };
  const { reply } = await api.command(dagId, {
    requestId,
    command: { case: mark ? "markInstances" : "clearInstances", value },
  });
  if (reply.case !== "instancesChanged")
    throw new Error(reply.case === "refusal" ? reply.value.reason : String(reply.case));
  const names = reply.value.affected.map(({ taskId, mapIndex, isImplied }) => {
    const index = mapIndex < 0 ? "" : `[${mapIndex}]`;
    return `${taskId}${index}${isImplied ? "?" : ""}`;
  });
  expect(reply.value.affectedCount).toBe(names.length);
  return names;
}

const these = (...taskIds: string[]) => ({ instances: taskIds.map((taskId) => ({ taskId })) });

test("a final run whose failed tasks are cleared runs again from there, with all retries and its history", async () => {
  await using world = await aWorld();
  const spec = aDag("again", ["a", "b", "c"], ["a>b>c"]);
  await registerDag(world.db, spec);
  await world.scheduler();
  let isBroken = true;
  const api = await world.api({
    body: ({ taskId }) => (taskId === "b" && isBroken ? failure("no", false) : success(taskId)),
  });
  const run = await api.trigger("again");
  expect(await world.untilFinal(run)).toBe("failed");
  const failed = { states: [TaskState.FAILED, TaskState.UPSTREAM_FAILED] };
  expect(await change(api, "again", run, failed, { dryRun: true })).toEqual(["b", "c"]);
  expect(await world.runState(run)).toBe("failed");
  isBroken = false;
  expect(await change(api, "again", run, failed)).toEqual(["b", "c"]);
  await expect.poll(() => world.runState(run)).toBe("success");
  expect(api.assigned.map(({ taskId, tryNumber }) => `${taskId}${tryNumber}`)).toEqual([
    ...["a1", "b1"],
    ...["b1", "c1"],
  ]);
  // It begins anew with all its tries, and is another attempt nevertheless.
  expect(api.assigned[2]).toMatchObject({ tryNumber: 1, maxTries: 1, fencing: "0000000002" });
  const { rows } = await world.db.pool.query(
    "SELECT ix, attempt, state FROM task_instance_attempt WHERE run_id = $1",
    [run],
  );
  expect(rows).toEqual([{ ix: 1, attempt: 1, state: 7 }]);
});

test("the same request clears once, however often it is asked; another body is refused", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("once", ["a"]));
  const first = await world.scheduler();
  const api = await world.api();
  const run = await api.trigger("once");
  await world.untilFinal(run);
  const asked = await Promise.all(
    [1, 2, 3].map(() => change(api, "once", run, {}, { requestId: "r1" })),
  );
  expect(asked).toEqual([["a"], ["a"], ["a"]]);
  await expect.poll(() => world.runState(run)).toBe("success");
  await first.stop();
  await world.scheduler();
  expect(await change(api, "once", run, {}, { requestId: "r1" })).toEqual(["a"]);
  await expect(change(api, "once", run, these("a"), { requestId: "r1" })).rejects.toThrow(
    "REQUEST_ID_REUSED",
  );
  expect(api.assigned).toHaveLength(2);
});

test("a running task that is cleared is told to stop, runs again when it has, and its report counts for nothing", async () => {
  await using world = await aWorld();
  const spec = aDag("busy", ["a"]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("busy");
  await expect.poll(() => api.assigned.length).toBe(1);
  const first = api.assigned[0]?.attemptId ?? "";
  expect(await change(api, "busy", run, these("a"))).toEqual(["a"]);
  expect(await world.states(run, spec)).toEqual({ a: "restarting" });
  await expect.poll(() => api.cancelled).toEqual([first]);
  expect(await api.inventory([first])).toMatchObject([{ kind: VerdictKind.CANCEL_REQUESTED }]);
  expect(await api.report(first, success())).toMatchObject({
    kind: VerdictKind.STALE,
    staleReason: StaleReason.CLEARED,
  });
  await expect.poll(() => api.assigned.length).toBe(2);
  expect(await api.report(first, success())).toMatchObject({ kind: VerdictKind.STALE });
  await api.report(api.assigned[1]?.attemptId ?? "", success());
  expect(await world.untilFinal(run)).toBe("success");
});

test("a body that does not stop is given up after a minute", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("deaf", ["a"]));
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await world.api({ body: (given) => (attemptOf(given) === 1 ? null : success()) });
  const run = await api.trigger("deaf");
  await expect.poll(() => api.assigned.length).toBe(1);
  await change(api, "deaf", run, these("a"));
  clock.advance(61_000);
  expect(await world.untilFinal(run)).toBe("success");
});

test("a run that is opened again waits for max_active_runs behind the others, also after a take-over", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("narrow", ["a"], [], { maxActiveRuns: 1 }));
  const first = await world.scheduler();
  let isHeld = false;
  const api = await world.api({ body: () => (isHeld ? null : success()) });
  const reopened = await api.trigger("narrow");
  await world.untilFinal(reopened);
  isHeld = true;
  const current = await api.trigger("narrow");
  const waiting = await api.trigger("narrow");
  await change(api, "narrow", reopened, {});
  expect(await world.runState(reopened)).toBe("queued");
  await first.stop();
  await world.scheduler();
  for (const [nth, run] of [current, waiting, reopened].entries()) {
    await expect.poll(() => api.assigned.length).toBe(nth + 2);
    expect(await world.runState(run)).toBe("running");
    await api.report(api.assigned[nth + 1]?.attemptId ?? "", success());
    await expect.poll(() => world.runState(run)).toBe("success");
  }
});

test("a mapped instance can be cleared by itself; an unknown one is refused", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "mapped",
    [aTask("m", { each: [{ sources: ["[0,1,2]"] }], args: argsOf(itemRef("m")) }), "end"],
    ["m>end"],
  );
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api();
  const run = await api.trigger("mapped");
  await world.untilFinal(run);
  const one = { instances: [{ taskId: "m", mapIndex: 1 }], downstream: true };
  expect(await change(api, "mapped", run, one)).toEqual(["m[1]", "end"]);
  await expect.poll(() => world.runState(run)).toBe("success");
  expect(api.assigned.slice(4).map(({ taskId, mapIndex }) => [taskId, mapIndex])).toEqual([
    ["m", 1],
    ["end", -1],
  ]);
  const none = { instances: [{ taskId: "m", mapIndex: 3 }] };
  await expect(change(api, "mapped", run, none)).rejects.toThrow("TASK_NOT_FOUND");
  await expect(change(api, "mapped", run, these("x"))).rejects.toThrow("TASK_NOT_FOUND");
});

test("a failed task that is marked success lets what failed after it run", async () => {
  await using world = await aWorld();
  const spec = aDag("marked", ["a", "b"], ["a>b"]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({
    body: ({ taskId }) => (taskId === "a" ? failure("no", false) : success()),
  });
  const run = await api.trigger("marked");
  expect(await world.untilFinal(run)).toBe("failed");
  const mark = TaskState.SUCCESS;
  expect(await change(api, "marked", run, these("a"), { mark, dryRun: true })).toEqual(["a", "b?"]);
  expect(await change(api, "marked", run, these("a"), { mark })).toEqual(["a", "b?"]);
  await expect.poll(() => world.runState(run)).toBe("success");
  expect(await world.states(run, spec)).toEqual({ a: "success", b: "success" });
  expect(api.assigned.map(({ taskId }) => taskId)).toEqual(["a", "b"]);
  expect(await change(api, "marked", run, these("a"), { mark })).toEqual([]);
  expect(await world.runState(run)).toBe("success");
  await expect(change(api, "marked", run, these("a"), { mark: TaskState.RUNNING })).rejects.toThrow(
    "FIELD_INVALID",
  );
});

test("a running task that is marked is stopped, and its report counts for nothing", async () => {
  await using world = await aWorld();
  const spec = aDag("halted", ["a", "b"], ["a>b"]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ body: ({ taskId }) => (taskId === "a" ? null : success()) });
  const run = await api.trigger("halted");
  await expect.poll(() => api.assigned.length).toBe(1);
  const attemptId = api.assigned[0]?.attemptId ?? "";
  await change(api, "halted", run, these("a"), { mark: TaskState.SUCCESS });
  expect(await world.untilFinal(run)).toBe("success");
  await expect.poll(() => api.cancelled).toEqual([attemptId]);
  expect(await api.report(attemptId, failure("late"))).toMatchObject({ kind: VerdictKind.STALE });
  expect(await world.states(run, spec)).toEqual({ a: "success", b: "success" });
});

test.each([
  [RunState.SUCCESS, "success", { a: "success", b: "success" }],
  [RunState.FAILED, "failed", { a: "failed", b: "skipped" }],
] as const)("a run that is marked %s ends so, with what it runs", async (state, name, states) => {
  await using world = await aWorld();
  const spec = aDag("ended", ["a", "b"], ["a>b"]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("ended");
  await expect.poll(() => api.assigned.length).toBe(1);
  const value = { runKey: BigInt(run), state };
  const counts = [
    { state: TaskState.RUNNING, nextState: fromName(states.a), count: 1 },
    { state: TaskState.NONE, nextState: fromName(states.b), count: 1 },
  ];
  const changed = { case: "instancesChanged", value: { affectedCount: 2, counts } };
  const dryRun = { case: "markRun", value: { ...value, dryRun: true } } as const;
  expect((await api.command("ended", { command: dryRun })).reply).toMatchObject(changed);
  expect(await world.runState(run)).toBe("running");
  const { reply } = await api.command("ended", {
    requestId: "m",
    command: { case: "markRun", value },
  });
  expect(reply).toMatchObject(changed);
  expect(await world.runState(run)).toBe(name);
  expect(await world.states(run, spec)).toEqual(states);
  await expect.poll(() => api.cancelled).toHaveLength(1);
});

function fromName(name: "success" | "failed" | "skipped"): TaskState {
  return { success: TaskState.SUCCESS, failed: TaskState.FAILED, skipped: TaskState.SKIPPED }[name];
}

test("the values that a branch leaves are its own, and not those of the tasks that it skips after a clear", async () => {
  await using world = await aWorld();
  const cases = [
    { name: "left", taskIds: ["l"] },
    { name: "right", taskIds: ["r"] },
  ];
  const fork = aTask("fork", { control: "branch", cases });
  await registerDag(world.db, aDag("forked", [fork, "l", "r"], ["fork>l r"]));
  await world.scheduler();
  let chosen = "left";
  const api = await world.api({
    body({ taskId }) {
      if (taskId !== "fork") return success();
      const xcoms = { note: { data: Buffer.from('"mine"') } };
      return { ...choice(chosen), xcoms };
    },
  });
  const run = await api.trigger("forked");
  expect(await world.untilFinal(run)).toBe("success");
  chosen = "right";
  await change(api, "forked", run, {});
  await expect.poll(() => world.runState(run)).toBe("success");
  const { rows } = await world.db.pool.query(
    "SELECT DISTINCT ix FROM xcom WHERE run_id = $1 ORDER BY ix",
    [run],
  );
  expect(rows).toEqual([{ ix: 0 }]);
});
