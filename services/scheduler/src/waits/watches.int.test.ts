/** What triggerers watch, and that a watch is never lost: semantics 9.3. */

import type { Database } from "@millrace/db";
import { FailureKind, RunState, TaskState } from "@millrace/wire/v1";
import { StaleReason, VerdictKind } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";

import { aDag, aTask, argsOf, registerDag, taskRef } from "../testing/dags.ts";
import { attemptOf, failure, success, textOf, type FakeApi } from "../testing/fake-api.ts";
import { forWatch, isWatch, outOf, reasonsOf, resumedWith, rowOf } from "../testing/waiting.ts";
import { unread, value } from "../testing/waiting.ts";
import { aWorld, type World } from "../testing/world.ts";

/** Bodies that defer once for a watch. */
const worker = (world: World, resumes = false) =>
  world.api({
    name: "worker",
    body: (given) =>
      given.taskId === "a" && attemptOf(given) === 1
        ? forWatch({ resumes, state: value(1) })
        : success("end"),
  });
/** A triggerer that watches and says nothing. */
const triggerer = (world: World, name = "triggerer", slots = 10_000) =>
  world.api({ name, slots, handlers: ["trigger/http"], body: () => null });

/** Nothing is looked at for its own sake. */
const quiet = { ...unread, sweepMs: 3_600_000, dagPollMs: 3_600_000, assetPollMs: 3_600_000 };

/** A database that tells what was asked of it. */
function counting(db: Database) {
  const statements: string[] = [];
  const note = <T extends object>(target: T, method: keyof T): T =>
    new Proxy(target, {
      get(object, name) {
        const found: unknown = Reflect.get(object, name);
        if (typeof found !== "function") return found;
        return (...args: unknown[]): unknown => {
          if (name === method) statements.push(JSON.stringify(args[0]).slice(0, 100));
          return Reflect.apply(found, object, args);
        };
      },
    });
  return {
    db: {
      ...db,
      pool: note(db.pool, "query"),
      lanes: db.lanes.map((lane) => note(lane, "send")),
    },
    statements,
    reset: () => void statements.splice(0),
  };
}

async function watchOf(api: FakeApi, n = 1): Promise<string> {
  await expect.poll(() => api.assigned.length).toBeGreaterThanOrEqual(n);
  return api.assigned[n - 1]?.attemptId ?? "";
}

test("a triggerer is told what to watch, and what it reports is the task's value", async () => {
  await using world = await aWorld();
  const b = aTask("b", { args: argsOf(JSON.parse(taskRef("a"))) });
  await registerDag(world.db, aDag("watch", ["a", b], ["a>b"]));
  await world.scheduler();
  const work = await worker(world);
  const run = await work.trigger("watch");
  await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
  expect(await reasonsOf(work, "watch", run)).toEqual(["deferred", "no_worker_for_handler"]);
  const trigger = await triggerer(world);
  const attemptId = await watchOf(trigger);
  const [given] = trigger.assigned;
  expect(given).toMatchObject({ taskId: "a", handler: "trigger/http", tryNumber: 1 });
  expect(isWatch(given!)).toBe(true);
  expect(textOf(given?.args)).toBe('[{"url":"x"}]');
  expect(await reasonsOf(work, "watch", run)).toEqual(["deferred"]);

  expect((await trigger.report(attemptId, success({ status: 200 }))).kind).toBe(VerdictKind.OK);

  expect(await world.untilFinal(run)).toBe("success");
  expect(await outOf(world.db, run)).toBe('{"status":200}');
  expect(textOf(work.assigned[1]?.inputs.a?.data)).toBe('{"status":200}');
  expect(trigger.cancelled).toEqual([]);
  const again = await trigger.report(attemptId, success(1));
  expect(again).toMatchObject({ kind: VerdictKind.STALE, staleReason: StaleReason.FINISHED });
});

