import { fromBinary } from "@bufbuild/protobuf";
import { FailureKind, FailureSchema } from "@millrace/wire/v1";
import { VerdictKind } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { attemptOf, failure, type FakeApi, success } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld, type World } from "../testing/world.ts";

/** The clock is read once, so that it can be moved. */

/** Two inventories leave an attempt out: it is lost. Answers its id. */
async function lose(api: FakeApi, nth: number): Promise<string> {
  await expect.poll(() => api.assigned.length).toBe(nth);
  await api.inventory([]);
  await api.inventory([]);
  return api.assigned[nth - 1]?.attemptId ?? "";
}

async function states(world: World): Promise<unknown[]> {
  const { rows } = await world.db.pool.query<Record<string, number>>(
    "SELECT state, attempt, uncounted, losses FROM task_instance",
  );
  return rows;
}

test("a task is granted at once after a first loss, after a minute after a second, and quarantined after a third", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("killer", [aTask("a", { retries: 5 })]));
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await world.api({ body: () => null });
  const run = await api.trigger("killer");
  await lose(api, 1);
  await lose(api, 2);
  await expect
    .poll(() => states(world))
    .toEqual([{ state: 11, attempt: 2, uncounted: 2, losses: 2 }]);
  const { rows: waits } = await world.db.pool.query(
    `SELECT extract(epoch FROM wait_until - (SELECT max(at) FROM event))::float8 AS seconds
     FROM task_instance`,
  );
  expect(waits[0]?.seconds).toBeCloseTo(60, 0);
  // The clock goes on by itself as well.
  clock.advance(40_000);
  await api.inventory([]);
  expect(api.assigned).toHaveLength(2);
  clock.advance(20_500);
  await lose(api, 3);
  expect(await world.untilFinal(run)).toBe("failed");
  const { rows } = await world.db.pool.query<{ failure: Buffer }>(
    "SELECT failure FROM task_instance",
  );
  const failed = fromBinary(FailureSchema, rows[0]?.failure ?? Buffer.alloc(0));
  expect(failed).toMatchObject({ kind: FailureKind.LOST, type: "Quarantined" });
  expect(await states(world)).toEqual([{ state: 7, attempt: 3, uncounted: 3, losses: 3 }]);
});

test("a worker that comes back while its task waits after a second loss may go on and report", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("back", ["a"]));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("back");
  await lose(api, 1);
  const second = await lose(api, 2);
  await expect.poll(() => world.taskStates(run)).toEqual(["up_for_retry"]);
  expect(await api.inventory([second])).toEqual([]);
  expect(await api.report(second, success())).toMatchObject({ kind: VerdictKind.OK });
  expect(await world.untilFinal(run)).toBe("success");
});

test("its failure then waits like any other, and spends a retry", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("back", [aTask("a", { retries: 1, retryDelayMs: 1 })]));
  await world.scheduler();
  const api = await world.api({ body: (given) => (attemptOf(given) > 2 ? success() : null) });
  const run = await api.trigger("back");
  await lose(api, 1);
  const second = await lose(api, 2);
  await expect.poll(() => world.taskStates(run)).toEqual(["up_for_retry"]);
  expect(await api.report(second, failure("no"))).toMatchObject({ kind: VerdictKind.OK });
  expect(await world.untilFinal(run)).toBe("success");
  expect(api.assigned[2]).toMatchObject({ tryNumber: 2, maxTries: 2 });
});

test("the wait after a second loss outlives a take-over", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("waits", ["a"]));
  const first = await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("waits");
  await lose(api, 1);
  await lose(api, 2);
  await expect.poll(() => world.taskStates(run)).toEqual(["up_for_retry"]);
  await first.stop();
  await world.db.pool.query("UPDATE task_instance SET wait_until = clock_timestamp()");
  await world.scheduler();
  await expect.poll(() => api.assigned.length).toBe(3);
});
