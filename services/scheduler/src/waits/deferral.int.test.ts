/** Waits for moments and tokens, on real rows: semantics 9.3; XComs over a wait: 8.1; clearing them: 11.2. */

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";

import { flush } from "@millrace/db";
import { taskStateName, type TaskState } from "@millrace/engine";
import { TimeoutOutcome } from "@millrace/wire/v1";
import { StaleReason, VerdictKind } from "@millrace/wire/worker";
import { aDag, aTask, registerDag, taskRef, argsOf } from "../testing/dags.ts";
import {
  attemptOf,
  failure,
  success,
  textOf,
  type FakeApi,
  type Outcome,
} from "../testing/fake-api.ts";
import { movingClock } from "../testing/moving-clock.ts";
import { forTime, forToken, outOf, resumedWith, rowOf, unread, value } from "../testing/waiting.ts";
import { bring, fails, reasonsOf, succeeds } from "../testing/waiting.ts";
import { aWorld, type World } from "../testing/world.ts";

const state = value({ job: 7 });

describe("a wait for a moment", () => {
  test("frees its slot, spends no retry, and its body goes on when the time comes", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("moment", ["a", "b"], [], { maxActiveTasks: 1 }));
    const clock = movingClock();
    await world.scheduler({ clock, settings: unread });
    const api = await world.api({
      slots: 1,
      body: (given) =>
        given.taskId === "a" && attemptOf(given) === 1
          ? forTime(60_000, { resumes: true, state })
          : success(1),
    });
    const run = await api.trigger("moment");
    // It counts neither as active nor as busy: the other task runs.
    await expect.poll(() => world.taskStates(run)).toEqual(["deferred", "success"]);
    clock.advance(61_000);
    expect(await world.untilFinal(run)).toBe("success");
    const last = api.assigned.at(-1)!;
    expect(last).toMatchObject({ tryNumber: 1, maxTries: 1, fencing: "0000000002" });
    expect(resumedWith(last)).toEqual(["", '{"job":7}']);
    expect(await rowOf(world.db, "task_instance", run)).toMatchObject({
      attempt: 2,
      uncounted: 1,
      deferral: null,
    });
    expect(await rowOf(world.db, "task_instance_attempt", run)).toMatchObject({
      attempt: 1,
      state: 13,
    });
  });

  test("that is not gone on with is the end of the task, without a value", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("plain", ["a", "b"], ["a>b"]));
    await world.scheduler();
    const api = await world.api({
      body: ({ taskId }) => (taskId === "a" ? forTime(1) : success()),
    });
    const run = await api.trigger("plain");
    expect(await world.untilFinal(run)).toBe("success");
    expect(api.assigned.map(({ taskId }) => taskId)).toEqual(["a", "b"]);
    expect(await outOf(world.db, run)).toBeNull();
  });
});

