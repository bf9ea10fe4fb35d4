/** Tasks that wait for other DAGs: who rings whom, what is left after take-overs, and what waiting costs. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Database } from "@millrace/db";
import { EndState, type RunsTriggerSchema } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { deferred, failure, success, type FakeApi, type Outcome } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld, type World } from "../testing/world.ts";

const day = Date.UTC(2026, 0, 1);

function forRuns(wait: MessageInitShape<typeof RunsTriggerSchema> = {}): Outcome {
  const failedStates = [EndState.FAILED, EndState.SKIPPED, EndState.UPSTREAM_FAILED];
  const logicalDates = wait.runId ? [] : [timestampFromMs(day)];
  const value = { dagId: "orders", logicalDates, failedStates, isStrict: true, ...wait };
  return deferred({ case: "runs", value });
}

/** Bodies of "report" wait; those of "orders" end when they are let go. */
function bodies(wait: () => Outcome) {
  const gate = Promise.withResolvers<Outcome>();
  const body = (given: Assignment): Outcome | Promise<Outcome> =>
    given.run?.dagId === "orders" ? gate.promise : wait();
  return { gate, body };
}

async function register(world: World): Promise<void> {
  await registerDag(world.db, aDag("orders", ["publish"]));
  await registerDag(world.db, aDag("report", [aTask("a", { retries: 0 })]));
}

async function waiting(world: World, api: FakeApi): Promise<number> {
  const run = await api.trigger("report", { logicalAt: day });
  await expect.poll(() => world.taskStates(run)).toEqual(["deferred"]);
  return run;
}

/** Names of the statements that were answered from here on, and how many are on their way. */
function answersOf(db: Database) {
  const names: string[] = [];
  let open = 0;
  const query = db.pool.query.bind(db.pool) as (...args: unknown[]) => unknown;
  Object.assign(db.pool, {
    async query(...args: unknown[]) {
      const [first] = args as [{ readonly name?: string } | string];
      open += 1;
      try {
        return await query(...args);
      } finally {
        open -= 1;
        names.push(typeof first === "string" ? first : (first.name ?? ""));
      }
    },
  });
  return { names, open: () => open };
}

test("a run that ends ends the wait at once, with what it is", async () => {
  await using world = await aWorld();
  await register(world);
  await world.scheduler();
  const { gate, body } = bodies(() => forRuns({ taskIds: ["publish"] }));
  const api = await world.api({ body });
  const run = await waiting(world, api);
  const other = await api.trigger("orders", { logicalAt: day });
  await expect.poll(() => world.taskStates(other)).toEqual(["running"]);
  expect(await world.taskStates(run)).toEqual(["deferred"]);
  gate.resolve(success());
  expect(await world.untilFinal(run)).toBe("success");
  const { rows } = await world.db.pool.query("SELECT out FROM task_instance WHERE run_id = $1", [
    run,
  ]);
  expect(JSON.parse(String(rows[0]?.out))).toMatchObject([
    { dagId: "orders", logicalDate: { $: "date", v: "2026-01-01T00:00:00.000Z" } },
  ]);
});

test("a run that fails fails the wait, and skips it where that is asked for", async () => {
  await using world = await aWorld();
  await register(world);
  await world.scheduler();
  let softFail = false;
  const { gate, body } = bodies(() => forRuns({ softFail }));
  const api = await world.api({ body });
  const failing = await waiting(world, api);
  softFail = true;
  const skipping = await api.trigger("report");
  await expect.poll(() => world.taskStates(skipping)).toEqual(["deferred"]);
  await api.trigger("orders", { logicalAt: day });
  gate.resolve(failure("no", false));
  expect(await world.untilFinal(failing)).toBe("failed");
  await world.untilFinal(skipping);
  expect(await world.taskStates(skipping)).toEqual(["skipped"]);
});

