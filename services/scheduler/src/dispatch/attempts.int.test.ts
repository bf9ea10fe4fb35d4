import { shardOf } from "@millrace/engine";
import { attemptIdOf } from "@millrace/wire";
import { FailureKind } from "@millrace/wire/v1";
import { StaleReason, VerdictKind, type Verdict } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aChain, aDag, aTask, registerDag } from "../testing/dags.ts";
import { attemptOf, failure, type FakeApi, success } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld } from "../testing/world.ts";

/** Sessions are looked at often, and none is spared for a start of ours. */
const watchful = { sweepMs: 20, sessionTtlMs: 0 };

/** The clock is read once, so that it can be moved. */

const names = new Map<number, string>(
  Object.entries(VerdictKind).map(([name, kind]) => [kind, name]),
);
const kindOf = (verdict: Verdict) => names.get(verdict.kind);

async function nthAssignment(api: FakeApi, n: number): Promise<string> {
  await expect.poll(() => api.assigned.length).toBeGreaterThanOrEqual(n);
  return api.assigned[n - 1]?.attemptId ?? "";
}

test("a failed task runs again when its delay is over, not before, as often as its retries allow", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("retries", [aTask("a", { retries: 2, retryDelayMs: 300_000 })]));
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await world.api({ body: ({ tryNumber }) => failure(`try ${tryNumber}`) });
  const run = await api.trigger("retries");
  for (const tries of [1, 2]) {
    await expect.poll(() => world.taskStates(run)).toEqual(["up_for_retry"]);
    clock.advance(240_000);
    await api.inventory([]);
    expect(api.assigned).toHaveLength(tries);
    clock.advance(60_500);
    await nthAssignment(api, tries + 1);
  }
  expect(await world.untilFinal(run)).toBe("failed");
  expect(api.assigned.map(({ tryNumber, maxTries }) => [tryNumber, maxTries])).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  const { rows } = await world.db.pool.query(
    "SELECT attempt, state FROM task_instance_attempt ORDER BY attempt",
  );
  expect(rows).toEqual([
    { attempt: 1, state: 11 },
    { attempt: 2, state: 11 },
  ]);
});

test("values reach the tasks that refer to them, and only those", async () => {
  await using world = await aWorld();
  const b = aTask("b", { args: JSON.stringify([{ $: "task", id: "a", path: [] }]) });
  await registerDag(world.db, aDag("values", ["a", "nothing", b], ["a>b", "nothing>b"]));
  await world.scheduler();
  const api = await world.api({
    body: ({ taskId }) => (taskId === "a" ? success({ rows: [1, 2] }) : success()),
  });
  expect(await world.untilFinal(await api.trigger("values", { params: { x: 1 } }))).toBe("success");
  const given = api.assigned.find((assignment) => assignment.taskId === "b");
  expect(Object.keys(given?.inputs ?? {})).toEqual(["a"]);
  expect(Buffer.from(given?.inputs["a"]?.data ?? []).toString()).toBe('{"rows":[1,2]}');
  expect(Buffer.from(given?.run?.params?.data ?? []).toString()).toBe('{"x":1}');
});