describe("a token", () => {
  test("brings the task's value, which those after it get", async () => {
    await using world = await aWorld();
    const b = aTask("b", { args: argsOf(JSON.parse(taskRef("a"))) });
    await registerDag(world.db, aDag("token", ["a", b], ["a>b"]));
    await world.scheduler();
    const api = await world.api({
      body: ({ taskId }) => (taskId === "a" ? forToken() : success()),
    });
    const run = await api.trigger("token");
    await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
    expect(await bring(api, { dagId: "token", run, news: succeeds({ ok: 1 }) })).toBe("done");
    expect(await outOf(world.db, run)).toBe('{"ok":1}');
    expect(await world.untilFinal(run)).toBe("success");
    expect(textOf(api.assigned[1]?.inputs.a?.data)).toBe('{"ok":1}');
  });

  test("is used once: again it is refused, and the same request gets its answer again", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("once", ["a", "b"], ["a>b"]));
    await world.scheduler();
    const api = await world.api({ body: ({ taskId }) => (taskId === "a" ? forToken() : null) });
    const run = await api.trigger("once");
    await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
    const first = { dagId: "once", run, requestId: "r", news: succeeds(1) };
    expect(await Promise.all([bring(api, first), bring(api, first)])).toEqual(["done", "done"]);
    expect(await bring(api, first)).toBe("done");
    expect(await bring(api, { ...first, news: succeeds(2) })).toBe("REQUEST_ID_REUSED");
    expect(await bring(api, { ...first, requestId: "s" })).toBe("TASK_TOKEN_USED");
    expect(await outOf(world.db, run)).toBe("1");
  });

  test("that comes before the body has deferred waits for that", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("early", ["a"]));
    await world.scheduler();
    const api = await world.api({ body: () => null });
    const run = await api.trigger("early");
    await expect.poll(() => api.assigned.length).toBe(1);
    const brought = bring(api, { dagId: "early", run, news: succeeds("soon") });
    await api.report(api.assigned[0]!.attemptId, forToken());
    expect(await brought).toBe("done");
    expect(await world.untilFinal(run)).toBe("success");
    expect(await outOf(world.db, run)).toBe('"soon"');
  });

  test("whose body never defers says so in time", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("never", ["a", "b"]));
    const clock = movingClock();
    await world.scheduler({ clock, settings: unread });
    const api = await world.api({ body: () => null });
    const run = await api.trigger("never");
    await expect.poll(() => api.assigned.length).toBe(2);
    const asked = { dagId: "never", run, news: succeeds(1) };
    const answers: string[] = [];
    void bring(api, asked).then((answer) => answers.push(answer));
    // The time counts from when it has arrived.
    const later = () => {
      clock.advance(30_000);
      return answers;
    };
    await expect.poll(later).toEqual(["TASK_NOT_DEFERRED"]);
    const held = bring(api, asked);
    await api.report(api.assigned.find(({ taskId }) => taskId === "a")!.attemptId, success());
    expect(await held).toBe("TASK_TOKEN_USED");
  });

  test("whose work failed fails the task, which is tried again from its beginning", async () => {
    await using world = await aWorld();
    const spec = aDag("failing", [aTask("a", { retries: 1, retryDelayMs: 1 })]);
    await registerDag(world.db, spec);
    await world.scheduler();
    const api = await world.api({ body: () => forToken({ resumes: true, state }) });
    const run = await api.trigger("failing");
    await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
    expect(await bring(api, { dagId: "failing", run, news: fails("no") })).toBe("done");
    await expect.poll(() => api.assigned.length).toBe(2);
    await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
    expect(api.assigned[1]).toMatchObject({ tryNumber: 2, maxTries: 2 });
    expect(api.assigned[1]?.resumption).toBeUndefined();
    const second = { dagId: "failing", run, attempt: 2, news: fails("no") };
    expect(await bring(api, second)).toBe("done");
    expect(await world.untilFinal(run)).toBe("failed");
  });

  test("of a run that is over, or of nothing, is refused", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("over", ["a"]));
    await world.scheduler();
    const api = await world.api();
    const run = await api.trigger("over");
    await world.untilFinal(run);
    const asked = { dagId: "over", run, news: succeeds(1) };
    expect(await bring(api, asked)).toBe("TASK_TOKEN_USED");
    expect(await bring(api, { ...asked, run: 999_999 })).toBe("RUN_NOT_FOUND");
  });
});

test("a body may defer again and again, each time with its own token", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("steps", ["a"]));
  await world.scheduler();
  const seen: unknown[] = [];
  const api = await world.api({
    body(given) {
      seen.push(resumedWith(given));
      const attempt = attemptOf(given);
      return attempt < 3 ? forToken({ resumes: true, state: value(attempt) }) : success("end");
    },
  });
  const run = await api.trigger("steps");
  for (const attempt of [1, 2]) {
    await expect.poll(() => api.assigned.length).toBe(attempt);
    expect(await bring(api, { dagId: "steps", run, attempt, news: succeeds(`e${attempt}`) })).toBe(
      "done",
    );
  }
  expect(await world.untilFinal(run)).toBe("success");
  expect(seen).toEqual([null, ['"e1"', "1"], ['"e2"', "2"]]);
  const { rows } = await world.db.pool.query(
    "SELECT attempt, state FROM task_instance_attempt ORDER BY attempt",
  );
  expect(rows).toEqual([
    { attempt: 1, state: 13 },
    { attempt: 2, state: 13 },
  ]);
});

test("values under keys are written with every outcome, stay over a wait, and go when a try begins", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("keys", [aTask("a", { retries: 1, retryDelayMs: 1 })]));
  await world.scheduler();
  const keys = async (run: number) => {
    const { rows } = await world.db.pool.query<{ key: string }>(
      "SELECT key FROM xcom WHERE run_id = $1 ORDER BY key",
      [run],
    );
    return rows.map(({ key }) => key);
  };
  const api = await world.api({ body: () => null });
  const run = await api.trigger("keys");
  const leave = async (attempt: number, outcome: Outcome, key: string) => {
    await expect.poll(() => api.assigned.length).toBe(attempt);
    const before = await keys(run);
    await api.report(api.assigned.at(-1)!.attemptId, { ...outcome, xcoms: { [key]: value(1) } });
    return before;
  };
  await leave(1, forToken({ resumes: true }), "one");
  expect(await keys(run)).toEqual(["one"]);
  await bring(api, { dagId: "keys", run, news: succeeds(1) });
  const failed = { case: "failed", value: { kind: 1, message: "no", retryable: true } } as const;
  expect(await leave(2, failed, "two")).toEqual(["one"]);
  expect(await leave(3, { case: "skipped", value: {} }, "three")).toEqual([]);
  expect(await keys(run)).toEqual(["three"]);
});

