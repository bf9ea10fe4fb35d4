import { shardOf } from "@millrace/engine";
import { FailureKind } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { aDag, registerDag } from "../testing/dags.ts";
import { success, textOf, type FakeApi, type Outcome } from "../testing/fake-api.ts";
import { movingClock, type MovingClock, unread } from "../testing/moving-clock.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld, type World } from "../testing/world.ts";

const hour = 3_600_000;
const own = {
  schedule: { kind: "custom", name: "hours", handler: "f.ts#own##schedule()" },
} as const;
/** The clock is read once, so that it can be moved. */
const settings = { ...unread, timetableRetryMs: { first: 20, max: 20 } };

type Asked = {
  readonly now: number;
  readonly last: { readonly start: number; readonly end: number } | null;
  readonly through: number;
  readonly count: number;
};

const askedOf = ({ args }: Assignment) => (JSON.parse(textOf(args)) as Asked[])[0]!;
const instants = (...at: number[]): Outcome =>
  success({ runs: at.map((start) => ({ start, end: start, runAfter: start })) });

/** Every full hour after the last run, or after now. */
const hourly = ({ now, last }: Asked): Outcome =>
  instants((last?.end ?? Math.floor(now / hour) * hour) + hour);

/** A worker that answers questions, and does the work of tasks. */
function answering(world: World, answer: (asked: Asked, n: number) => Outcome | null) {
  let n = 0;
  return world.api({
    body(assignment) {
      if (assignment.call === undefined) return success();
      n += 1;
      return answer(askedOf(assignment), n);
    },
  });
}

async function ticks(world: World, dagId = "own"): Promise<number[]> {
  const { rows } = await world.db.pool.query<{ logical_at: Date }>(
    "SELECT logical_at FROM run WHERE dag_id = $1 AND run_type = 1 ORDER BY logical_at",
    [dagId],
  );
  return rows.map((row) => row.logical_at.getTime());
}

async function row(world: World) {
  const { rows } = await world.db.pool.query<{
    next_run_at: Date | null;
    schedule_problem: string;
  }>("SELECT next_run_at, schedule_problem FROM dag WHERE dag_id = 'own'");
  return rows[0]!;
}

const problem = async (world: World) => (await row(world)).schedule_problem;
const calls = (api: FakeApi) => api.assigned.filter(({ call }) => call !== undefined);

async function started(clock: MovingClock, changes: object = {}, max?: object) {
  const world = await aWorld();
  await registerDag(world.db, aDag("own", ["a"], [], { ...own, ...changes }));
  await world.scheduler({ clock, settings: { ...settings, ...max } });
  return world;
}

test("a worker is asked, and each run is made when it is due; the next is known long before", async () => {
  const clock = movingClock();
  await using world = await started(clock);
  const api = await answering(world, hourly);
  for (const count of [1, 2, 3]) {
    await expect.poll(async () => (await row(world)).next_run_at !== null).toBe(true);
    clock.advance(hour);
    await expect.poll(() => ticks(world)).toHaveLength(count);
  }
  const made = await ticks(world);
  expect(made.map((at) => at - made[0]!)).toEqual([0, hour, 2 * hour]);
  // What is due already when its run before ends may be asked for twice: a newer tick may have passed.
  const lasts = () => new Set(calls(api).map((call) => askedOf(call).last?.end));
  await expect.poll(() => [...lasts()]).toEqual([undefined, ...made]);
  expect(calls(api)[0]).toMatchObject({
    handler: "f.ts#own##schedule()",
    call: { name: "schedule" },
  });
  expect(askedOf(calls(api).at(-1)!).count).toBe(1);
});

test("it waits for a worker, however long, and is told the time at which it is asked", async () => {
  const clock = movingClock();
  await using world = await started(clock);
  clock.advance(5 * hour);
  const before = Date.now() + 5 * hour - 60_000;
  const api = await answering(world, hourly);
  await expect.poll(() => calls(api).length).toBe(1);
  expect(askedOf(calls(api)[0]!).now).toBeGreaterThan(before);
});

