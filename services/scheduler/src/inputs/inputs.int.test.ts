/** Runs wait for instances of assets, and are given them once. */

import { createAssetEvent, readRunInputs, type Database } from "@millrace/db";
import type { DagSpec, DatedAsset, InputOrder, InputTerm } from "@millrace/engine";
import { hourly, joined, range } from "@millrace/engine/testing";
import { create, toBinary } from "@bufbuild/protobuf";
import { runInstancesFromProto, runInstancesOfBytes } from "@millrace/wire";
import { AssetEventsPendingSchema } from "@millrace/wire/internal";
import type { Assignment } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { askBackfill, daily, day } from "../testing/backfills.ts";
import { crashingDatabase } from "../testing/crashing-database.ts";
import { aDag, assetIdOf, aTask, registerDag } from "../testing/dags.ts";
import { success, type FakeApi, type FakeApiOptions } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { reasonsOf } from "../testing/waiting.ts";
import { aWorld, type World } from "../testing/world.ts";

/** The database's clock is not read again, and leases outlive what the clock is moved by. */
const hour = 3_600_000;
const minute = 60_000;
const clicks = hourly("clicks");
const backup = hourly("backup");
const noon = Date.UTC(2026, 0, 1, 12);
const plain = { timezone: "UTC", intervalMs: 0, jitterMs: 0, runImmediately: null } as const;
const cron = { kind: "cron", expressions: ["0 * * * *"], ...plain } as const;

type Wish = {
  readonly timeoutMs?: number;
  readonly order?: InputOrder;
  readonly changes?: Partial<DagSpec>;
};

/** A DAG "reader" that waits. */
function reader(term: InputTerm, { timeoutMs, order, changes }: Wish = {}): DagSpec {
  return aDag("reader", ["a"], [], {
    schedule: { kind: "events", at: [Date.UTC(2090, 0, 1)] },
    inputs: { term, timeoutMs: timeoutMs ?? null, order: order ?? "oldest" },
    ...changes,
  });
}

const keyOf = (at: number): string => new Date(at).toISOString().slice(0, 13);

/** The instance of an asset comes. */
async function emit(
  world: World,
  at: number,
  { of = clicks, isQuiet = false }: { of?: DatedAsset; isQuiet?: boolean } = {},
): Promise<void> {
  const assetId = await assetIdOf(world.db, of.asset.uri);
  const event = {
    assetId,
    extra: null,
    source: 2,
    createdBy: "test",
    partitionKey: keyOf(at),
  } as const;
  const { consumers } = await world.db.prisma.$transaction((tx) => createAssetEvent(tx, event));
  const message = create(AssetEventsPendingSchema, { dagIds: [...consumers] });
  if (!isQuiet) world.bus.publish("assets", toBinary(AssetEventsPendingSchema, message));
}

const givenTo = ({ run }: Assignment): Record<string, string[]> =>
  Object.fromEntries(
    (run?.inputs?.inputs ?? []).map(({ name, instances }) => [
      name,
      instances.map(({ uri, partitionKey }) => `${uri} ${partitionKey}`),
    ]),
  );

/** What a run's row says that it was given; null while nothing is decided. */
async function decidedFor(world: World, run: number): Promise<string[] | null> {
  const bytes = await readRunInputs(world.db, run);
  if (bytes === null) return null;
  const given = runInstancesFromProto(runInstancesOfBytes(bytes));
  return Object.values(given).flatMap((list) => list.map(({ partitionKey }) => partitionKey));
}

/** Resolves once the owner has looked at what the run lacks. */
async function untilWaiting(api: FakeApi, run: number): Promise<void> {
  await expect.poll(() => reasonsOf(api, "reader", run)).toContain("inputs");
}

async function scheduledRuns(world: World): Promise<{ id: number; logical_at: Date }[]> {
  const { rows } = await world.db.pool.query<{ id: number; logical_at: Date }>(
    "SELECT id, logical_at FROM run WHERE dag_id = 'reader' AND run_type = 1 ORDER BY logical_at",
  );
  return rows;
}

const both = range(clicks, -2, -1, { name: "clicks" });