test("a deferral is answered once it is durable, and again when it comes again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("twice", ["a"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("twice");
  await expect.poll(() => api.assigned.length).toBe(1);
  const { attemptId } = api.assigned[0]!;
  expect((await api.report(attemptId, forToken())).kind).toBe(VerdictKind.OK);
  expect(await world.taskStates(run)).toEqual(["deferred"]);
  expect((await api.report(attemptId, forToken())).kind).toBe(VerdictKind.ALREADY);
  expect((await api.report(attemptId, success())).kind).toBe(VerdictKind.CONFLICT);
  await bring(api, { dagId: "twice", run, news: succeeds(1) });
  await world.untilFinal(run);
  expect(await api.report(attemptId, forToken())).toMatchObject({
    kind: VerdictKind.STALE,
    staleReason: StaleReason.FINISHED,
  });
});

// A simulation found it: the worker was told that its deferral was taken, and nothing of it was ever written.
test("a deferral that comes when its task was ended by a neighbour's failure is not said to be taken", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("fast", ["slow", "fails"], [], { failFast: true }));
  await world.scheduler();
  const api = await world.api({
    body: ({ taskId }) => (taskId === "fails" ? failure("no", false) : null),
  });
  const run = await api.trigger("fast");
  expect(await world.untilFinal(run)).toBe("failed");
  const { attemptId } = api.assigned.find(({ taskId }) => taskId === "slow")!;
  expect(await api.report(attemptId, forToken())).toMatchObject({
    kind: VerdictKind.STALE,
    staleReason: StaleReason.FINISHED,
  });
});

test("nor is it while that end is being written", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("fast", ["slow", "fails"], [], { failFast: true }));
  const ended = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  await world.scheduler({
    async flush(lane, batch) {
      const answer = await flush(lane, batch);
      if (batch.finished.length === 0) return answer;
      ended.resolve();
      await held.promise;
      return answer;
    },
  });
  const api = await world.api({
    body: ({ taskId }) => (taskId === "fails" ? failure("no", false) : null),
  });
  await api.trigger("fast");
  await ended.promise;
  const { attemptId } = api.assigned.find(({ taskId }) => taskId === "slow")!;
  const reported = api.report(attemptId, forToken());
  // What needs no flush is answered once the report has arrived.
  await api.inventory([attemptId]);
  held.resolve();
  expect(await reported).toMatchObject({
    kind: VerdictKind.STALE,
    staleReason: StaleReason.FINISHED,
  });
});

test.each<[string, Outcome, RegExp]>([
  [
    "too much",
    forToken({ state: { data: Buffer.alloc(300_000, "1") } }),
    /its state has 300000 bytes/,
  ],
  ["no time", forTime(-5), /the wait of -5 ms/],
  ["defaults", forToken({ onTimeout: TimeoutOutcome.FULFIL }), /only a form has defaults/],
])("a deferral with %s fails its task for good and says why", async (_, outcome, message) => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("wrong", [aTask("a", { retries: 3 })]));
  await world.scheduler();
  const api = await world.api({ body: () => outcome });
  const run = await api.trigger("wrong");
  expect(await world.untilFinal(run)).toBe("failed");
  const row = await rowOf(world.db, "task_instance", run);
  expect(textOf(row?.failure as Buffer)).toMatch(message);
  expect(api.assigned).toHaveLength(1);
});

test("a task that others map over goes on with what came, for only its worker can measure that", async () => {
  await using world = await aWorld();
  const t = aTask("t", { each: [{ sources: [taskRef("a")] }] });
  const spec = aDag("mapped", ["a", t], ["a>t"]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({
    body(given) {
      if (given.taskId !== "a") return success();
      const came = resumedWith(given);
      return came === null ? forToken() : success(JSON.parse(came[0]));
    },
  });
  const run = await api.trigger("mapped");
  await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
  await bring(api, { dagId: "mapped", run, news: succeeds([1, 2]) });
  expect(await world.untilFinal(run)).toBe("success");
  expect(await world.states(run, spec)).toEqual({
    a: "success",
    "t[0]": "success",
    "t[1]": "success",
  });
});

test("a paused DAG's wait ends, and its task then waits like any other", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("paused", ["a"]));
  await world.scheduler();
  const api = await world.api({
    body: (given) => (attemptOf(given) === 1 ? forToken({ resumes: true }) : success()),
  });
  const run = await api.trigger("paused");
  await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
  const pause = (isPaused: boolean) =>
    world.db.pool.query("UPDATE dag SET is_paused = $1, changed_seq = nextval('dag_changed_seq')", [
      isPaused,
    ]);
  await pause(true);
  world.bus.publish("dags", new Uint8Array());
  await expect.poll(() => reasonsOf(api, "paused", run)).toEqual(["deferred", "dag_paused"]);
  expect(await bring(api, { dagId: "paused", run, news: succeeds(1) })).toBe("done");
  expect(await world.taskStates(run)).toEqual(["scheduled"]);
  await pause(false);
  world.bus.publish("dags", new Uint8Array());
  expect(await world.untilFinal(run)).toBe("success");
});