test("a body goes on with what a triggerer reports", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("resume", ["a"]));
  await world.scheduler();
  const work = await worker(world, true);
  const trigger = await triggerer(world);
  const run = await work.trigger("resume");
  await trigger.report(await watchOf(trigger), success(7));
  expect(await world.untilFinal(run)).toBe("success");
  expect(resumedWith(work.assigned[1]!)).toEqual(["7", "1"]);
});

test("a watch that fails fails the task, which is tried again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("fails", [aTask("a", { retries: 1, retryDelayMs: 1 })]));
  await world.scheduler();
  const work = await worker(world);
  const trigger = await triggerer(world);
  const run = await work.trigger("fails");
  await trigger.report(await watchOf(trigger), failure("no such host"));
  expect(await world.untilFinal(run)).toBe("success");
  expect(work.assigned[1]).toMatchObject({ tryNumber: 2 });
  expect(work.assigned[1]?.resumption).toBeUndefined();
});

test("a value that others map over is measured by the triggerer, and checked", async () => {
  await using world = await aWorld();
  const t = aTask("t", { each: [{ sources: [taskRef("a", ["body"])] }] });
  const spec = aDag("measured", ["a", t], ["a>t"]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const work = await worker(world);
  const trigger = await triggerer(world);
  const [right, wrong] = [await work.trigger("measured"), await work.trigger("measured")];
  const watch = async (run: number) => {
    const of = `.${run.toString(36)}.`;
    const find = () => trigger.assigned.find(({ attemptId }) => attemptId.includes(of));
    await expect.poll(() => find() !== undefined).toBe(true);
    return find()!;
  };
  const first = await watch(right);
  expect(first.measuredPaths.map(textOf)).toEqual(['["body"]']);
  const listed = { case: "succeeded" as const, value: { returnValue: value({ body: [1, 2] }) } };
  await trigger.report(first.attemptId, { ...listed, value: { ...listed.value, lengths: [2] } });
  const { attemptId } = await watch(wrong);
  await trigger.report(attemptId, { ...listed, value: { ...listed.value, lengths: [3] } });
  expect(await world.untilFinal(right)).toBe("success");
  expect(await world.states(right, spec)).toMatchObject({ "t[1]": "success" });
  expect(await world.untilFinal(wrong)).toBe("failed");
});

describe("watched again by another is what", () => {
  const soon = { settings: { watchAgainMs: 1 } };

  test.each([
    ["is given back", { case: "returned", value: {} }],
    ["its triggerer lost", { case: "failed", value: { kind: FailureKind.LOST, message: "" } }],
  ] as const)("%s", async (_, outcome) => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("back", ["a"]));
    await world.scheduler(soon);
    const work = await worker(world);
    const first = await triggerer(world, "first", 1);
    const run = await work.trigger("back");
    const attemptId = await watchOf(first);
    first.die();
    const second = await triggerer(world, "second");
    expect((await first.report(attemptId, outcome)).kind).toBe(VerdictKind.OK);
    expect(await watchOf(second)).toBe(attemptId);
    expect((await first.report(attemptId, outcome)).kind).toBe(VerdictKind.STALE);
    await second.report(attemptId, success(1));
    expect(await world.untilFinal(run)).toBe("success");
  });

  test("a dead session watched, and the first report counts", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("dead", ["a"]));
    await world.scheduler();
    const work = await worker(world);
    const first = await triggerer(world, "first", 1);
    const run = await work.trigger("dead");
    const attemptId = await watchOf(first);
    first.die();
    const second = await triggerer(world, "second");
    await first.inventory([], true);
    expect(await watchOf(second)).toBe(attemptId);
    expect((await first.report(attemptId, success("first"))).kind).toBe(VerdictKind.OK);
    expect((await second.report(attemptId, success("second"))).kind).toBe(VerdictKind.STALE);
    expect(await world.untilFinal(run)).toBe("success");
    expect(await outOf(world.db, run)).toBe('"first"');
    await expect.poll(() => second.cancelled).toEqual([attemptId]);
  });

  test("two inventories in a row did not name", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("missing", ["a"]));
    await world.scheduler();
    const work = await worker(world);
    const trigger = await triggerer(world, "triggerer", 1);
    await work.trigger("missing");
    const attemptId = await watchOf(trigger);
    expect(await trigger.inventory([attemptId])).toEqual([]);
    await trigger.inventory([]);
    expect(trigger.assigned).toHaveLength(1);
    await trigger.inventory([]);
    expect(await watchOf(trigger, 2)).toBe(attemptId);
  });
});