test("a repeated result is ALREADY, another one is CONFLICT, during the run and after it", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("twice", ["a", "b"], ["a>b"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("twice");
  const a = await nthAssignment(api, 1);
  expect(kindOf(await api.report(a, success(1)))).toBe("OK");
  expect(kindOf(await api.report(a, success(1)))).toBe("ALREADY");
  expect(kindOf(await api.report(a, success(2)))).toBe("CONFLICT");
  expect(kindOf(await api.report(a, failure("no")))).toBe("CONFLICT");
  const b = await nthAssignment(api, 2);
  const [first, second] = await Promise.all([
    api.report(b, failure("x", false)),
    api.report(b, failure("x", false)),
  ]);
  expect(new Set([kindOf(first), kindOf(second)])).toEqual(new Set(["OK", "ALREADY"]));
  expect(await world.untilFinal(run)).toBe("failed");
  expect(kindOf(await api.report(a, success(1)))).toBe("ALREADY");
  expect(kindOf(await api.report(b, failure("x", false)))).toBe("ALREADY");
  expect(kindOf(await api.report(b, failure("y", false)))).toBe("CONFLICT");
  expect(kindOf(await api.report(b, success()))).toBe("CONFLICT");
  expect(await api.report(b.replace(/\d+$/, "9"), success())).toMatchObject({
    kind: VerdictKind.STALE,
    staleReason: StaleReason.EPOCH,
  });
});

test("when a session outlives its time its task goes to another worker, and its own late result is STALE", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("lost", ["a"]));
  await world.scheduler({ settings: watchful });
  const dying = await world.api({ name: "dying", slots: 1, body: () => null });
  const run = await dying.trigger("lost");
  const first = await nthAssignment(dying, 1);
  dying.die();
  await dying.expire();
  const other = await world.api({ name: "other", body: () => null });
  const second = await nthAssignment(other, 1);
  expect(await dying.report(first, success())).toMatchObject({
    kind: VerdictKind.STALE,
    staleReason: StaleReason.EXPIRED_AND_REGRANTED,
  });
  expect(kindOf(await other.report(second, success()))).toBe("OK");
  expect(await world.untilFinal(run)).toBe("success");
  // The loss is another attempt of the same try.
  expect(other.assigned[0]).toMatchObject({ tryNumber: 1, maxTries: 1, fencing: "0000000002" });
});

test("a late result of a lost session is taken while nobody else has the task", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("late", ["a"]));
  await world.scheduler({ settings: watchful });
  const dying = await world.api({ slots: 1, body: () => null });
  const run = await dying.trigger("late");
  const attemptId = await nthAssignment(dying, 1);
  dying.die();
  await dying.expire();
  await expect.poll(() => world.taskStates(run)).toEqual(["scheduled"]);
  expect(kindOf(await dying.report(attemptId, success()))).toBe("OK");
  expect(await world.untilFinal(run)).toBe("success");
});

test("for a first TTL after its start a scheduler takes no session for dead unless it has ended", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("spared", ["a"]));
  const startedAt = performance.now();
  await world.scheduler({ settings: { sweepMs: 10, sessionTtlMs: 1_000 } });
  const api = await world.api({ slots: 1, body: () => null });
  const run = await api.trigger("spared");
  await nthAssignment(api, 1);
  await api.expire();
  await expect.poll(() => world.taskStates(run)).toEqual(["scheduled"]);
  expect(performance.now() - startedAt).toBeGreaterThan(1_000);
});

test("when no scheduler was alive for a while, sessions that lived then get a whole time to live again", async () => {
  await using world = await aWorld();
  await world.db.pool.query(
    "UPDATE shard SET expires_at = clock_timestamp() - interval '10 minutes'",
  );
  const [lived, dead] = [await world.api(), await world.api()];
  const expiresAgo = (api: FakeApi, minutes: number) =>
    world.db.pool.query(
      "UPDATE worker_session SET expires_at = clock_timestamp() - $2 * interval '1 minute' WHERE key = $1",
      [api.sessionKey, minutes],
    );
  await expiresAgo(lived, 9.5);
  await expiresAgo(dead, 12);
  await world.scheduler();
  const { rows } = await world.db.pool.query(
    "SELECT expires_at > clock_timestamp() AS lives FROM worker_session ORDER BY key",
  );
  expect(rows).toEqual([{ lives: true }, { lives: false }]);
});

test("a session that ends gives its tasks back at once", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("closed", ["a"]));
  await world.scheduler();
  const closing = await world.api({ slots: 1, body: () => null });
  const run = await closing.trigger("closed");
  await nthAssignment(closing, 1);
  closing.die();
  await closing.inventory([], true);
  expect(await world.taskStates(run)).toEqual(["scheduled"]);
});