describe("a wait that takes too long", () => {
  const timeout = durationFromMs(60_000);
  test.each([
    ["fails and is tried again", TimeoutOutcome.UNSPECIFIED, ["up_for_retry"]],
    ["fails for good", TimeoutOutcome.FAIL_FOR_GOOD, ["failed"]],
    ["is skipped", TimeoutOutcome.SKIP, ["skipped"]],
  ])("%s", async (_, onTimeout, states) => {
    await using world = await aWorld();
    await registerDag(
      world.db,
      aDag("late", [aTask("a", { retries: 1, retryDelayMs: 3_600_000 })]),
    );
    const clock = movingClock();
    await world.scheduler({ clock, settings: unread });
    const api = await world.api({ body: () => forToken({ timeout, onTimeout }) });
    const run = await api.trigger("late");
    await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
    clock.advance(61_000);
    await expect.poll(() => world.taskStates(run)).toEqual(states);
    const late = await bring(api, { dagId: "late", run, news: succeeds(1) });
    expect(late).toBe("TASK_TOKEN_USED");
  });
});

describe("clearing what waits or has waited begins anew, and its parts stay in the history:", () => {
  const clear = async (api: FakeApi, dagId: string, run: number) => {
    const value = { runKey: BigInt(run), selection: { instances: [{ taskId: "a" }] } };
    const command = { case: "clearInstances" as const, value };
    const { reply } = await api.command(dagId, { requestId: crypto.randomUUID(), command });
    expect(reply.case).toBe("instancesChanged");
  };
  const history = async (world: World) => {
    const { rows } = await world.db.pool.query<{ attempt: number; state: number }>(
      "SELECT attempt, state FROM task_instance_attempt ORDER BY attempt",
    );
    return rows.map(({ attempt, state }) => [attempt, taskStateName(state as TaskState)]);
  };

  test("what waits", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("waits", ["a"]));
    await world.scheduler();
    const api = await world.api({
      body: (given) => (attemptOf(given) === 1 ? forToken({ resumes: true }) : success()),
    });
    const run = await api.trigger("waits");
    await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
    await clear(api, "waits", run);
    expect(await world.untilFinal(run)).toBe("success");
    expect(api.assigned[1]?.resumption).toBeUndefined();
    expect(await bring(api, { dagId: "waits", run, news: succeeds(1) })).toBe("TASK_TOKEN_USED");
    expect(await history(world)).toEqual([[1, "deferred"]]);
  });

  test("what is about to go on", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("soon", ["a"]));
    await world.scheduler();
    const first = await world.api({ slots: 1, body: () => null });
    const run = await first.trigger("soon");
    await expect.poll(() => first.assigned.length).toBe(1);
    await first.report(first.assigned[0]!.attemptId, forToken({ resumes: true }));
    await bring(first, { dagId: "soon", run, news: succeeds(1) });
    expect(await world.taskStates(run)).toEqual(["scheduled"]);
    await clear(first, "soon", run);
    const other = await world.api();
    expect(await world.untilFinal(run)).toBe("success");
    expect(other.assigned[0]?.resumption).toBeUndefined();
    expect(await history(world)).toEqual([[1, "deferred"]]);
  });

  test("what goes on", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("goes", ["a"]));
    await world.scheduler();
    const bodies = [forToken({ resumes: true }), null, success()];
    const api = await world.api({ body: (given) => bodies[attemptOf(given) - 1] ?? null });
    const run = await api.trigger("goes");
    await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
    await bring(api, { dagId: "goes", run, news: succeeds(1) });
    await expect.poll(() => api.assigned.length).toBe(2);
    await clear(api, "goes", run);
    expect((await api.report(api.assigned[1]!.attemptId, success())).kind).toBe(VerdictKind.STALE);
    expect(await world.untilFinal(run)).toBe("success");
    expect(api.assigned[2]?.resumption).toBeUndefined();
    expect(await history(world)).toEqual([
      [1, "deferred"],
      [2, "restarting"],
    ]);
  });
});
