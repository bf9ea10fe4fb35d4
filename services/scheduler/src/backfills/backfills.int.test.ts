import type { Assignment } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import {
  askBackfill,
  backfillState,
  changeBackfill,
  daily,
  datesOf,
  day,
  startBackfill,
  yearly,
} from "../testing/backfills.ts";
import { aDag, registerDag } from "../testing/dags.ts";
import { failure, success } from "../testing/fake-api.ts";
import { aWorld, type World } from "../testing/world.ts";

const spec = aDag("filled", ["a"], [], daily);

async function started(options: Parameters<World["api"]>[0] = {}) {
  const world = await aWorld();
  // Its schedule is that of days, but none is due during a test.
  await registerDag(world.db, spec, { scheduledThrough: new Date() });
  await world.scheduler();
  const api = await world.api(options);
  return { world, api };
}

const untilOver = (world: World, key: number, state = "completed") =>
  expect.poll(() => backfillState(world.db, key), { timeout: 40_000 }).toBe(state);

type RunView = { name: string; type: number; state: number; params: string; ordinal: number };
async function runs(world: World): Promise<RunView[]> {
  const { rows } = await world.db.pool.query<RunView>(
    `SELECT run_name AS name, run_type AS type, state, convert_from(params, 'UTF8') AS params, backfill_ordinal AS ordinal
     FROM run ORDER BY logical_at`,
  );
  return rows;
}

test("every date of the range becomes one run, both ends included, and the backfill completes with the last", async () => {
  const { world, api } = await started();
  await using _ = world;
  const key = await startBackfill(world.db, api, spec, {
    ...{ from: day(1), to: day(5), params: { region: "eu" } },
  });
  await untilOver(world, key);
  expect(await datesOf(world.db, key)).toEqual(
    [1, 2, 3, 4, 5].map((n) => ({ ordinal: n, day: n, outcome: "made", state: 3 })),
  );
  const made = await runs(world);
  expect(made[0]).toEqual({
    ...{ name: "backfill__2024-01-01T00:00:00+00:00", type: 3, state: 3, ordinal: 1 },
    params: '{"region":"eu"}',
  });
  expect(api.assigned.map(({ run }) => run?.runType)).toEqual([3, 3, 3, 3, 3]);
});

test("of a partitioned schedule each date has the key that the schedule would give it", async () => {
  await using world = await aWorld();
  const schedule = { ...daily.schedule, partition: { format: "YYYY-MM-DD", offset: -1 } };
  const keyed = aDag("filled", ["a"], [], { ...daily, schedule });
  await registerDag(world.db, keyed, { scheduledThrough: new Date() });
  await world.scheduler();
  const api = await world.api();
  const key = await startBackfill(world.db, api, keyed, { from: day(1), to: day(3) });
  await untilOver(world, key);
  const { rows } = await world.db.pool.query<{ partition_key: string }>(
    "SELECT partition_key FROM run ORDER BY logical_at",
  );
  expect(rows.map((row) => row.partition_key)).toEqual(["2023-12-31", "2024-01-01", "2024-01-02"]);
  expect(new Set(api.assigned.map(({ run }) => run?.partitionKey))).toEqual(
    new Set(rows.map((row) => row.partition_key)),
  );
});

test("in reverse the newest date goes first", async () => {
  const { world, api } = await started();
  await using _ = world;
  const key = await startBackfill(world.db, api, spec, {
    ...{ from: day(1), to: day(4), reverse: true, maxActiveRuns: 1 },
  });
  await untilOver(world, key);
  expect((await datesOf(world.db, key)).map((date) => date.day)).toEqual([4, 3, 2, 1]);
  const order = api.assigned.map(({ run }) => Number(run?.logicalDate?.seconds) * 1000);
  expect(order).toEqual([4, 3, 2, 1].map(day));
});

