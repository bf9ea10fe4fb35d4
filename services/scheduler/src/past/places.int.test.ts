/** A run that only waits for the past gives its place to an earlier one, and takes it again. */

import { flush as writeFlush } from "@millrace/db";
import type { DagSpec } from "@millrace/engine";
import { ReasonKind, TaskState } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { runIdOf } from "@millrace/wire";
import { describe, expect, test } from "vitest";
import { backfillState, daily, day, startBackfill } from "../testing/backfills.ts";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { failure, success, type Outcome } from "../testing/fake-api.ts";
import { aWorld, type World } from "../testing/world.ts";
import { reasonsFor } from "../testing/reasons.ts";

const past = { dependsOnPast: true };
const alone = { maxActiveRuns: 1 };

/** Bodies are answered by the test, by name: "a2" is task a in the run of the second day. */
async function aPast(spec: DagSpec, options: Parameters<World["scheduler"]>[0] = {}) {
  const world = await aWorld();
  await registerDag(world.db, spec, { scheduledThrough: new Date() });
  const scheduler = await world.scheduler(options);
  const open = new Map<string, string>();
  const begun: string[] = [];
  const api = await world.api({
    body(assignment) {
      const name = nameOf(assignment);
      begun.push(name);
      open.set(name, assignment.attemptId);
      return null;
    },
  });
  return {
    ...{ world, scheduler, api, begun },
    run: (nth: number, params: unknown = {}) =>
      api.trigger(spec.dagId, { logicalAt: day(nth), params }),
    async end(name: string, outcome: Outcome = success()) {
      await expect.poll(() => open.has(name)).toBe(true);
      const attemptId = open.get(name)!;
      open.delete(name);
      await api.report(attemptId, outcome);
    },
    async clear(runKey: number, taskId = "a") {
      const selection = { instances: [{ taskId }], downstream: true };
      const value = { runKey: BigInt(runKey), selection };
      const command = { case: "clearInstances", value } as const;
      await api.command(spec.dagId, { requestId: crypto.randomUUID(), command });
    },
    async mark(runKey: number, taskId = "a") {
      const selection = { instances: [{ taskId }] };
      const value = { runKey: BigInt(runKey), selection, state: TaskState.SUCCESS };
      const command = { case: "markInstances", value } as const;
      await api.command(spec.dagId, { requestId: crypto.randomUUID(), command });
    },
    reasons: (runKey: number, taskId = "a") => reasonsFor(api, spec.dagId, runKey, taskId),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

function nameOf({ taskId, run }: Assignment): string {
  const at = Number(run?.logicalDate?.seconds ?? 0n) * 1000;
  return `${taskId}${Math.round((at - day(0)) / 86_400_000)}`;
}

describe("with max_active_runs of 1", () => {
  test("what failed is cleared, and runs again before the run that waits for it; then that goes on", async () => {
    await using it = await aPast(aDag("cleared", [aTask("a", past), "b"], ["a>b"], alone));
    const first = await it.run(1);
    await it.end("a1", failure("no", false));
    expect(await it.world.untilFinal(first)).toBe("failed");
    const second = await it.run(2);
    await expect.poll(() => it.world.runState(second)).toBe("running");
    await it.clear(first);
    await it.end("a1");
    // The second could start its task now; but its place is the first one's until that has ended.
    await expect.poll(() => it.begun).toContain("b1");
    await expect
      .poll(async () => (await it.reasons(second)).map(({ kind }) => kind))
      .toContain(ReasonKind.MAX_ACTIVE_RUNS);
    const reasons = await it.reasons(second);
    expect(reasons.find(({ kind }) => kind === ReasonKind.MAX_ACTIVE_RUNS)?.evidence).toEqual({
      run_id: runIdOf(first),
    });
    expect(it.begun).toEqual(["a1", "a1", "b1"]);
    await it.end("b1");
    await it.end("a2");
    await it.end("b2");
    for (const run of [first, second]) expect(await it.world.untilFinal(run)).toBe("success");
  });

  test("runs that come in the wrong order run in that of their dates", async () => {
    await using it = await aPast(aDag("orderless", [aTask("a", past)], [], alone));
    const zeroth = await it.run(1);
    await it.end("a1", failure("no", false));
    await it.world.untilFinal(zeroth);
    const fourth = await it.run(4);
    await expect.poll(() => it.world.runState(fourth)).toBe("running");
    const third = await it.run(3);
    await expect.poll(() => it.world.runState(third)).toBe("running");
    const second = await it.run(2);
    await expect.poll(() => it.world.runState(second)).toBe("running");
    await it.mark(zeroth);
    for (const name of ["a2", "a3", "a4"]) {
      await expect.poll(() => it.begun.at(-1)).toBe(name);
      await it.end(name);
    }
    for (const run of [second, third, fourth])
      expect(await it.world.untilFinal(run)).toBe("success");
  });

  test("a run of a later date does not pass one that waits", async () => {
    await using it = await aPast(aDag("later", [aTask("a", past)], [], alone));
    const first = await it.run(1);
    await it.end("a1", failure("no", false));
    await it.world.untilFinal(first);
    const second = await it.run(2);
    await expect.poll(() => it.world.runState(second)).toBe("running");
    const third = await it.run(3);
    await expect
      .poll(async () => (await it.reasons(third)).map(({ kind }) => kind))
      .toContain(ReasonKind.MAX_ACTIVE_RUNS);
    expect(await it.world.runState(third)).toBe("queued");
    await it.mark(first);
    await it.end("a2");
    await it.end("a3");
    expect(await it.world.untilFinal(third)).toBe("success");
  });

  test("a new owner finds two runs and one place: the later one waits again", async () => {
    await using it = await aPast(aDag("taken", [aTask("a", past), "b"], ["a>b"], alone));
    const first = await it.run(1);
    await it.end("a1", failure("no", false));
    await it.world.untilFinal(first);
    const second = await it.run(2);
    await expect.poll(() => it.world.runState(second)).toBe("running");
    await it.clear(first);
    await it.end("a1");
    await expect.poll(() => it.begun).toContain("b1");
    await it.scheduler.stop();
    await it.world.scheduler();
    await expect
      .poll(async () => (await it.reasons(second)).map(({ kind }) => kind))
      .toContain(ReasonKind.MAX_ACTIVE_RUNS);
    expect(it.begun).not.toContain("a2");
    await it.end("b1");
    await it.end("a2");
    await it.end("b2");
    expect(await it.world.untilFinal(second)).toBe("success");
  });

  test("a run that something still runs in keeps its place until that has ended", async () => {
    await using it = await aPast(aDag("busy", [aTask("a", past), "c"], [], alone));
    const first = await it.run(1);
    await it.end("c1");
    await it.end("a1", failure("no", false));
    await it.world.untilFinal(first);
    const second = await it.run(2);
    await expect.poll(() => it.begun).toContain("c2");
    await it.clear(first);
    expect(await it.world.runState(first)).toBe("queued");
    await it.end("c2");
    await it.end("a1");
    await it.end("a2");
    for (const run of [first, second]) expect(await it.world.untilFinal(run)).toBe("success");
  });
});

/** The second run waits with task a for the first, which has failed and runs again in its place; then its task c is cleared. */
async function clearedBehind(more: Partial<DagSpec>, params: unknown) {
  let isArmed = false;
  const spec = aDag("behind", ["c", aTask("a", past), "b"], ["c>a", "a>b"], more);
  const it = await aPast(spec, {
    async flush(lane, batch) {
      const answer = await writeFlush(lane, batch);
      if (!isArmed) return answer;
      isArmed = false;
      throw new Error("Connection terminated unexpectedly");
    },
  });
  const first = await it.run(1, params);
  await it.end("c1");
  await it.end("a1", failure("no", false));
  await it.world.untilFinal(first);
  const second = await it.run(2, params);
  await it.end("c2");
  await expect.poll(() => it.world.taskStates(second)).toContain("success");
  await it.clear(first);
  await expect.poll(() => it.begun.at(-1)).toBe("a1");
  return {
    ...{ it, second },
    /** The answer of what is written next is lost, so that its run is read again. */
    arm: () => (isArmed = true),
    async end() {
      await expect
        .poll(async () => (await it.reasons(second, "c")).map(({ kind }) => kind))
        .toEqual(expect.arrayContaining([ReasonKind.MAX_ACTIVE_RUNS]));
      expect(it.begun).toEqual(["c1", "a1", "c2", "a1"]);
      for (const name of ["a1", "b1", "c2", "a2", "b2"]) await it.end(name);
      expect(await it.world.untilFinal(second)).toBe("success");
    },
  };
}

const keyed = {
  concurrencyKey: {
    expression: '{"$":"run","path":["params","customer"]}',
    whenBusy: "queue",
  },
} as const;

describe.each([
  { what: "places", more: alone },
  { what: "keys", more: keyed },
])("a run that gave its place away starts nothing new, by its $what,", ({ more }) => {
  test("after a take-over, though nothing of it waits for the past any more", async () => {
    const { it, second, end } = await clearedBehind(more, { customer: "x" });
    await using _ = it;
    await it.clear(second, "c");
    await it.scheduler.stop();
    await it.world.scheduler();
    await end();
  });

  test("when it has been read again", async () => {
    const { it, second, arm, end } = await clearedBehind(more, { customer: "x" });
    await using _ = it;
    arm();
    await it.clear(second, "c").catch(() => undefined);
    await end();
  });
});

test("a concurrency key goes to the earlier run as well, and back", async () => {
  const expression = '{"$":"run","path":["params","customer"]}';
  const concurrencyKey = { expression, whenBusy: "cancel_oldest" } as const;
  await using it = await aPast(aDag("keyed", [aTask("a", past)], [], { concurrencyKey }));
  const first = await it.run(1, { customer: "x" });
  await it.end("a1", failure("no", false));
  await it.world.untilFinal(first);
  const second = await it.run(2, { customer: "x" });
  await expect.poll(() => it.world.runState(second)).toBe("running");
  await it.clear(first);
  await it.end("a1");
  await it.end("a2");
  for (const run of [first, second]) expect(await it.world.untilFinal(run)).toBe("success");
});

test("a backfill goes forwards over tasks that depend on the past, one date after the other; what fails holds it until it is cleared", async () => {
  const spec = aDag("filled", [aTask("a", past), "b"], ["a>b"], daily);
  await using it = await aPast(spec);
  const key = await startBackfill(it.world.db, it.api, spec, {
    ...{ from: day(1), to: day(3), maxActiveRuns: 1 },
  });
  await it.end("a1");
  await it.end("b1");
  await it.end("a2", failure("no", false));
  await expect.poll(() => it.begun).toEqual(["a1", "b1", "a2"]);
  const { rows } = await it.world.db.pool.query<{ id: number }>(
    "SELECT id FROM run WHERE logical_at = $1",
    [new Date(day(2)).toISOString()],
  );
  const second = rows[0]!.id;
  expect(await it.world.untilFinal(second)).toBe("failed");
  // The third has the only place of the backfill.
  await expect
    .poll(async () => (await runsOf(it)).map(({ state }) => state))
    .toEqual(["success", "failed", "running"]);
  await it.clear(second);
  for (const name of ["a2", "b2", "a3", "b3"]) await it.end(name);
  await expect.poll(() => backfillState(it.world.db, key)).toBe("completed");
  expect(it.begun).toEqual(["a1", "b1", "a2", "a2", "b2", "a3", "b3"]);
});

async function runsOf({ world }: Awaited<ReturnType<typeof aPast>>) {
  const { rows } = await world.db.pool.query<{ id: number }>(
    "SELECT id FROM run ORDER BY logical_at",
  );
  return Promise.all(rows.map(async ({ id }) => ({ id, state: await world.runState(id) })));
}
