import { flush, type FlushBatch } from "@millrace/db";
import { MillraceError, TaskState } from "@millrace/engine";
import { runKeyOf } from "@millrace/wire";
import { expect, test } from "vitest";
import { aChain, aDag, aFan, aTask, registerDag } from "../testing/dags.ts";
import {
  apart,
  attemptOf,
  failure,
  success,
  type FakeApi,
  type Outcome,
} from "../testing/fake-api.ts";
import { bring, forTime, forToken, forWatch, isWatch, succeeds } from "../testing/waiting.ts";
import { aWorld } from "../testing/world.ts";

const unavailable = (outcome: string) =>
  new MillraceError("UNAVAILABLE", "cut", { metadata: { outcome } });

test("runs go on after flushes that were not written, and no task ends twice", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("chain", 10));
  let count = 0;
  await world.scheduler({
    flush: (lane, batch) =>
      ++count % 3 === 0 ? Promise.reject(unavailable("none")) : flush(lane, batch),
  });
  const api = await world.api();
  const run = await api.trigger("chain");
  expect(await world.untilFinal(run)).toBe("success");
  expect(count).toBeGreaterThan(12);
  expect(await world.finalChanges(run)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("what a flush wrote whose answer was lost is sent, not granted again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aFan("fan", 10));
  let count = 0;
  await world.scheduler({
    async flush(lane, batch) {
      const answer = await flush(lane, batch);
      if (++count % 2 === 0) throw unavailable("unknown");
      return answer;
    },
  });
  const api = await world.api();
  const run = await api.trigger("fan");
  expect(await world.untilFinal(run)).toBe("success");
  expect(api.assigned.map(attemptOf)).toEqual(Array(12).fill(1));
  expect(await world.finalChanges(run)).toEqual(Array.from({ length: 12 }, (_, i) => i));
});

test("no slot is lost with flushes that fail, nor with what waited behind them", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aFan("fan", 100));
  let count = 0;
  await world.scheduler({
    async flush(lane, batch) {
      const isLost = ++count % 3 === 0;
      // Meanwhile results arrive and tasks are granted, for the next flush.
      await new Promise((resolve) => setTimeout(resolve, 5));
      return isLost ? Promise.reject(unavailable("none")) : flush(lane, batch);
    },
  });
  let bodies = 0;
  const body = () =>
    new Promise<Outcome>((resolve) => setTimeout(resolve, ++bodies % 7, success()));
  const api = await world.api({ slots: 8, body });
  expect(await world.untilFinal(await api.trigger("fan"))).toBe("success");
  await expect.poll(() => api.freeSlots()).toBe(8);
});

test("a row that the database refuses stops its own run only", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("poison", ["a"]));
  await registerDag(world.db, aChain("healthy", 3));
  let poisoned = 0;
  const isPoison = (batch: FlushBatch) => batch.finished.some((row) => row.runId === poisoned);
  await world.scheduler({
    flush: (lane, batch) =>
      isPoison(batch) ? Promise.reject(new Error("violates check constraint")) : flush(lane, batch),
  });
  const api = await world.api({ body: ({ run }) => (run?.dagId === "poison" ? null : success()) });
  poisoned = await api.trigger("poison");
  await expect.poll(() => api.assigned.length).toBe(1);
  void api.report(api.assigned[0]?.attemptId ?? "", success()).catch(() => undefined);
  const healthy = await Promise.all([api.trigger("healthy"), api.trigger("healthy")]);
  for (const run of healthy) expect(await world.untilFinal(run)).toBe("success");
  expect(await world.runState(poisoned)).toBe("running");
});

test("rows that changed behind an owner's back win: it reads them again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("diverged", 2));
  await world.scheduler();
  const api = await world.api({ body: () => null });
  const run = await api.trigger("diverged");
  await expect.poll(() => api.assigned.length).toBe(1);
  await world.db.pool.query(
    "UPDATE task_instance SET attempt = 2, uncounted = 1 WHERE run_id = $1",
    [run],
  );
  const attemptId = api.assigned[0]?.attemptId ?? "";
  const late = await api.report(attemptId, success());
  expect(late).toMatchObject({ kind: 4 });
  const right = await api.report(attemptId.replace(/1$/, "2"), success());
  expect(right).toMatchObject({ kind: 1 });
  await expect.poll(() => api.assigned.length).toBe(2);
});

