import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { DagSpec, DeadlineSpec } from "@millrace/engine";
import { DeadlineState } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { deliveries, handlers, tell, telling, told } from "../testing/callbacks.ts";
import { aDag, aTask, registerDag } from "../testing/dags.ts";
import { failure, success, type FakeApi, type Outcome } from "../testing/fake-api.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld, type World } from "../testing/world.ts";

const minute = 60_000;
const hour = 60 * minute;
/** Soon enough to wait for. */
const soon = 600;
const settings = { deadlineLookMs: 20 };
const tellDeadlines = (["deadline_missed", "deadline_at_risk"] as const).map((on) => tell(on));

function after(ms: number, name = "soon"): DeadlineSpec {
  return { name, reference: { kind: "queued_at" }, intervalMs: ms };
}

type Row = { ix: number; ordinal: number; state: number };

/** But those that were kept. */
async function rows(world: World, runKey: number): Promise<Row[]> {
  const found = await world.db.pool.query<Row>(
    "SELECT ix, ordinal, state FROM deadline WHERE run_id = $1 AND state <> 4 ORDER BY ix, ordinal",
    [runKey],
  );
  return found.rows;
}

const of = (ix: number, state: number, ordinal = 0): Row => ({ ix, ordinal, state });

async function aDeadline(spec: DagSpec, body: (assignment: Assignment) => Outcome | null) {
  const world = await aWorld();
  await registerDag(world.db, spec);
  const clock = movingClock();
  const start = () => world.scheduler({ clock, settings: { ...unread, ...settings } });
  const scheduler = await start();
  const api = await world.api({ handlers, body: telling(body) });
  return {
    ...{ world, clock, start, scheduler, api },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

const callbacksOf = (api: FakeApi) => told(api).filter((what) => what.startsWith("deadline"));

test("a deadline that passes before the run has succeeded is missed once, and told", async () => {
  const spec = aDag("late", ["a"], [], {
    deadlines: [after(minute), after(hour, "later")],
    callbacks: tellDeadlines,
  });
  await using it = await aDeadline(spec, () => null);
  const run = await it.api.trigger("late");
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 1), of(-1, 1, 1)]);
  it.clock.advance(minute);
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 3), of(-1, 1, 1)]);
  await expect.poll(() => callbacksOf(it.api)).toEqual(["deadline_missed of the run"]);
  const { callback } = it.api.assigned.find((one) => one.callback !== undefined)!;
  expect(callback).toMatchObject({
    deadline: { name: "soon", state: DeadlineState.MISSED, criticalTaskIds: [] },
    tryNumber: 0,
  });
  await expect.poll(() => deliveries(it.world.db)).toEqual([{ state: "delivered", tries: 1 }]);
  await it.scheduler.stop();
  await it.start();
  expect(await rows(it.world, run)).toEqual([of(-1, 3), of(-1, 1, 1)]);
  // Nothing is told before the next one is missed: the first is not told again.
  it.clock.advance(hour);
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 3), of(-1, 3, 1)]);
  const names = () => it.api.assigned.flatMap((one) => one.callback?.deadline?.name ?? []);
  await expect.poll(names).toEqual(["soon", "later"]);
});

test("success deletes what is not missed; a missed one stays", async () => {
  const spec = aDag("kept", ["a"], [], { deadlines: [after(minute), after(-minute, "past")] });
  await using it = await aDeadline(spec, () => null);
  const run = await it.api.trigger("kept");
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 1), of(-1, 3, 1)]);
  await expect.poll(() => it.api.assigned.length).toBe(1);
  await it.api.report(it.api.assigned[0]!.attemptId, success());
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 3, 1)]);
});

test("a failed run still misses its deadline, under a new owner as well; a new owner misses what passed meanwhile", async () => {
  const deadlines = [after(minute)];
  const spec = aDag("failing", ["a"], [], { deadlines, callbacks: tellDeadlines });
  let isFailing = true;
  await using it = await aDeadline(spec, () => (isFailing ? failure("no", false) : null));
  const failed = await it.api.trigger("failing");
  await it.world.untilFinal(failed);
  isFailing = false;
  const running = await it.api.trigger("failing");
  await expect.poll(() => rows(it.world, running)).toEqual([of(-1, 1)]);
  expect(await rows(it.world, failed)).toEqual([of(-1, 1)]);
  await it.scheduler.stop();
  // As if a minute had gone by.
  await it.world.db.pool.query("UPDATE deadline SET due_at = due_at - interval '2 minutes'");
  await it.world.scheduler();
  for (const run of [failed, running])
    await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 3)]);
  await expect.poll(() => callbacksOf(it.api)).toHaveLength(2);
});