test("the wait goes on after a take-over of its own owner, and finds what ended meanwhile", async () => {
  await using world = await aWorld();
  await register(world);
  const first = await world.scheduler();
  const { gate, body } = bodies(() => forRuns());
  const api = await world.api({ body });
  const run = await waiting(world, api);
  await api.trigger("orders", { logicalAt: day });
  // What a dead owner had not sent yet is lost until somebody takes an inventory.
  await expect.poll(() => api.assigned.map(({ taskId }) => taskId)).toContain("publish");
  gate.resolve(success());
  first.kill();
  await world.expireLeases();
  await world.scheduler();
  expect(await world.untilFinal(run)).toBe("success");
});

test("a new owner of the other DAG asks who waits, and rings", async () => {
  await using world = await aWorld();
  await register(world);
  const first = await world.scheduler();
  const { gate, body } = bodies(() => forRuns());
  const api = await world.api({ body });
  // Both nodes own some shards then; whichever has which, somebody has to hear from somebody.
  const run = await waiting(world, api);
  const other = await api.trigger("orders", { logicalAt: day });
  await expect.poll(() => world.taskStates(other)).toEqual(["running"]);
  const second = await world.scheduler();
  await expect.poll(() => second.shards().length).toBe(32);
  gate.resolve(success());
  expect(await world.untilFinal(run)).toBe("success");
  await first.stop();
});

test("a ring that is lost costs time only: all waits are looked for now and then", async () => {
  await using world = await aWorld();
  await register(world);
  const clock = movingClock();
  const deaf = { awaitedForgetMs: -1 };
  await world.scheduler({ clock, settings: { ...unread, ...deaf, externalSafetyMs: 60_000 } });
  const { gate, body } = bodies(() => forRuns());
  const api = await world.api({ body });
  const { names } = answersOf(world.db);
  const run = await waiting(world, api);
  // As it begins, a wait is looked for once.
  await expect.poll(() => names).toContain("external_run_list");
  const other = await api.trigger("orders", { logicalAt: day });
  gate.resolve(success());
  expect(await world.untilFinal(other)).toBe("success");
  expect(await world.taskStates(run)).toEqual(["deferred"]);
  clock.advance(61_000);
  expect(await world.untilFinal(run)).toBe("success");
});

test(
  "a thousand waits cost three statements a look, and none in between",
  { timeout: 120_000 },
  async () => {
    await using world = await aWorld();
    const { db } = world;
    await registerDag(db, aDag("orders", ["publish"]));
    const names = Array.from({ length: 1000 }, (_, n) => aTask(`t${n}`));
    await registerDag(db, aDag("report", names, [], { maxActiveTasks: 1000 }));
    const clock = movingClock();
    await world.scheduler({ clock, settings: unread });
    const api = await world.api({ slots: 1000, body: () => forRuns({ taskIds: ["publish"] }) });
    const run = await api.trigger("report", { logicalAt: day });
    const count = async () =>
      (await world.taskStates(run)).filter((one) => one === "deferred").length;
    await expect.poll(count, { timeout: 60_000 }).toBe(1000);

    const { names: answered, open } = answersOf(db);
    const looks = () => answered.filter((name) => name === "external_run_list").length;
    // Those that began last may still be looked for.
    let seen = -1;
    const isQuiet = () => seen === (seen = answered.length) && open() === 0;
    await expect.poll(isQuiet, { interval: 500, timeout: 30_000 }).toBe(true);
    for (const round of [1, 2]) {
      answered.length = 0;
      clock.advance(61_000);
      await expect.poll(looks, { interval: 300, timeout: 30_000 }).toBe(2);
      seen = -1;
      await expect.poll(isQuiet, { interval: 500, timeout: 30_000 }).toBe(true);
      expect({ round, looks: looks() }).toEqual({ round, looks: 2 });
      expect(answered.filter((name) => name.startsWith("external_")).length).toBeLessThanOrEqual(4);
    }
  },
);