describe("a run", () => {
  test("waits until its instances are there, and its tasks are given them", async () => {
    await using world = await aWorld();
    await registerDag(world.db, reader(both));
    await world.scheduler();
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await untilWaiting(api, run);
    await emit(world, noon - 2 * hour);
    await emit(world, noon);
    expect(await world.runState(run)).toBe("queued");
    await emit(world, noon - hour);
    expect(await world.untilFinal(run)).toBe("success");
    expect(api.assigned.map(givenTo)).toEqual([
      { clicks: ["clicks 2026-01-01T10", "clicks 2026-01-01T11"] },
    ]);
  });

  test("starts at once when all is there before it", async () => {
    await using world = await aWorld();
    await registerDag(world.db, reader(both));
    await emit(world, noon - 2 * hour);
    await emit(world, noon - hour);
    await world.scheduler();
    const api = await world.api();
    expect(await world.untilFinal(await api.trigger("reader", { logicalAt: noon }))).toBe(
      "success",
    );
  });

  test("takes no place of max_active_runs while it waits", async () => {
    await using world = await aWorld();
    await registerDag(world.db, reader(both, { changes: { maxActiveRuns: 1 } }));
    await world.scheduler();
    const api = await world.api();
    const waiting = await api.trigger("reader", { logicalAt: noon });
    await untilWaiting(api, waiting);
    const later = noon + 5 * hour;
    await emit(world, later - 2 * hour);
    await emit(world, later - hour);
    const ready = await api.trigger("reader", { logicalAt: later });
    expect(await world.untilFinal(ready)).toBe("success");
    expect(await world.runState(waiting)).toBe("queued");
  });

  test("that is told not to wait starts at once, and is given none", async () => {
    await using world = await aWorld();
    await registerDag(world.db, reader(both));
    await world.scheduler();
    const api = await world.api();
    const value = { dagId: "reader", params: Buffer.from("{}"), ignoreInputs: true };
    const asked = { requestId: "x", command: { case: "triggerRun" as const, value } };
    const { reply } = await api.command("reader", asked);
    expect(await world.untilFinal(Number(reply.value))).toBe("success");
    expect(api.assigned.map(givenTo)).toEqual([{ clicks: [] }]);
  });

  test("that is cancelled waits no more, and an instance that comes starts nothing", async () => {
    await using world = await aWorld();
    await registerDag(world.db, reader(range(clicks, -1, -1, { name: "clicks" })));
    await world.scheduler();
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await untilWaiting(api, run);
    const value = { runKey: BigInt(run) };
    await api.command("reader", { requestId: "x", command: { case: "cancelRun", value } });
    expect(await world.untilFinal(run)).toBe("failed");
    await emit(world, noon - hour);
    const next = await api.trigger("reader", { logicalAt: noon + 1 });
    expect(await world.untilFinal(next)).toBe("success");
    expect(api.assigned).toHaveLength(1);
  });

  test("hears of an instance that a task of another DAG makes, by its run's partition key", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("maker", [aTask("make", { outlets: [clicks.asset] })]));
    await registerDag(world.db, reader(range(clicks, -1, -1, { name: "clicks" })));
    await world.scheduler();
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await untilWaiting(api, run);
    const make = async (requestId: string, partitionKey?: string): Promise<void> => {
      const value = {
        dagId: "maker",
        params: Buffer.from("{}"),
        ...(partitionKey && { partitionKey }),
      };
      const { reply } = await api.command("maker", {
        requestId,
        command: { case: "triggerRun", value },
      });
      await world.untilFinal(Number(reply.value));
    };
    await make("no key");
    await make("another key", keyOf(noon));
    expect(await world.runState(run)).toBe("queued");
    await make("the key", keyOf(noon - hour));
    expect(await world.untilFinal(run)).toBe("success");
  });

  test("of a backfill waits as well", async () => {
    await using world = await aWorld();
    const spec = reader(range(clicks, 0, 0, { name: "clicks" }), { changes: daily });
    await registerDag(world.db, spec);
    await world.scheduler();
    const api = await world.api();
    const asked = { from: day(1), to: day(2), maxActiveRuns: 1 };
    expect((await askBackfill(world.db, api, spec, asked)).reply.case).not.toBe("refusal");
    const made = async () =>
      (
        await world.db.pool.query<{ id: number }>(
          "SELECT id FROM run WHERE run_type = 3 ORDER BY logical_at",
        )
      ).rows;
    await expect.poll(made).toHaveLength(2);
    const [first, second] = await made();
    await emit(world, day(2));
    expect(await world.untilFinal(second!.id)).toBe("success");
    expect(await world.runState(first!.id)).toBe("queued");
    await emit(world, day(1));
    expect(await world.untilFinal(first!.id)).toBe("success");
  });

  test("finds an instance whose doorbell was lost", async () => {
    await using world = await aWorld();
    await registerDag(world.db, reader(range(clicks, -1, -1, { name: "clicks" })));
    await world.scheduler({ settings: { assetPollMs: 50 } });
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await untilWaiting(api, run);
    await emit(world, noon - hour, { isQuiet: true });
    expect(await world.untilFinal(run)).toBe("success");
  });
});

