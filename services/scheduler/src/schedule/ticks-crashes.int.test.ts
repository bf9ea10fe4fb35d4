/** Every kind of schedule, and a scheduler that dies, or is not answered, at each step of the making of runs. */

import { setDagPaused, type Lane, type Database } from "@millrace/db";
import type { Schedule } from "@millrace/engine";
import { expect, test } from "vitest";
import { aDag, registerDag } from "../testing/dags.ts";
import { crashingDatabase, type CrashPoint } from "../testing/crashing-database.ts";
import { apart, success, textOf, type Outcome } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld, type World } from "../testing/world.ts";

const minute = 60_000;
const hour = 60 * minute;
/** Ticks of five hours that are long over. */
const start = Math.floor(Date.now() / hour) * hour - 50 * hour;
const end = start + 4 * hour;
const grid = [0, 1, 2, 3, 4].map((n) => start + n * hour);
const plain = { timezone: "UTC", intervalMs: 0, jitterMs: 0, runImmediately: null } as const;

const kinds: Readonly<Record<string, { readonly schedule: Schedule; readonly dates: number[] }>> = {
  cron: { schedule: { kind: "cron", expressions: ["0 * * * *"], ...plain }, dates: grid },
  crons: {
    schedule: { kind: "cron", expressions: ["0 */2 * * *", "0 1-23/2 * * *"], ...plain },
    dates: grid,
  },
  cron_interval: {
    schedule: { kind: "cron_interval", expression: "0 * * * *", timezone: "UTC" },
    dates: grid,
  },
  delta: { schedule: { kind: "delta", everyMs: hour }, dates: grid },
  delta_interval: { schedule: { kind: "delta_interval", everyMs: hour }, dates: grid },
  once: { schedule: { kind: "once" }, dates: [start] },
  events: {
    schedule: { kind: "events", at: grid.map((at, n) => at + n * minute) },
    dates: grid.map((at, n) => at + n * minute).filter((at) => at <= end),
  },
  custom: {
    schedule: { kind: "custom", name: "own", handler: "f.ts#own##schedule()" },
    dates: grid,
  },
};

async function register(world: World): Promise<void> {
  const common = { startDate: start, endDate: end, catchup: true, maxActiveRuns: 16 };
  for (const [dagId, { schedule }] of Object.entries(kinds))
    await registerDag(world.db, aDag(dagId, ["a"], [], { ...common, schedule }));
}

type Asked = { readonly last: { readonly start: number } | null };

function answer(asked: Asked): Outcome {
  const at = asked.last === null ? start : asked.last.start + hour;
  return success({ runs: [{ start: at, end: at, runAfter: at }] });
}

function workers(world: World) {
  return world.api({
    body: ({ call, args }) =>
      call === undefined ? success() : answer((JSON.parse(textOf(args)) as Asked[])[0]!),
  });
}

async function datesOf(world: World): Promise<Record<string, number[]>> {
  const { rows } = await world.db.pool.query<{ dag_id: string; logical_at: Date }>(
    "SELECT dag_id, logical_at FROM run ORDER BY dag_id, logical_at",
  );
  const byDag = Map.groupBy(rows, (row) => row.dag_id);
  return Object.fromEntries(
    [...byDag].map(([dagId, runs]) => [dagId, runs.map((run) => run.logical_at.getTime())]),
  );
}

const expected = Object.fromEntries(Object.entries(kinds).map(([id, { dates }]) => [id, dates]));
const settings = { reloadDelayMs: { first: 10, max: 50 } };

async function crashed(point: CrashPoint): Promise<void> {
  await using world = await aWorld();
  await register(world);
  await using api = await workers(world);
  const isStep = (name: string) => name === "run_create_batch" || name === "run_id_take";
  const crashing = crashingDatabase(world.db, point, isStep);
  crashing.arm();
  // It may die before it has started: then nothing is left of it but its name.
  const dying = world.scheduler({ db: crashing.db, nodeId: "dying", settings });
  await crashing.died;
  void dying.then((scheduler) => scheduler.kill());
  await world.expireLeases("dying");
  await world.scheduler({ nodeId: "heir", settings: { ...settings, ...apart } });
  using _naming = api.keepNaming();
  // An answer that the dying one takes for its own is lost: the worker is asked again after two inventories without it.
  await expect
    .poll(() => datesOf(world), { timeout: 60_000, message: JSON.stringify(point) })
    .toEqual(expected);
}

test.each([{ isAfter: false }, { isAfter: true }])(
  "a scheduler dies at a statement (after it: $isAfter), and another one goes on: every tick becomes one run",
  async ({ isAfter }) => {
    for (const at of [1, 2, 3, 5]) await crashed({ at, isAfter });
  },
  300_000,
);

type Loss = "before" | "after";

/** A database of which every second answer to the making of runs is lost for a while: some were made, some were not. */
const lossesMax = 10;

function forgetful(db: Database): { readonly db: Database; answered(): number } {
  let [sent, answered] = [0, 0];
  const makingLane: Lane = {
    ...db.makingLane,
    async send(statements) {
      sent += 1;
      const isLost = sent % 2 === 1 && sent < 2 * lossesMax;
      const loss: Loss | null = !isLost ? null : sent % 4 === 1 ? "after" : "before";
      if (loss === "before") throw new Error("Connection terminated unexpectedly");
      const rows = await db.makingLane.send(statements);
      if (loss === "after") throw new Error("Connection terminated unexpectedly");
      answered += 1;
      return rows;
    },
  };
  return { db: { ...db, makingLane }, answered: () => answered };
}