test("an attempt missing from two inventories in a row is lost, from one it is not", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("missing", ["a"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("missing");
  const first = await nthAssignment(api, 1);
  await api.inventory([]);
  await api.inventory([first]);
  await api.inventory([]);
  expect(api.assigned).toHaveLength(1);
  await api.inventory([]);
  const second = await nthAssignment(api, 2);
  expect(await api.inventory([first])).toMatchObject([
    { attemptId: first, kind: VerdictKind.STALE },
  ]);
  await api.report(second, success());
  expect(await world.untilFinal(run)).toBe("success");
});

test("a stranger's report on a live worker's attempt counts for nothing; the worker's next session may report", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("guarded", ["a"]));
  await world.scheduler();
  const mine = await world.api({ name: "mine", body: () => null });
  const stranger = await world.api({ name: "stranger", slots: 1, body: () => null });
  const again = await world.api({ name: "mine", slots: 1, body: () => null });
  const run = await mine.trigger("guarded");
  const attemptId = await nthAssignment(mine, 1);
  expect(kindOf(await mine.report(attemptId, success(), stranger.sessionKey))).toBe("STALE");
  expect(await world.runState(run)).toBe("running");
  expect(kindOf(await mine.report(attemptId, success(), again.sessionKey))).toBe("OK");
});

test("an outcome of a task that never ran, or of none that there is, counts for nothing, and nothing else stops", async () => {
  await using world = await aWorld();
  const spec = aChain("etl", 2);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);
  const first = api.assigned[0]?.attemptId ?? "";
  const ref = { shard: shardOf("etl"), runKey: run, mapIx: -1, attempt: 1 };
  const strange = [
    { ...ref, ix: 1 },
    { ...ref, ix: 0, attempt: 2 },
    { ...ref, ix: 0, mapIx: 3 },
    { ...ref, ix: 7 },
    { ...ref, ix: 0, runKey: run + 64 },
  ].map(attemptIdOf);
  for (const attemptId of strange)
    for (const outcome of [success("forged"), failure("forged")])
      expect(await api.report(attemptId, outcome), attemptId).toMatchObject({
        kind: VerdictKind.STALE,
      });
  expect(await world.states(run, spec)).toEqual({ t0: "running" });
  await api.report(first, success());
  await expect.poll(() => api.assigned.length).toBe(2);
  await api.report(api.assigned[1]?.attemptId ?? "", success());
  expect(await world.untilFinal(run)).toBe("success");
});

test("a task given back unbegun goes to another at once and spends no retry", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("returned", ["a"]));
  await world.scheduler();
  const api = await world.api({
    body: (given) => (attemptOf(given) === 1 ? { case: "returned", value: {} } : success()),
  });
  expect(await world.untilFinal(await api.trigger("returned"))).toBe("success");
});

test("a body that its worker lost spends no retry: the task has none and still runs again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("lost", ["a"]));
  await world.scheduler();
  const lost = failure("its thread died with a neighbour");
  const api = await world.api({
    body: (given) =>
      attemptOf(given) === 1 && lost.case === "failed"
        ? { ...lost, value: { ...lost.value, kind: FailureKind.LOST } }
        : success(),
  });
  expect(await world.untilFinal(await api.trigger("lost"))).toBe("success");
});

test("a run over its dagrun timeout fails and stops what runs", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("slow", ["a", "b"], ["a>b"], { dagrunTimeoutMs: 60_000 }));
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await world.api({ body: () => null });
  const run = await api.trigger("slow");
  const attemptId = await nthAssignment(api, 1);
  clock.advance(61_000);
  expect(await world.untilFinal(run)).toBe("failed");
  expect(await world.taskStates(run)).toEqual(["skipped", "skipped"]);
  await expect.poll(() => api.cancelled).toEqual([attemptId]);
  expect(kindOf(await api.report(attemptId, success()))).toBe("STALE");
});