describe("an answer that cannot be used is shown, asked for again, and heals", () => {
  const threw: Outcome = {
    case: "failed",
    value: {
      ...{ kind: FailureKind.APPLICATION, type: "TypeError", message: "no calendar" },
      ...{ stack: "TypeError: no calendar\n    at next (f.ts:12:9)", retryable: true },
    },
  };
  const late: Outcome = {
    case: "failed",
    value: { kind: FailureKind.TIMEOUT, message: "It took longer than 10 s.", retryable: true },
  };
  const odd: Outcome = { ...threw, value: { ...threw.value, message: "no\0calendar", stack: "" } };
  const past = ({ now }: Asked) => instants(now + hour, now);
  test.each<[string, (asked: Asked) => Outcome, RegExp]>([
    ["it throws", () => threw, /^TypeError: no calendar \(f.ts:12:9\)$/],
    ["it throws what no database stores", () => odd, /^TypeError: no calendar$/],
    ["it takes too long", () => late, /longer than 10 s/],
    ["it answers nothing", () => success(), /answered no runs/],
    ["it answers rubbish", () => success({ runs: [{ start: "soon" }] }), /no date/],
    ["it answers another shape", () => success([1, 2]), /answered no runs/],
    ["it answers more than was asked", past, /1 were asked for/],
  ])("%s", async (_, bad, message) => {
    const clock = movingClock();
    await using world = await started(clock);
    let isGood = false;
    const api = await answering(world, (asked) => (isGood ? hourly(asked) : bad(asked)));
    await expect.poll(() => problem(world)).toMatch(message);
    // Other things go on, and so does what a person asks of this DAG.
    expect(await world.untilFinal(await api.trigger("own"))).toBe("success");
    await expect.poll(() => calls(api).length).toBeGreaterThan(2);
    expect(await ticks(world)).toEqual([]);
    isGood = true;
    await expect.poll(() => problem(world)).toBe("");
    await expect.poll(async () => (await row(world)).next_run_at !== null).toBe(true);
    clock.advance(hour);
    await expect.poll(() => ticks(world)).toHaveLength(1);
  });

  test("it goes backwards", async () => {
    const clock = movingClock();
    await using world = await started(clock);
    await answering(world, (asked, n) => (n === 1 ? hourly(asked) : instants(asked.last!.start)));
    await expect.poll(async () => (await row(world)).next_run_at !== null).toBe(true);
    clock.advance(hour);
    await expect.poll(() => problem(world)).toMatch(/not after the run before/);
    expect(await ticks(world)).toHaveLength(1);
  });

  test("it never answers: its worker is not waited for for ever, and other DAGs run", async () => {
    const clock = movingClock();
    // Asked again and again, it would take all slots of a worker that never gives one back.
    const timetableRetryMs = { first: hour, max: hour };
    const brief = { timetableTimeoutMs: 10, callPatienceMs: 10, timetableRetryMs };
    await using world = await started(clock, {}, brief);
    await registerDag(world.db, aDag("other", ["a"]));
    const api = await answering(world, () => null);
    await expect.poll(() => problem(world)).toMatch(/no answer within 10 ms/);
    expect(await world.untilFinal(await api.trigger("other"))).toBe("success");
  });

  test("it ends three workers: nobody is asked for a while", async () => {
    await using world = await started(
      movingClock(),
      {},
      { timetableRetryMs: { first: 1e7, max: 1e7 } },
    );
    const lost: Outcome = {
      case: "failed",
      value: { kind: FailureKind.LOST, message: "gone", retryable: true },
    };
    const api = await answering(world, () => lost);
    await expect.poll(() => problem(world)).toMatch(/3 workers were lost/);
    expect(calls(api)).toHaveLength(3);
  });
});

test("that it is healed is shown, though writing it failed, and the note before arrives behind it", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("own", ["a"], [], own));
  const late = statementTrouble(world.db, "dag_set_next_runs", "late");
  const lost = statementTrouble(late.db, "dag_set_next_runs", "before", { isArmed: false });
  await world.scheduler({ db: lost.db, clock: movingClock(), settings });
  let isGood = false;
  await answering(world, (asked) => (isGood ? hourly(asked) : success()));
  await late.met;
  await expect.poll(() => problem(world)).toMatch(/answered no runs/);
  lost.arm();
  isGood = true;
  await lost.met;
  await expect.poll(() => problem(world)).toBe("");
  late.letGo();
  await late.taken;
  expect(await problem(world)).toBe("");
});

test("who loses its shard and takes it again asks once: what it was to ask again before is over", async () => {
  const clock = movingClock();
  await using world = await aWorld();
  await registerDag(world.db, aDag("own", ["a"], [], own));
  const retryMs = 60_000;
  const timetableRetryMs = { first: retryMs, max: retryMs };
  const scheduler = await world.scheduler({
    clock,
    settings: { ...settings, shardRenewMs: 30, timetableRetryMs },
  });
  const api = await answering(world, (_, n) => (n === 1 ? success() : instants(4e12)));
  await expect.poll(() => problem(world)).toMatch(/answered no runs/);
  const shard = shardOf("own");
  const give = (owner: string) =>
    world.db.pool.query(
      `UPDATE shard SET owner = nullif($2, ''), epoch = epoch + 1,
         expires_at = clock_timestamp() + CASE $2 WHEN '' THEN '0 s' ELSE '1 h' END::interval
       WHERE id = $1`,
      [shard, owner],
    );
  await give("other");
  await expect.poll(() => scheduler.shards()).not.toContain(shard);
  await give("");
  await expect.poll(() => problem(world)).toBe("");
  clock.advance(2 * retryMs);
  // Whatever was asked then has been asked by now.
  expect(await world.untilFinal(await api.trigger("own"))).toBe("success");
  expect(calls(api)).toHaveLength(2);
});

