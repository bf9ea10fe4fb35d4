/** What a run holds of limits while it is read again after a flush that failed, and when it turns out to be over. */

import { flush as writeFlush, type FlushAnswer, type FlushBatch, type Lane } from "@millrace/db";
import { RunState } from "@millrace/engine";
import type { Assignment } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { day } from "../testing/backfills.ts";
import { aChain, aDag, aTask, registerDag } from "../testing/dags.ts";
import { failure, success } from "../testing/fake-api.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld } from "../testing/world.ts";

/** Writes; of the first flush that is such, once it is armed, the answer is lost. */
function losing(isSuch: (batch: FlushBatch) => boolean) {
  let isArmed = false;
  return {
    arm: () => (isArmed = true),
    async flush(lane: Lane, batch: FlushBatch): Promise<FlushAnswer> {
      const answer = await writeFlush(lane, batch);
      if (!isArmed || !isSuch(batch)) return answer;
      isArmed = false;
      throw new Error("Connection terminated unexpectedly");
    },
  };
}

test("a run keeps its place under max_active_runs while it is read again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("etl", 2, { maxActiveRuns: 1 }));
  const loss = losing(({ finished }) => finished.length > 0);
  const held = statementTrouble(world.db, "owner_task_list", "held", { isArmed: false });
  await world.scheduler({ db: held.db, flush: loss.flush });
  await using api = await world.api({ body: () => null });
  const first = await api.trigger("etl");
  const second = await api.trigger("etl");
  await expect.poll(() => api.assigned.length).toBe(1);
  loss.arm();
  held.arm();
  const reported = api.report(api.assigned[0]!.attemptId, success());
  await held.met;
  // A run that is made lets those that wait start, as far as there is room.
  const third = await api.trigger("etl");
  held.letGo();
  await reported;
  for (let nth = 1; nth < 6; nth += 1) {
    await expect.poll(() => api.assigned.length).toBe(nth + 1);
    await api.report(api.assigned[nth]!.attemptId, success());
  }
  for (const run of [first, second, third]) expect(await world.untilFinal(run)).toBe("success");
  const { rows } = await world.db.pool.query<{ started_at: Date; ended_at: Date }>(
    "SELECT started_at, ended_at FROM run ORDER BY started_at",
  );
  for (const [at, row] of rows.entries())
    if (at > 0) expect(+row.started_at).toBeGreaterThanOrEqual(+rows[at - 1]!.ended_at);
});

test("a run that waits for the past gives its place away only once the end of what ran in it is durable", async () => {
  await using world = await aWorld();
  const tasks = [aTask("a", { dependsOnPast: true }), aTask("c")];
  const spec = aDag("etl", tasks, [], { maxActiveRuns: 1 });
  await registerDag(world.db, spec);
  const met = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<void>();
  let isArmed = false;
  await world.scheduler({
    async flush(lane, batch) {
      if (!isArmed || batch.finished.length === 0) return writeFlush(lane, batch);
      isArmed = false;
      met.resolve();
      await lost.promise;
      throw new Error("Connection terminated unexpectedly");
    },
  });
  await using api = await world.api({ body: () => null });
  const begun = async (nth: number, taskId: string): Promise<string> => {
    const isIt = ({ run, taskId: id }: Assignment) =>
      id === taskId && Number(run?.logicalDate?.seconds) * 1000 === day(nth);
    await expect.poll(() => api.assigned.some(isIt)).toBe(true);
    return api.assigned.find(isIt)!.attemptId;
  };
  const first = await api.trigger("etl", { logicalAt: day(1) });
  await api.report(await begun(1, "c"), success());
  await api.report(await begun(1, "a"), failure("no", false));
  expect(await world.untilFinal(first)).toBe("failed");
  const third = await api.trigger("etl", { logicalAt: day(3) });
  const running = await begun(3, "c");
  isArmed = true;
  const reported = api.report(running, success());
  await met.promise;
  const second = await api.trigger("etl", { logicalAt: day(2) });
  lost.resolve();
  await reported;
  await begun(2, "c");
  const { rows } = await world.db.pool.query<{ started_at: Date; ended_at: Date }>(
    `SELECT (SELECT started_at FROM run WHERE id = $1) AS started_at,
            (SELECT max(ended_at) FROM task_instance WHERE run_id = $2) AS ended_at`,
    [second, third],
  );
  expect(+rows[0]!.started_at).toBeGreaterThanOrEqual(+rows[0]!.ended_at);
});

test("what a run held is free when it turns out to be over: its key, its slots, its instances", async () => {
  await using world = await aWorld();
  await world.db.pool.query(
    "INSERT INTO pool (name, slots, changed_seq) VALUES ('one', 1, nextval('pool_changed_seq'))",
  );
  const expression = '{"$":"run","path":["params","customer"]}';
  const concurrencyKey = { expression, whenBusy: "queue" } as const;
  const limited = [aTask("a", { pool: "one", maxActiveTis: 1 })];
  await registerDag(world.db, aDag("etl", limited, [], { concurrencyKey }));
  const loss = losing(({ runs }) => runs.some(({ state }) => state === RunState.success));
  await world.scheduler({ flush: loss.flush });
  await using api = await world.api({ body: () => null });
  const params = { customer: "x" };
  const first = await api.trigger("etl", { params });
  const second = await api.trigger("etl", { params });
  await expect.poll(() => api.assigned.length).toBe(1);
  loss.arm();
  await api.report(api.assigned[0]!.attemptId, success());
  expect(await world.untilFinal(first)).toBe("success");
  await expect.poll(() => api.assigned.length).toBe(2);
  await api.report(api.assigned[1]!.attemptId, success());
  expect(await world.untilFinal(second)).toBe("success");
});

test("a run whose start was not written does not wait for itself", async () => {
  await using world = await aWorld();
  const expression = '{"$":"run","path":["params","customer"]}';
  const concurrencyKey = { expression, whenBusy: "queue" } as const;
  await registerDag(world.db, aDag("etl", ["a"], [], { concurrencyKey }));
  let isLost = false;
  await world.scheduler({
    flush(lane, batch) {
      if (isLost) return writeFlush(lane, batch);
      isLost = true;
      return Promise.reject(new Error("Connection terminated unexpectedly"));
    },
  });
  await using api = await world.api();
  expect(await world.untilFinal(await api.trigger("etl", { params: {} }))).toBe("success");
  expect(isLost).toBe(true);
});

test("a run whose key another one has is cancelled, though it could not be read at first", async () => {
  await using world = await aWorld();
  const expression = '{"$":"run","path":["params","customer"]}';
  const concurrencyKey = { expression, whenBusy: "cancel_newest" } as const;
  await registerDag(world.db, aDag("etl", ["a"], [], { concurrencyKey }));
  const { db, met } = statementTrouble(world.db, "owner_run_get", "before");
  await world.scheduler({ db, settings: { reloadDelayMs: { first: 10, max: 20 } } });
  await using api = await world.api({ body: () => null });
  const first = await api.trigger("etl", { params: {} });
  await expect.poll(() => api.assigned.length).toBe(1);
  const second = await api.trigger("etl", { params: {} });
  await met;
  expect(await world.untilFinal(second)).toBe("failed");
  expect(await world.runState(first)).toBe("running");
});