describe("time", () => {
  test("once there is enough, it waits so long for more, and goes on with what is there by then", async () => {
    await using world = await aWorld();
    const clock = movingClock();
    const term = range(clicks, -3, -1, { name: "clicks", min: 1, waitMs: 30 * minute });
    await registerDag(world.db, reader(term));
    await world.scheduler({ clock, settings: unread });
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await emit(world, noon - hour);
    await untilWaiting(api, run);
    await emit(world, noon - 3 * hour);
    clock.advance(29 * minute);
    await untilWaiting(api, run);
    expect(await world.runState(run)).toBe("queued");
    clock.advance(minute);
    expect(await world.untilFinal(run)).toBe("success");
    expect(api.assigned.map(givenTo)).toEqual([
      { clicks: ["clicks 2026-01-01T09", "clicks 2026-01-01T11"] },
    ]);
  });

  test("an alternative counts once the preferred one has had its time", async () => {
    await using world = await aWorld();
    const clock = movingClock();
    const term = joined("first_of", [
      range(clicks, -1, -1, { name: "x", waitMs: hour }),
      range(backup, -1, -1, { name: "x" }),
    ]);
    await registerDag(world.db, reader(term));
    await world.scheduler({ clock, settings: unread });
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await emit(world, noon - hour, { of: backup });
    await untilWaiting(api, run);
    clock.advance(hour);
    expect(await world.untilFinal(run)).toBe("success");
    expect(api.assigned.map(givenTo)).toEqual([{ x: ["backup 2026-01-01T11"] }]);
  });

  test("after the input timeout it fails, and says so", async () => {
    await using world = await aWorld();
    const clock = movingClock();
    await registerDag(world.db, reader(both, { timeoutMs: hour }));
    await world.scheduler({ clock, settings: unread });
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await emit(world, noon - hour);
    await untilWaiting(api, run);
    clock.advance(hour);
    expect(await world.untilFinal(run)).toBe("failed");
    expect(await world.taskStates(run)).toEqual(["skipped"]);
    const { rows } = await world.db.pool.query<{ failure: Buffer }>(
      "SELECT failure FROM run WHERE id = $1",
      [run],
    );
    expect(rows[0]?.failure.toString()).toContain("InputsTimeout");
    expect(api.assigned).toEqual([]);
  });
});

describe("another owner", () => {
  test("keeps what was chosen: what comes later changes nothing", async () => {
    await using world = await aWorld();
    const term = range(clicks, -2, -1, { name: "clicks", min: 1 });
    await registerDag(world.db, reader(term, { changes: { maxActiveRuns: 1 } }));
    const first = await world.scheduler();
    const released = Promise.withResolvers<void>();
    const api = await world.api({ body: () => released.promise.then(() => success()) });
    await emit(world, noon - hour);
    const before = await api.trigger("reader", { logicalAt: noon });
    await expect.poll(() => api.assigned.length).toBe(1);
    const run = await api.trigger("reader", { logicalAt: noon + 1 });
    await expect.poll(() => decidedFor(world, run)).toEqual(["2026-01-01T11"]);
    first.kill();
    await emit(world, noon - 2 * hour);
    await world.db.pool.query("UPDATE shard SET expires_at = clock_timestamp()");
    await world.scheduler();
    released.resolve();
    expect(await world.untilFinal(before)).toBe("success");
    expect(await world.untilFinal(run)).toBe("success");
    expect(api.assigned.map(givenTo)).toEqual([
      { clicks: ["clicks 2026-01-01T11"] },
      { clicks: ["clicks 2026-01-01T11"] },
    ]);
  });

  test("goes on waiting, for what is left of the time", async () => {
    await using world = await aWorld();
    const clock = movingClock();
    const term = range(clicks, -3, -1, { name: "clicks", min: 1, waitMs: hour });
    await registerDag(world.db, reader(term));
    const first = await world.scheduler({ clock, settings: unread });
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await emit(world, noon - hour);
    await untilWaiting(api, run);
    await first.stop();
    clock.advance(hour);
    await world.scheduler({ clock, settings: unread });
    clock.advance(hour);
    expect(await world.untilFinal(run)).toBe("success");
  });

  test.each([
    ["before it is written", false],
    ["after it is written, and before the answer", true],
  ])("decides a choice that crashed %s, once", async (_, isAfter) => {
    await using world = await aWorld();
    await registerDag(world.db, reader(range(clicks, -2, -1, { name: "clicks", min: 1 })));
    const crashing = crashingDatabase(
      world.db,
      { at: 1, isAfter },
      (name) => name === (isAfter ? "COMMIT of run_inputs_decide" : "run_inputs_decide"),
    );
    const first = await world.scheduler({ db: crashing.db });
    const api = await world.api();
    const run = await api.trigger("reader", { logicalAt: noon });
    await untilWaiting(api, run);
    crashing.arm();
    await emit(world, noon - hour);
    await crashing.died;
    const decided = await decidedFor(world, run);
    expect(decided).toEqual(isAfter ? ["2026-01-01T11"] : null);
    first.kill();
    await emit(world, noon - 2 * hour, { isQuiet: true });
    await world.db.pool.query("UPDATE shard SET expires_at = clock_timestamp()");
    await world.scheduler();
    expect(await world.untilFinal(run)).toBe("success");
    const all = ["clicks 2026-01-01T10", "clicks 2026-01-01T11"];
    expect(api.assigned.map(givenTo)).toEqual([{ clicks: isAfter ? all.slice(1) : all }]);
  });
});