test.each([
  [1, ["exists", "exists", "in_flight", "made"]],
  [2, ["exists", "rerun", "in_flight", "made"]],
  [3, ["rerun", "rerun", "in_flight", "made"]],
] as const)("dates that have runs, under behaviour %s: %j", async (reprocess, outcomes) => {
  const isFree = Promise.withResolvers<void>();
  let failsLeft = 1;
  const body = async ({ run }: Assignment) => {
    const at = Number(run?.logicalDate?.seconds) * 1000;
    if (at === day(3)) await isFree.promise;
    if (at !== day(2) || failsLeft === 0) return success();
    failsLeft -= 1;
    return failure("no");
  };
  const { world, api } = await started({ body });
  await using _ = world;
  const first = await api.trigger("filled", { logicalAt: day(1), params: { own: 1 } });
  const second = await api.trigger("filled", { logicalAt: day(2), params: { own: 2 } });
  await api.trigger("filled", { logicalAt: day(3) });
  await world.untilFinal(first);
  expect(await world.untilFinal(second)).toBe("failed");

  const key = await startBackfill(world.db, api, spec, { from: day(1), to: day(4), reprocess });
  await untilOver(world, key);
  isFree.resolve();

  const dates = await datesOf(world.db, key);
  expect(dates.map(({ outcome }) => outcome)).toEqual(outcomes);
  const after = await runs(world);
  expect(after).toHaveLength(4);
  for (const [n, outcome] of outcomes.entries()) {
    const { name, type, ordinal, params } = after[n]!;
    const isOwn = outcome === "made" || outcome === "rerun";
    expect([type, ordinal]).toEqual(isOwn ? [3, n + 1] : [2, null]);
    // A run keeps its name and its params.
    expect(name.startsWith(outcome === "made" ? "backfill__" : "manual__")).toBe(true);
    if (n < 2) expect(params).toBe(`{"own":${n + 1}}`);
  }
  const reruns = outcomes.filter((outcome) => outcome === "rerun").length;
  await expect.poll(() => api.assigned.length).toBe(4 + reruns);
});

test("params that are given go to runs that are run again, too", async () => {
  const { world, api } = await started();
  await using _ = world;
  await world.untilFinal(await api.trigger("filled", { logicalAt: day(1), params: { own: 1 } }));
  const key = await startBackfill(world.db, api, spec, {
    ...{ from: day(1), to: day(1), reprocess: 3, params: { given: true } },
  });
  await untilOver(world, key);
  expect(await runs(world)).toMatchObject([{ params: '{"given":true}', type: 3, state: 3 }]);
  expect(Buffer.from(api.assigned[1]?.run?.params?.data ?? []).toString()).toBe('{"given":true}');
});

test("as many run at a time as it allows, and the DAG's own runs have room of their own and go first", async () => {
  const waiting: (() => void)[] = [];
  const { world, api } = await started({
    body: () => new Promise<void>((done) => waiting.push(done)).then(() => success()),
  });
  await using _ = world;
  const key = await startBackfill(world.db, api, spec, {
    ...{ from: day(1), to: day(6), maxActiveRuns: 2 },
  });
  await expect.poll(() => api.assigned.length).toBe(2);
  const manual = await api.trigger("filled");
  await expect.poll(() => api.assigned.length).toBe(3);
  const queued = (
    await world.db.pool.query<{ id: number }>("SELECT id FROM run WHERE backfill_ordinal = 3")
  ).rows[0]!.id;
  const { reply } = await api.command("filled", {
    command: { case: "explainTask", value: { runKey: BigInt(queued), taskId: "a", mapIndex: -1 } },
  });
  expect(reply.case === "explanation" && reply.value.reasons).toMatchObject([
    {
      kind: 24,
      evidence: { running: "2", limit: "2", backfill_id: `backfill_${key.toString(36)}` },
    },
  ]);
  while ((await backfillState(world.db, key)) !== "completed" || waiting.length > 0) {
    waiting.shift()?.();
    const { rows } = await world.db.pool.query<{ running: number }>(
      "SELECT count(*)::int AS running FROM run WHERE state = 2 AND run_type = 3",
    );
    expect(rows[0]!.running).toBeLessThanOrEqual(2);
  }
  await world.untilFinal(manual);
});

test("paused, it starts nothing and makes nothing, while what runs goes on; resumed, it goes on", async () => {
  const release = Promise.withResolvers<void>();
  const { world, api } = await started({ body: () => release.promise.then(() => success()) });
  await using _ = world;
  const key = await startBackfill(world.db, api, spec, {
    ...{ from: day(1), to: day(4), maxActiveRuns: 1 },
  });
  await expect.poll(() => api.assigned.length).toBe(1);
  await changeBackfill(api, "filled", "pauseBackfill", key);
  expect(await backfillState(world.db, key)).toBe("paused");
  const { reply } = await changeBackfill(api, "filled", "explainBackfill", key);
  expect(reply.case === "explanation" && reply.value.reasons[0]?.kind).toBe(23);
  release.resolve();
  await expect
    .poll(async () => (await runs(world)).map(({ state }) => state))
    .toEqual([3, 1, 1, 1]);
  expect(api.assigned).toHaveLength(1);
  await changeBackfill(api, "filled", "resumeBackfill", key);
  await untilOver(world, key);
  expect(api.assigned).toHaveLength(4);
});