// A simulation found it: a neighbour that waited for its retry in the same flush ran again after its run had failed fast.
test("a failure that ends its run is written with everything that it ends, or not at all", async () => {
  await using world = await aWorld();
  const spec = aDag(
    "fast",
    ["first", aTask("again", { retries: 1, retryDelayMs: 1 }), "fails", "busy"],
    [],
    { failFast: true },
  );
  await registerDag(world.db, spec);
  const held = Promise.withResolvers<void>();
  let left = 0;
  let refused = 0;
  await world.scheduler({
    async flush(lane, batch) {
      const has = (state: TaskState) => batch.finished.some((row) => row.state === state);
      if (has(TaskState.success)) {
        left += 1;
        await held.promise;
      }
      if (has(TaskState.skipped) && refused++ === 0) throw unavailable("none");
      return flush(lane, batch);
    },
  });
  const api = await world.api({ body: () => null });
  const run = await api.trigger("fast");
  await expect.poll(() => api.assigned.length).toBe(4);
  const idOf = (taskId: string) =>
    api.assigned.find((given) => given.taskId === taskId)?.attemptId ?? "";
  const reports = [api.report(idOf("first"), success())];
  await expect.poll(() => left).toBe(1);
  // While that flush is on its way, two results wait for the next. An answer that needs no flush says that they arrived.
  reports.push(api.report(idOf("again"), failure("once more")));
  reports.push(api.report(idOf("fails"), failure("for good", false)));
  await api.inventory([]);
  held.resolve();
  await Promise.all(reports);
  expect(await world.untilFinal(run)).toBe("failed");
  expect(refused).toBeGreaterThan(0);
  expect(await world.states(run, spec)).toMatchObject({ fails: "failed", busy: "failed" });
});

test("a scheduler outlives a restart of its database connections", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aChain("cut", 20));
  await world.scheduler({ settings: apart });
  const api = await world.api();
  const run = await api.trigger("cut");
  await expect.poll(() => api.assigned.length).toBeGreaterThan(3);
  await world.db.pool
    .query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .catch(() => undefined);
  using _naming = api.keepNaming();
  // Some of the connections that are asked meanwhile may be dead without knowing it.
  await expect.poll(() => world.runState(run), { timeout: 40_000 }).toBe("success");
  expect(await world.finalChanges(run)).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test("waits go on after flushes that were not written, or whose answer was lost, and each ends once", async () => {
  await using world = await aWorld();
  const tasks = Array.from({ length: 30 }, (_, i) => `t${i}`);
  await registerDag(world.db, aDag("waits", tasks));
  let count = 0;
  await world.scheduler({
    async flush(lane, batch) {
      count += 1;
      if (count % 3 === 0) throw unavailable("none");
      const answer = await flush(lane, batch);
      if (count % 5 === 0) throw unavailable("unknown");
      return answer;
    },
  });
  const brought: Promise<string>[] = [];
  /** The token is brought while the body still runs. */
  const early = (ix: number, run: number): Outcome => {
    brought.push(bring(api, { dagId: "waits", run, ix, news: succeeds(ix) }));
    return forToken();
  };
  const waits = [() => forTime(1, { resumes: true }), early, () => forWatch()];
  const api: FakeApi = await world.api({
    slots: 4,
    handlers: ["work", "trigger/http"],
    body(given) {
      const ix = Number(given.taskId.slice(1));
      if (isWatch(given) || attemptOf(given) > 1) return success(ix);
      return waits[ix % 3]?.(ix, runKeyOf(given.run?.runId ?? "") ?? 0) ?? success();
    },
  });
  const run = await api.trigger("waits");
  expect(await world.untilFinal(run)).toBe("success");
  expect(await Promise.all(brought)).toEqual(Array(10).fill("done"));
  expect(await world.finalChanges(run)).toEqual(tasks.map((_, ix) => ix));
  await expect.poll(() => api.freeSlots()).toBe(4);
});
