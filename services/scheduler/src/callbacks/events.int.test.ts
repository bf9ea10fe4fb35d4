/** Who is told of what: the tables of semantics 12.1 and 12.2. */

import { fromBinary } from "@bufbuild/protobuf";
import { FailureKind, FailureSchema, RunState, TaskKind } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { argsOf, aDag, aTask, itemRef, registerDag } from "../testing/dags.ts";
import { failure, success, textOf, type Outcome } from "../testing/fake-api.ts";
import {
  deliveries,
  handlers,
  tell,
  tellAll,
  tellEnds,
  telling,
  told,
} from "../testing/callbacks.ts";
import { movingClock, unread } from "../testing/moving-clock.ts";
import { aWorld, type World } from "../testing/world.ts";

const skipped: Outcome = { case: "skipped", value: { message: "nothing to do" } };

async function untilTold(world: World): Promise<void> {
  await expect
    .poll(async () => (await deliveries(world.db)).every(({ state }) => state === "delivered"))
    .toBe(true);
}

test("a task tells of its success, its failure, each retry, and that it chose not to run", async () => {
  await using world = await aWorld();
  const told4 = { callbacks: tellAll };
  const spec = aDag("all", [
    aTask("good", told4),
    aTask("bad", told4),
    aTask("again", { ...told4, retries: 1, retryDelayMs: 1 }),
    aTask("no", told4),
  ]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({
    handlers,
    body: telling(({ taskId, tryNumber }) => {
      if (taskId === "no") return skipped;
      if (taskId === "good" || tryNumber > 1) return success();
      return failure("boom");
    }),
  });
  const run = await api.trigger("all");
  await world.untilFinal(run);
  await expect
    .poll(() => told(api).toSorted())
    .toEqual([
      "failure of bad, try 1",
      "retry of again, try 1",
      "skipped of no, try 1",
      "success of again, try 2",
      "success of good, try 1",
    ]);
  await untilTold(world);
});

test("a worker is told what happened, and what the callback's settings are", async () => {
  await using world = await aWorld();
  const callback = tell("failure", { config: '{"to":"me"}', name: "page" });
  await registerDag(world.db, aDag("told", [aTask("a", { callbacks: [callback], retries: 0 })]));
  await world.scheduler();
  const api = await world.api({ handlers, body: telling(() => failure("boom")) });
  await api.trigger("told", { params: { region: "eu" } });
  await expect.poll(() => told(api)).toHaveLength(1);
  const assignment = api.assigned.at(-1);
  expect(assignment).toMatchObject({
    attemptId: expect.stringMatching(/^\d+\.\w+\.0\.-1\.1\.c2\.0$/),
    ...{ handler: "tell", kind: TaskKind.EXTERNAL, taskId: "a", mapIndex: -1, maxTries: 1 },
    executionTimeout: { seconds: 600n },
    callback: {
      ...{ name: "page", tryNumber: 1, deliveryTry: 1 },
      failure: { kind: FailureKind.APPLICATION, message: "boom" },
    },
    run: { dagId: "told", dagVersion: 1 },
  });
  expect(textOf(assignment?.args)).toBe('[{"to":"me"}]');
  expect(textOf(assignment?.run?.params?.data)).toBe('{"region":"eu"}');
  expect(assignment?.idempotencyKey).toMatch(/^\w+\/a\/failure\/1\/0\/\d+$/);
});

test("a function of the bundle goes to workers that run bundles, in the task's line; an external task's in the DAG's", async () => {
  await using world = await aWorld();
  const ofBundle = (handler: string) => tell("success", { isExternal: false, handler });
  const far = aTask("far", { queue: "far", callbacks: [ofBundle("f#far"), tell("success")] });
  const near = aTask("near", { kind: "bundle", queue: "far", callbacks: [ofBundle("f#near")] });
  const spec = aDag("lines", [far, near], [], {
    ...{ callbackQueue: "alerts", callbacks: [ofBundle("f#run")] },
  });
  await registerDag(world.db, spec);
  await world.scheduler();
  const distant = await world.api({ name: "far", queues: ["far"], handlers });
  const alerts = await world.api({ name: "alerts", queues: ["alerts"] });
  await world.untilFinal(await distant.trigger("lines"));
  const handlersOf = (api: typeof alerts) =>
    api.assigned.flatMap(({ callback, handler }) => (callback === undefined ? [] : [handler]));
  await expect.poll(() => handlersOf(distant).toSorted()).toEqual(["f#near", "tell"]);
  await expect.poll(() => handlersOf(alerts).toSorted()).toEqual(["f#far", "f#run"]);
  expect(alerts.assigned[0]?.kind).toBe(TaskKind.BUNDLE);
});

test("each instance of a mapped task tells for itself", async () => {
  await using world = await aWorld();
  const each = [{ sources: ["[1,2,3]"] }];
  const args = argsOf(itemRef("m"));
  const spec = aDag("mapped", [aTask("m", { each, args, callbacks: tellAll })]);
  await registerDag(world.db, spec);
  await world.scheduler();
  const api = await world.api({
    handlers,
    body: telling(({ mapIndex }) => (mapIndex === 1 ? failure("boom") : success())),
  });
  await world.untilFinal(await api.trigger("mapped"));
  await expect
    .poll(() => told(api).toSorted())
    .toEqual(["failure of m[1], try 1", "success of m[0], try 1", "success of m[2], try 1"]);
  const assignment = api.assigned.find(({ callback }) => callback !== undefined);
  expect(assignment?.mapLength).toBe(3);
});

test("a task that cannot be mapped tells that it failed", async () => {
  await using world = await aWorld();
  const each = [{ sources: [JSON.stringify({ $: "run", path: ["params", "rows"] })] }];
  await registerDag(world.db, aDag("setup", [aTask("m", { each, callbacks: tellAll })]));
  await world.scheduler();
  const api = await world.api({ handlers });
  const run = await api.trigger("setup", { params: { rows: "none" } });
  expect(await world.untilFinal(run)).toBe("failed");
  await expect.poll(() => told(api)).toEqual(["failure of m, try 0"]);
  expect(api.assigned[0]?.callback?.failure).toMatchObject({ type: "NotAList" });
});

test("a run tells of its end once, and again after it was opened again", async () => {
  await using world = await aWorld();
  await registerDag(world.db, aDag("ends", ["a"], [], { callbacks: tellEnds }));
  await world.scheduler();
  let isGood = false;
  const api = await world.api({
    handlers,
    body: telling(() => (isGood ? success() : failure("boom"))),
  });
  const run = await api.trigger("ends");
  expect(await world.untilFinal(run)).toBe("failed");
  await expect.poll(() => told(api)).toEqual(["failure of the run"]);
  expect(api.assigned.at(-1)).toMatchObject({
    ...{ taskId: "", mapIndex: -1 },
    callback: { tryNumber: 0, runState: RunState.FAILED, failure: { message: "Task a failed." } },
  });
  isGood = true;
  await api.command("ends", {
    requestId: "clear",
    command: {
      case: "clearInstances",
      value: { runKey: BigInt(run), selection: { instances: [{ taskId: "a" }] } },
    },
  });
  await expect.poll(() => world.runState(run)).toBe("success");
  await expect.poll(() => told(api)).toEqual(["failure of the run", "success of the run"]);
  const { rows } = await world.db.pool.query<{ attempt: number; cause: Buffer | null }>(
    "SELECT attempt, cause FROM callback_delivery ORDER BY happened_at",
  );
  expect(rows.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(fromBinary(FailureSchema, rows[0]?.cause ?? Buffer.alloc(0)).message).toBe(
    "Task a failed.",
  );
  expect(rows[1]?.cause).toBeNull();
});

test("a run that takes too long tells that it failed, and its tasks tell nothing", async () => {
  await using world = await aWorld();
  const a = aTask("a", { callbacks: tellAll });
  const late = { dagrunTimeoutMs: 60_000, callbacks: tellEnds };
  await registerDag(world.db, aDag("late", [a, aTask("b")], ["a>b"], late));
  const clock = movingClock();
  await world.scheduler({ clock, settings: unread });
  const api = await world.api({ handlers, body: telling(() => null) });
  const run = await api.trigger("late");
  await expect.poll(() => api.assigned).toHaveLength(1);
  clock.advance(61_000);
  await expect.poll(() => api.cancelled).toHaveLength(1);
  await api.report(api.cancelled[0] ?? "", {
    case: "failed",
    value: { kind: FailureKind.CANCELLED, message: "stopped" },
  });
  expect(await world.untilFinal(run)).toBe("failed");
  await expect.poll(() => told(api)).toEqual(["failure of the run"]);
});