test("answers are lost, and every tick becomes one run", async () => {
  await using world = await aWorld();
  await register(world);
  await using _api = await workers(world);
  await world.scheduler({
    db: forgetful(world.db).db,
    settings,
  });
  await expect.poll(() => datesOf(world), { timeout: 20_000 }).toEqual(expected);
}, 60_000);

test("a run that begins whenever somebody looks is made once, though its answer is lost", async () => {
  await using world = await aWorld();
  for (const schedule of [{ kind: "once" }, { kind: "delta", everyMs: 10 * hour }] as const)
    await registerDag(world.db, aDag(schedule.kind, ["a"], [], { schedule }));
  await using api = await workers(world);
  const { db, answered } = forgetful(world.db);
  await world.scheduler({ db, settings });
  const counts = async () =>
    Object.fromEntries(Object.entries(await datesOf(world)).map(([id, all]) => [id, all.length]));
  await expect.poll(counts).toEqual({ once: 1, delta: 1 });
  await expect.poll(() => api.assigned.length).toBe(2);
  // What was not answered has been asked for again by now.
  await expect.poll(answered).toBeGreaterThanOrEqual(1);
  expect(await counts()).toEqual({ once: 1, delta: 1 });
});

const single = (...dates: number[]) =>
  aDag("single", ["a"], [], { schedule: { kind: "events", at: dates } });

/** What the row of the only DAG says of its next run. */
async function notedIn(world: World): Promise<number | null> {
  const { rows } = await world.db.pool.query<{ next_run_at: Date | null }>(
    "SELECT next_run_at FROM dag",
  );
  return rows[0]?.next_run_at?.getTime() ?? null;
}

/** A DAG with one date in an hour, whose first note of its next run is on its way until it is let go. */
async function lateNote({ isNotedAgain = true } = {}) {
  const world = await aWorld();
  const at = Date.now() + hour;
  await registerDag(world.db, single(at));
  const clock = movingClock();
  const { db, met, letGo, taken } = statementTrouble(world.db, "dag_set_next_runs", "late");
  await world.scheduler({
    db,
    clock,
    settings: { ...unread, ...(isNotedAgain ? settings : {}) },
  });
  const noted = () => notedIn(world);
  await met;
  if (isNotedAgain) await expect.poll(noted).toBe(at);
  return {
    ...{ at, clock, noted },
    pause: () => world.db.prisma.$transaction((tx) => setDagPaused(tx, "single", true)),
    register: (...dates: number[]) => registerDag(world.db, single(...dates)),
    async letGo() {
      letGo();
      await taken;
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

test("an older note of the next run that arrives behind a tick changes nothing", async () => {
  await using it = await lateNote();
  it.clock.advance(hour);
  // No other run follows.
  await expect.poll(it.noted).toBe(null);
  await it.letGo();
  expect(await it.noted()).toBe(null);
});

// A simulation found it: a schedule that a new version had ended showed a next run for ever, that of the version before.
test("a note of the next run that arrives once somebody has changed the DAG changes nothing", async () => {
  await using it = await lateNote({ isNotedAgain: false });
  await it.pause();
  await it.letGo();
  expect(await it.noted()).toBe(null);
});

test("an older note of the next run that arrives behind a later one changes nothing", async () => {
  await using it = await lateNote();
  await it.register(it.at + hour);
  await expect.poll(it.noted).toBe(it.at + hour);
  await it.letGo();
  expect(await it.noted()).toBe(it.at + hour);
});

/** A database where the first making of runs arrives when it is let go; whoever sent it has been told that it is lost. */
function lateMaking(db: Database): { readonly db: Database; letGo(): Promise<unknown> } {
  let letGo: (() => Promise<unknown>) | null = null;
  const makingLane: Lane = {
    ...db.makingLane,
    send(statements) {
      if (letGo !== null) return db.makingLane.send(statements);
      letGo = () => db.makingLane.send(statements);
      return Promise.reject(new Error("Connection terminated unexpectedly"));
    },
  };
  return { db: { ...db, makingLane }, letGo: () => letGo!() };
}

// A simulation found it: a continuous schedule that had come to its end showed a next run for ever, the one that its last
// tick had noted when it was sent first.
test("a tick that arrives once more, late, does not undo what was noted since of the next run", async () => {
  await using world = await aWorld();
  const at = Date.now() - minute;
  const later = at + 2 * hour;
  await registerDag(world.db, { ...single(at, at + hour), startDate: at, catchup: true });
  const { db, letGo } = lateMaking(world.db);
  await world.scheduler({ db, settings });
  const noted = () => notedIn(world);
  await expect.poll(noted).toBe(at + hour);
  await registerDag(world.db, { ...single(at, later), startDate: at, catchup: true });
  world.bus.publish("dags", new Uint8Array());
  await expect.poll(noted).toBe(later);
  await letGo();
  expect([await noted(), await datesOf(world)]).toEqual([later, { single: [at] }]);
});