test("the end of a wait stops its watch, and the triggerer hears so from its inventory too", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("stopped", ["a"]));
  await world.scheduler();
  const work = await worker(world);
  const trigger = await triggerer(world);
  const run = await work.trigger("stopped");
  const attemptId = await watchOf(trigger);
  const value = { runKey: BigInt(run), state: RunState.SUCCESS };
  await work.command("stopped", { requestId: "m", command: { case: "markRun", value } });
  await expect.poll(() => trigger.cancelled).toEqual([attemptId]);
  const verdicts = await trigger.inventory([attemptId]);
  expect(verdicts).toMatchObject([{ attemptId, kind: VerdictKind.STALE }]);
  const late = await trigger.report(attemptId, success());
  expect(late).toMatchObject({ kind: VerdictKind.STALE, staleReason: StaleReason.FINISHED });
});

test("watches need no place among the active tasks, and none of their slots", async () => {
  await using world = await aWorld();
  const tasks = Array.from({ length: 5 }, (_, i) => `a${i}`);
  await registerDag(world.db, aDag("narrow", tasks, [], { maxActiveTasks: 1 }));
  await world.scheduler();
  const work = await world.api({ slots: 1, body: () => forWatch() });
  const trigger = await triggerer(world);
  const run = await work.trigger("narrow");
  await watchOf(trigger, 5);
  expect(await world.taskStates(run)).toEqual(Array(5).fill("deferred"));
  for (const { attemptId } of trigger.assigned) await trigger.report(attemptId, success());
  expect(await world.untilFinal(run)).toBe("success");
});

test("a thousand waits on two triggerers, of which one dies, cost no query while they last, and all end", async () => {
  await using world = await aWorld();
  const tasks = Array.from({ length: 1_000 }, (_, i) => `a${i}`);
  await registerDag(world.db, aDag("many", tasks, [], { maxActiveTasks: 1_000 }));
  const counted = counting(world.db);
  await world.scheduler({ db: counted.db, settings: quiet });
  const work = await world.api({ slots: 1_000, body: () => forWatch() });
  const first = await triggerer(world, "first", 600);
  const second = await triggerer(world, "second", 600);
  const run = await work.trigger("many");
  await expect.poll(() => first.assigned.length + second.assigned.length).toBe(1_000);
  expect(Math.min(first.assigned.length, second.assigned.length)).toBeGreaterThan(300);

  // The last that is written of them while they wait.
  const summary = async () => {
    const { rows } = await world.db.pool.query<{ counts: number[] }>(
      "SELECT counts FROM run WHERE id = $1",
      [run],
    );
    return rows[0]?.counts[TaskState.DEFERRED - 1];
  };
  await expect.poll(summary).toBe(1_000);
  counted.reset();
  first.die();
  second.addSlots(1_000);
  const names = first.assigned.map(({ attemptId }) => attemptId);
  await first.inventory([], true);
  await expect.poll(() => new Set(second.assigned.map((each) => each.attemptId)).size).toBe(1_000);
  expect(names.every((id) => second.assigned.some((each) => each.attemptId === id))).toBe(true);
  const named = second.assigned.map(({ attemptId }) => attemptId);
  for (let look = 0; look < 3; look += 1) expect(await second.inventory(named)).toEqual([]);
  expect(counted.statements).toEqual([]);

  const ends = second.assigned.map(({ attemptId }) => second.report(attemptId, success(1)));
  const kinds = (await Promise.all(ends)).map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set([VerdictKind.OK]));
  expect(await world.untilFinal(run)).toBe("success");
  expect(await rowOf(world.db, "task_instance", run)).toMatchObject({ attempt: 1, uncounted: 0 });
});