test("a task's deadline is kept when all of it has succeeded; its own callbacks are told when it is missed", async () => {
  const options = (spanMs: number) => ({ deadlines: [after(spanMs)], callbacks: tellDeadlines });
  const spec = aDag("tasks", [aTask("a", options(hour)), aTask("b", options(minute))]);
  await using it = await aDeadline(spec, ({ taskId }) => (taskId === "a" ? success() : null));
  const run = await it.api.trigger("tasks");
  await expect.poll(() => rows(it.world, run)).toEqual([of(1, 1)]);
  it.clock.advance(minute);
  await expect.poll(() => rows(it.world, run)).toEqual([of(1, 3)]);
  await expect.poll(() => callbacksOf(it.api)).toEqual(["deadline_missed of b, try 0"]);
});

test("a run that is cleared has what counts from its queueing anew, and nothing else", async () => {
  const deadlines: DeadlineSpec[] = [
    after(minute),
    { name: "fixed", reference: { kind: "fixed", at: Date.now() - minute }, intervalMs: 0 },
  ];
  await using it = await aDeadline(aDag("again", ["a"], [], { deadlines }), () => null);
  const run = await it.api.trigger("again");
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 1), of(-1, 3, 1)]);
  await expect.poll(() => it.api.assigned.length).toBe(1);
  await it.api.report(it.api.assigned[0]!.attemptId, success());
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 3, 1)]);
  const value = { runKey: BigInt(run), selection: {} };
  const requestId = crypto.randomUUID();
  await it.api.command("again", { requestId, command: { case: "clearInstances", value } });
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 1), of(-1, 3, 1)]);
});

test("an average runtime counts once so many runs have ended", async () => {
  const reference = { kind: "average_runtime", maxRuns: 2, minRuns: 2 } as const;
  const deadlines = [{ name: "usual", reference, intervalMs: minute }];
  await using it = await aDeadline(aDag("usual", ["a"], [], { deadlines }), () => success());
  for (let n = 0; n < 2; n += 1) {
    const run = await it.api.trigger("usual");
    await it.world.untilFinal(run);
    expect(await rows(it.world, run)).toEqual([]);
  }
  await it.world.db.pool.query("UPDATE run SET ended_at = started_at + interval '3 minutes'");
  await it.scheduler.stop();
  await it.world.scheduler();
  await it.api[Symbol.asyncDispose]();
  const third = await it.api.trigger("usual");
  const found = () =>
    it.world.db.pool.query<{ ms: number }>(
      `SELECT extract(epoch FROM d.due_at - r.queued_at)::float8 * 1000 AS ms
       FROM deadline AS d JOIN run AS r ON r.id = d.run_id WHERE d.run_id = $1`,
      [third],
    );
  await expect.poll(async () => Math.round(((await found()).rows[0]?.ms ?? 0) / 100)).toBe(4 * 600);
});

test("before it is missed, the critical path of what is left says that it will be", async () => {
  const spec = aDag("path", ["a", "b", "c"], ["a>b", "a>c"], {
    deadlines: [after(9 * minute)],
    callbacks: tellDeadlines,
  });
  let isHistory = true;
  await using it = await aDeadline(spec, () => (isHistory ? success() : null));
  await it.world.untilFinal(await it.api.trigger("path"));
  // a takes as good as nothing, b eight minutes, c one.
  await it.world.db.pool.query(
    "UPDATE task_instance SET ended_at = started_at + (ARRAY[1, 480000, 60000])[ix + 1] * interval '1 millisecond'",
  );
  // Its own deadline may have had the history read once it had ended, and nothing tells of what was changed by hand.
  await it.scheduler.stop();
  const scheduler = await it.start();
  isHistory = false;
  const run = await it.api.trigger("path");
  await expect.poll(() => it.api.assigned.filter(({ taskId }) => taskId === "a").length).toBe(2);
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 1)]);
  // Once a minute has gone by in which a has not ended.
  it.clock.advance(minute);
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 2)]);
  await expect.poll(() => callbacksOf(it.api)).toEqual(["deadline_at_risk of the run"]);
  const { callback } = it.api.assigned.findLast((one) => one.callback !== undefined)!;
  expect(callback?.deadline).toMatchObject({
    state: DeadlineState.AT_RISK,
    criticalTaskIds: ["a", "b"],
  });
  const { dueAt, estimatedEndAt } = callback!.deadline!;
  expect(timestampMs(estimatedEndAt!)).toBeGreaterThan(timestampMs(dueAt!));
  await it.world.db.pool.query(
    "UPDATE deadline SET due_at = date_trunc('milliseconds', clock_timestamp())",
  );
  await scheduler.stop();
  await it.world.scheduler();
  await expect.poll(() => rows(it.world, run)).toEqual([of(-1, 3)]);
  await expect.poll(() => callbacksOf(it.api)).toHaveLength(2);
});