test("a new version is asked anew at once, and an answer to the old one counts no more", async () => {
  await using world = await started(
    movingClock(),
    {},
    { timetableRetryMs: { first: 1e7, max: 1e7 } },
  );
  const api = await answering(world, (asked, n) => (n === 1 ? success() : hourly(asked)));
  await expect.poll(() => problem(world)).not.toBe("");
  await registerDag(world.db, aDag("own", ["a", "b"], [], own));
  world.bus.publish("dags", new Uint8Array());
  await expect.poll(() => problem(world)).toBe("");
  expect(calls(api).map(({ run }) => run?.dagVersion)).toEqual([1, 2]);
});

test("a problem is gone with the timetable that had it", async () => {
  await using world = await started(movingClock());
  await answering(world, () => success());
  await expect.poll(() => problem(world)).not.toBe("");
  await registerDag(world.db, aDag("own", ["a"], [], { schedule: { kind: "once" } }));
  world.bus.publish("dags", new Uint8Array());
  await expect.poll(() => problem(world)).toBe("");
  await expect.poll(() => ticks(world)).toHaveLength(1);
});

test("whatever crashes in between, each tick becomes one run", async () => {
  await using world = await aWorld();
  await registerDag(
    world.db,
    aDag("own", ["a"], [], { ...own, catchup: true, startDate: 0, maxActiveRuns: 1000 }),
  );
  // Ten runs that are due, and no more.
  const answer = ({ last }: Asked): Outcome =>
    last?.start === 10 * hour ? success({ runs: [] }) : instants((last?.start ?? 0) + hour);
  await answering(world, answer);
  for (let n = 0; n < 6; n++) {
    const scheduler = await world.scheduler();
    const count = (await ticks(world)).length;
    await expect.poll(async () => (await ticks(world)).length > count || count === 10).toBe(true);
    scheduler.kill();
    await world.expireLeases();
  }
  await world.scheduler();
  const expected = Array.from({ length: 10 }, (_, i) => (i + 1) * hour);
  await expect.poll(() => ticks(world)).toEqual(expected);
});

test("a tick at max_active_runs waits; without catch-up the newest that passed meanwhile is asked for", async () => {
  const clock = movingClock();
  await using world = await started(clock, { maxActiveRuns: 1 });
  const released = Promise.withResolvers<void>();
  const api = await world.api({
    body(assignment) {
      if (assignment.call === undefined) return released.promise.then(() => success());
      const { now, last } = askedOf(assignment);
      const passed = Math.floor(now / hour) * hour;
      return instants(last === null || last.end >= passed ? passed + hour : passed);
    },
  });
  await expect.poll(async () => (await row(world)).next_run_at !== null).toBe(true);
  clock.advance(hour);
  await expect.poll(() => ticks(world)).toHaveLength(1);
  clock.advance(5 * hour);
  await api.inventory([]);
  expect(await ticks(world)).toHaveLength(1);
  released.resolve();
  await expect.poll(() => ticks(world)).toHaveLength(2);
  const [first = 0, second = 0] = await ticks(world);
  expect(second - first).toBeGreaterThanOrEqual(5 * hour);
});

test("people are told what it plans, and why it does not", async () => {
  await using world = await started(movingClock(), {}, { timetableListWaitMs: 2_000 });
  const plan = (api: FakeApi) =>
    api.command("own", { command: { case: "planRuns", value: { dagId: "own", count: 3 } } });
  const idle = await world.api({ queues: ["other"] });
  expect((await plan(idle)).reply).toMatchObject({
    ...{ case: "plannedRuns", value: { runs: [] } },
    value: { problem: expect.stringContaining('No worker of the queue "default"') },
  });
  const api = await answering(world, ({ count }) =>
    instants(...Array.from({ length: count }, (_, i) => (i + 1) * 1e12)),
  );
  // A worker may be too slow for one who asks once.
  const planned = async () => {
    const { reply } = await plan(api);
    const runs = reply.case === "plannedRuns" ? reply.value.runs : [];
    return runs.map(({ runAfter }) => Number(runAfter?.seconds));
  };
  await expect.poll(planned).toEqual([1e9, 2e9, 3e9]);
});