describe("the order of scheduled runs", () => {
  const one = range(clicks, 0, 0, { name: "clicks" });

  async function started(
    order: InputOrder,
    world: World,
    { db = world.db, body }: { db?: Database; body?: FakeApiOptions["body"] } = {},
  ) {
    const clock = movingClock();
    await registerDag(
      world.db,
      reader(one, { order, changes: { schedule: cron, maxActiveRuns: 1 } }),
    );
    const reloadDelayMs = { first: 10, max: 50 };
    await world.scheduler({ clock, db, settings: { ...unread, reloadDelayMs } });
    const api = await world.api(body === undefined ? {} : { body });
    // A moment after the next full hour: the run is not late.
    clock.advance(hour - (Date.now() % hour) + 500);
    await expect.poll(() => scheduledRuns(world)).toHaveLength(1);
    return { clock, api };
  }

  test("last: older ones are left out once a newer one has its inputs", async () => {
    await using world = await aWorld();
    const { clock, api } = await started("last", world);
    clock.advance(hour);
    await expect.poll(() => scheduledRuns(world)).toHaveLength(2);
    const [older, newer] = await scheduledRuns(world);
    await untilWaiting(api, older!.id);
    expect(await world.runState(older!.id)).toBe("queued");
    await emit(world, newer!.logical_at.getTime());
    expect(await world.untilFinal(newer!.id)).toBe("success");
    expect(await world.untilFinal(older!.id)).toBe("success");
    expect(await world.taskStates(older!.id)).toEqual(["skipped"]);
    expect(api.assigned).toHaveLength(1);
  });

  test("none: one that could not start within a minute is left out", async () => {
    await using world = await aWorld();
    const { clock, api } = await started("none", world);
    const [run] = await scheduledRuns(world);
    await untilWaiting(api, run!.id);
    clock.advance(minute);
    expect(await world.untilFinal(run!.id)).toBe("success");
    expect(await world.taskStates(run!.id)).toEqual(["skipped"]);
    expect(api.assigned).toEqual([]);
  });

  // A simulation found it: its run was in its DAG's line, and nobody looked there again.
  test("none: one that is left out when it could start at last is ended, though the first try fails", async () => {
    await using world = await aWorld();
    const reading = statementTrouble(world.db, "owner_run_get", "before", { isArmed: false });
    const { clock, api } = await started("none", world, { db: reading.db, body: () => null });
    const [run] = await scheduledRuns(world);
    // Its place is taken, and its inputs come in time.
    const value = { dagId: "reader", params: Buffer.from("{}"), ignoreInputs: true };
    const command = { case: "triggerRun", value } as const;
    await api.command("reader", { requestId: "t", command });
    await expect.poll(() => api.assigned.length).toBe(1);
    await emit(world, run!.logical_at.getTime());
    await expect.poll(() => decidedFor(world, run!.id)).not.toBe(null);
    clock.advance(minute);
    reading.arm();
    await api.report(api.assigned[0]!.attemptId, success());
    await reading.met;
    expect(await world.untilFinal(run!.id)).toBe("success");
    expect(await world.taskStates(run!.id)).toEqual(["skipped"]);
  });

  test("oldest: each runs once it has its inputs", async () => {
    await using world = await aWorld();
    const { clock, api } = await started("oldest", world);
    clock.advance(hour);
    await expect.poll(() => scheduledRuns(world)).toHaveLength(2);
    const [older, newer] = await scheduledRuns(world);
    await emit(world, newer!.logical_at.getTime());
    expect(await world.untilFinal(newer!.id)).toBe("success");
    await emit(world, older!.logical_at.getTime());
    expect(await world.untilFinal(older!.id)).toBe("success");
    expect(api.assigned).toHaveLength(2);
  });
});