test("cancelled, runs that wait fail, running ones go on, and a run that is cleared later is one of the DAG", async () => {
  const release = Promise.withResolvers<void>();
  const { world, api } = await started({ body: () => release.promise.then(() => success()) });
  await using _ = world;
  const key = await startBackfill(world.db, api, spec, {
    ...{ from: day(1), to: day(30), maxActiveRuns: 1 },
  });
  await expect.poll(() => api.assigned.length).toBe(1);
  await changeBackfill(api, "filled", "cancelBackfill", key);
  await untilOver(world, key, "cancelled");
  const stood = (await runs(world)).map(({ state }) => state);
  expect(stood).toEqual([2, ...Array.from({ length: 29 }, () => 4)]);
  release.resolve();
  await expect.poll(async () => (await runs(world))[0]?.state).toBe(3);
  const { rows } = await world.db.pool.query<{ id: number }>(
    "SELECT id FROM run WHERE backfill_ordinal = 2",
  );
  const runKey = rows[0]!.id;
  await api.command("filled", {
    requestId: "clear",
    command: { case: "clearInstances", value: { runKey: BigInt(runKey), selection: {} } },
  });
  expect(await world.untilFinal(runKey)).toBe("success");
  expect(await backfillState(world.db, key)).toBe("cancelled");
});

test("a run that was cancelled before it started is run again as well", async () => {
  const { world, api } = await started();
  await using _ = world;
  await world.db.pool.query(
    "UPDATE dag SET is_paused = true, changed_seq = nextval('dag_changed_seq')",
  );
  world.bus.publish("dags", new Uint8Array());
  const runKey = await api.trigger("filled", { logicalAt: day(1) });
  await api.command("filled", {
    requestId: "c",
    command: { case: "cancelRun", value: { runKey: BigInt(runKey) } },
  });
  expect(await world.untilFinal(runKey)).toBe("failed");
  await world.db.pool.query(
    "UPDATE dag SET is_paused = false, changed_seq = nextval('dag_changed_seq')",
  );
  world.bus.publish("dags", new Uint8Array());
  const key = await startBackfill(world.db, api, spec, { from: day(1), to: day(1), reprocess: 2 });
  await untilOver(world, key);
  expect(await world.untilFinal(runKey)).toBe("success");
});

test("a DAG has one backfill at a time; the same request is the same one, another id is refused", async () => {
  const { world, api } = await started({ body: () => null });
  await using _ = world;
  const asked = { from: day(1), to: day(3), requestId: "same" };
  const key = await startBackfill(world.db, api, spec, asked);
  expect(await startBackfill(world.db, api, spec, asked)).toBe(key);
  const { reply } = await askBackfill(world.db, api, spec, { from: day(9), to: day(9) });
  expect(reply.case === "refusal" && reply.value).toMatchObject({ reason: "BACKFILL_OPEN" });
  const deleted = await api.command("filled", {
    requestId: "delete",
    command: { case: "deleteDag", value: { dagId: "filled" } },
  });
  expect(deleted.reply.case === "refusal" && deleted.reply.value.message).toContain("backfill");
});

test("more dates than may wait are decided as runs start, and a large backfill needs no room for all", async () => {
  const world = await aWorld();
  await using _ = world;
  await registerDag(world.db, spec, { scheduledThrough: new Date() });
  await world.scheduler({ settings: { backfillQueuedMax: 4, backfillPageMax: 3 } });
  const release = Promise.withResolvers<void>();
  const api = await world.api({ body: () => release.promise.then(() => success()) });
  const key = await startBackfill(world.db, api, spec, {
    ...{ from: day(1), to: day(30), maxActiveRuns: 2 },
  });
  await expect.poll(() => api.assigned.length).toBe(2);
  const { reply } = await changeBackfill(api, "filled", "explainBackfill", key);
  expect(reply.case === "explanation" && reply.value.reasons.map(({ kind }) => kind)).toEqual([24]);
  expect((await runs(world)).length).toBeLessThanOrEqual(10);
  release.resolve();
  await untilOver(world, key);
  expect((await datesOf(world.db, key)).map(({ ordinal }) => ordinal)).toEqual(
    Array.from({ length: 30 }, (_, n) => n + 1),
  );
  expect(yearly.schedule.kind).toBe("cron");
});