test("a deadline that was marked without an answer is told all the same", async () => {
  const spec = aDag("late", ["a"], [], { deadlines: [after(soon)], callbacks: tellDeadlines });
  await using world = await aWorld();
  await registerDag(world.db, spec);
  const { db } = statementTrouble(world.db, "deadline_mark", "after");
  await world.scheduler({ db, settings: { reloadDelayMs: { first: 10, max: 20 } } });
  const api = await world.api({ handlers, body: telling(() => null) });
  await api.trigger("late");
  await expect.poll(() => callbacksOf(api)).toEqual(["deadline_missed of the run"]);
});

test("a mark that arrives once it was made again, and told, leaves what was told as it is", async () => {
  const spec = aDag("late", ["a"], [], { deadlines: [after(soon)], callbacks: tellDeadlines });
  await using world = await aWorld();
  await registerDag(world.db, spec);
  const { db, letGo, taken } = statementTrouble(world.db, "deadline_mark", "late");
  await world.scheduler({ db, settings: { reloadDelayMs: { first: 10, max: 20 } } });
  const api = await world.api({ handlers, body: telling(() => null) });
  await api.trigger("late");
  const delivered = [{ state: "delivered", tries: 1 }];
  await expect.poll(() => deliveries(world.db)).toEqual(delivered);
  letGo();
  await taken;
  expect(await deliveries(world.db)).toEqual(delivered);
  expect(callbacksOf(api)).toEqual(["deadline_missed of the run"]);
});

test.each([1, 2])(
  "what was marked without an answer is told, though the task, or its run, has succeeded since (tasks: %i)",
  async (tasks) => {
    const a = aTask("a", { deadlines: [after(soon)], callbacks: tellDeadlines });
    const spec = aDag("late", [a, "b"].slice(0, tasks), []);
    const gate = Promise.withResolvers<Outcome>();
    await using world = await aWorld();
    await registerDag(world.db, spec);
    const { db, met } = statementTrouble(world.db, "deadline_mark", "after");
    const clock = movingClock();
    // A lease that ends with the clock would have the callbacks read.
    const reloadDelayMs = { first: 10, max: 60_000 };
    await world.scheduler({ db, clock, settings: { ...unread, reloadDelayMs } });
    const body = ({ taskId }: Assignment) => (taskId === "a" ? gate.promise : null);
    const api = await world.api({ handlers, body: telling(body) });
    const run = await api.trigger("late");
    await met;
    gate.resolve(success());
    await expect.poll(async () => (await world.taskStates(run))[0]).toBe("success");
    expect(callbacksOf(api)).toEqual([]);
    clock.advance(61_000);
    await expect.poll(() => callbacksOf(api)).toEqual(["deadline_missed of a, try 0"]);
    expect(await rows(world, run)).toEqual([of(0, 3)]);
  },
);

test("a deadline that was kept is not pending again when it is written once more, late", async () => {
  const a = aTask("a", { deadlines: [after(minute)] });
  const gate = Promise.withResolvers<Outcome>();
  await using world = await aWorld();
  await registerDag(world.db, aDag("late", [a, "b"], []));
  const { db, letGo, taken } = statementTrouble(world.db, "deadline_put", "late");
  await world.scheduler({ db, settings: { reloadDelayMs: { first: 10, max: 20 } } });
  const api = await world.api({ body: ({ taskId }) => (taskId === "a" ? gate.promise : null) });
  const run = await api.trigger("late");
  await expect.poll(() => rows(world, run)).toEqual([of(0, 1)]);
  gate.resolve(success());
  await expect.poll(() => rows(world, run)).toEqual([]);
  letGo();
  await taken;
  expect(await rows(world, run)).toEqual([]);
  const { attemptId } = api.assigned.find(({ taskId }) => taskId === "b")!;
  await api.report(attemptId, success());
  const left = async () => (await world.db.pool.query("SELECT FROM deadline")).rowCount;
  await expect.poll(left).toBe(0);
});

test("deadlines that were kept go, though they could not be deleted at first", async () => {
  const tasks = [aTask("a", { deadlines: [after(minute)] }), aTask("b")];
  await using world = await aWorld();
  await registerDag(world.db, aDag("kept", tasks));
  const { db, met } = statementTrouble(world.db, "deadline_keep", "before");
  await world.scheduler({ db, settings: { reloadDelayMs: { first: 10, max: 20 } } });
  const api = await world.api({
    body: ({ taskId }) => (taskId === "a" ? success() : failure("no", false)),
  });
  const run = await api.trigger("kept");
  expect(await world.untilFinal(run)).toBe("failed");
  await met;
  await expect.poll(() => rows(world, run)).toEqual([]);
});
