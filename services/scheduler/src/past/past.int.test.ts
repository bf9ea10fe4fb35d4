import type { Database } from "@millrace/db";
import type { DagSpec, TaskSpec } from "@millrace/engine";
import { ReasonKind, TaskState, type Reason } from "@millrace/wire/v1";
import type { Assignment } from "@millrace/wire/worker";
import { runIdOf } from "@millrace/wire";
import { expect, test } from "vitest";
import { aDag, aTask, argsOf, itemRef, registerDag } from "../testing/dags.ts";
import { failure, success, type FakeApi, type Outcome } from "../testing/fake-api.ts";
import { aWorld, type World } from "../testing/world.ts";
import { reasonsFor } from "../testing/reasons.ts";

const day = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const past = { dependsOnPast: true };

/** Bodies that end when the test says so, by task and day. */
function bodies() {
  const said = new Map<string, PromiseWithResolvers<Outcome>>();
  const of = (name: string) => {
    const known = said.get(name) ?? Promise.withResolvers<Outcome>();
    said.set(name, known);
    return known;
  };
  const begun: string[] = [];
  return {
    begun,
    body(assignment: Assignment) {
      const name = nameOf(assignment);
      begun.push(name);
      return of(name).promise;
    },
    end: (name: string, outcome: Outcome = success()) => of(name).resolve(outcome),
    /** The next attempt waits anew. */
    renew: (name: string) => said.delete(name),
  };
}

function nameOf({ taskId, mapIndex, run }: Assignment): string {
  const at = Number(run?.logicalDate?.seconds ?? 0n) * 1000;
  return `${taskId}${mapIndex < 0 ? "" : `[${mapIndex}]`}${(at - start) / day + 1}`;
}

const trigger = (api: FakeApi, dagId: string, nth: number) =>
  api.trigger(dagId, { logicalAt: start + (nth - 1) * day });

async function explained(api: FakeApi, dagId: string, run: number, taskId: string) {
  const reasons = await reasonsFor(api, dagId, run, taskId);
  return reasons.filter(({ kind }) => kind === ReasonKind.DEPENDS_ON_PAST);
}

const holders = (reasons: readonly Reason[]) =>
  reasons.map(({ evidence }) => [evidence["run_id"], evidence["task_id"], evidence["state"]]);

async function change(
  api: FakeApi,
  dagId: string,
  run: number,
  taskId: string,
  state?: TaskState,
): Promise<void> {
  const selection = { instances: [{ taskId }] };
  const value = { runKey: BigInt(run), selection, ...(state && { state }) };
  const kind = state ? "markInstances" : "clearInstances";
  const requestId = crypto.randomUUID();
  const { reply } = await api.command(dagId, { requestId, command: { case: kind, value } });
  expect(reply.case).toBe("instancesChanged");
}

async function aPast(spec: DagSpec, dbOf = (db: Database) => db) {
  const world = await aWorld();
  await registerDag(world.db, spec);
  const scheduler = await world.scheduler({ db: dbOf(world.db) });
  const work = bodies();
  const api = await world.api({ body: work.body });
  return {
    ...{ world, api, scheduler, ...work },
    run: (nth: number) => trigger(api, spec.dagId, nth),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** Long enough for anything that is going to happen. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 100));

const held = (run: number, task: string, state: string) => [[runIdOf(run), task, state]];

test("a task starts once it has succeeded in the run before; explain names run, task and state until then", async () => {
  await using it = await aPast(aDag("chain", [aTask("a", past), "b"], ["a>b"]));
  const first = await it.run(1);
  const second = await it.run(2);
  const third = await it.run(3);
  await expect.poll(() => it.begun).toEqual(["a1"]);
  const seen = () => explained(it.api, "chain", second, "a");
  await expect.poll(async () => holders(await seen())).toEqual(held(first, "a", "running"));
  expect(holders(await explained(it.api, "chain", third, "a"))).toEqual(
    held(second, "a", "scheduled"),
  );
  it.end("a1");
  // b does not depend on the past, and a of the second run only on a.
  await expect.poll(() => it.begun.toSorted()).toEqual(["a1", "a2", "b1"]);
  it.end("a2");
  await expect.poll(() => it.begun).toContain("a3");
});

test("what failed holds the next run for ever, which stays running, until it is marked", async () => {
  await using it = await aPast(aDag("failed", [aTask("a", past)]));
  const first = await it.run(1);
  it.end("a1", failure("no", false));
  expect(await it.world.untilFinal(first)).toBe("failed");
  const second = await it.run(2);
  const seen = () => explained(it.api, "failed", second, "a");
  await expect.poll(async () => holders(await seen())).toEqual(held(first, "a", "failed"));
  await quiet();
  expect(it.begun).toEqual(["a1"]);
  expect(await it.world.runState(second)).toBe("running");
  await change(it.api, "failed", first, "a", TaskState.SUCCESS);
  await expect.poll(() => it.begun).toEqual(["a1", "a2"]);
});

test("what failed is cleared: the next run waits for it to succeed, also when it runs in a new owner", async () => {
  await using it = await aPast(aDag("cleared", [aTask("a", past)]));
  const first = await it.run(1);
  it.end("a1", failure("no", false));
  await it.world.untilFinal(first);
  const second = await it.run(2);
  await expect.poll(() => it.world.runState(second)).toBe("running");
  await it.scheduler.stop();
  await it.world.scheduler();
  const seen = () => explained(it.api, "cleared", second, "a");
  expect(holders(await seen())).toEqual(held(first, "a", "failed"));
  it.renew("a1");
  await change(it.api, "cleared", first, "a");
  await expect.poll(() => it.begun).toEqual(["a1", "a1"]);
  await expect.poll(async () => holders(await seen())).toEqual(held(first, "a", "running"));
  it.end("a1");
  await expect.poll(() => it.begun).toEqual(["a1", "a1", "a2"]);
});

test("with waitForDownstream it waits for what comes directly after it, too", async () => {
  const tasks = [aTask("a", { ...past, waitForDownstream: true }), "b", "c"];
  await using it = await aPast(aDag("down", tasks, ["a>b>c"]));
  const first = await it.run(1);
  const second = await it.run(2);
  it.end("a1");
  await expect.poll(() => it.begun).toEqual(["a1", "b1"]);
  const seen = () => explained(it.api, "down", second, "a");
  await expect.poll(async () => holders(await seen())).toEqual(held(first, "b", "running"));
  it.end("b1");
  await expect.poll(() => it.begun.toSorted()).toEqual(["a1", "a2", "b1", "c1"]);
});

test("a mapped task waits for all instances of the run before, those that were not expanded yet included", async () => {
  const each = [{ sources: [JSON.stringify([1, 2, 3])] }];
  const options: Partial<TaskSpec> = { ...past, each, args: argsOf(itemRef("m")) };
  await using it = await aPast(aDag("mapped", [aTask("m", options)]));
  const first = await it.run(1);
  await it.run(2);
  await expect.poll(() => it.begun.length).toBe(3);
  it.end("m[2]1");
  it.end("m[0]1");
  await quiet();
  expect(it.begun.length).toBe(3);
  it.end("m[1]1");
  await expect.poll(() => it.begun.length).toBe(6);
  expect(await it.world.untilFinal(first)).toBe("success");
});

test("a run that appears in between holds the later one from then on", async () => {
  await using it = await aPast(aDag("between", [aTask("a", past)]));
  const first = await it.run(1);
  it.end("a1", failure("no", false));
  await it.world.untilFinal(first);
  const third = await it.run(3);
  const seen = () => explained(it.api, "between", third, "a");
  await expect.poll(async () => holders(await seen())).toEqual(held(first, "a", "failed"));
  const second = await it.run(2);
  await expect.poll(async () => holders(await seen())).toEqual(held(second, "a", "scheduled"));
  await change(it.api, "between", first, "a", TaskState.SUCCESS);
  await expect.poll(() => it.begun).toEqual(["a1", "a2"]);
  it.end("a2");
  await expect.poll(() => it.begun).toEqual(["a1", "a2", "a3"]);
});

test("a run that history limits delete holds nobody any more", async () => {
  const spec = aDag("kept", [aTask("a", past)], [], { keptFailedRuns: 0 });
  await using it = await aPast({ ...spec, keptFailedRuns: null });
  const first = await it.run(1);
  it.end("a1", failure("no", false));
  await it.world.untilFinal(first);
  const second = await it.run(2);
  const seen = () => explained(it.api, "kept", second, "a");
  await expect.poll(async () => holders(await seen())).toEqual(held(first, "a", "failed"));
  await register(it.world, spec);
  await expect.poll(() => it.begun).toEqual(["a1", "a2"]);
});

// Each took what the other had to read again for news of its own, and neither had ever read enough.
test("two who read the same past while its run ends have both read it in the end", async () => {
  const reads: (() => void)[] = [];
  let isHolding = false;
  const holding = (db: Database): Database => ({
    ...db,
    pool: new Proxy(db.pool, {
      get(target, property, receiver) {
        if (property !== "query") return Reflect.get(target, property, receiver) as unknown;
        return async (asked: { readonly name?: string }) => {
          if (isHolding && asked.name === "past_run_before")
            await new Promise<void>((resolve) => reads.push(resolve));
          return target.query(asked as never);
        };
      },
    }),
  });
  await using it = await aPast(aDag("both", [aTask("a", past)]), holding);
  const first = await it.run(1);
  await expect.poll(() => it.begun).toEqual(["a1"]);
  isHolding = true;
  const second = await it.run(2);
  await expect.poll(() => reads.length).toBe(1);
  let seen: Awaited<ReturnType<typeof explained>> | null = null;
  const asked = explained(it.api, "both", second, "a").then((reasons) => (seen = reasons));
  it.end("a1", failure("no", false));
  expect(await it.world.untilFinal(first)).toBe("failed");
  // One at a time, so that the next has begun before the one before it is over.
  const read = () => reads.shift()?.();
  await expect.poll(() => (read(), seen)).not.toBeNull();
  expect(holders(await asked)).toEqual(held(first, "a", "failed"));
});

test("a task that is new waits for ever, or begins, as ignoreFirstDependsOnPast says", async () => {
  const only = aDag("grown", ["a"]);
  const fresh = aTask("fresh", { ...past, ignoreFirstDependsOnPast: true });
  const grown = aDag("grown", ["a", aTask("stuck", past), fresh]);
  await using it = await aPast(only);
  const first = await it.run(1);
  it.end("a1");
  await it.world.untilFinal(first);
  await register(it.world, grown);
  const second = await it.run(2);
  await expect.poll(() => it.begun.toSorted()).toEqual(["a1", "a2", "fresh2"]);
  const [reason] = await explained(it.api, "grown", second, "stuck");
  expect(reason?.message).toContain("was made without it");
  // It has been there before: ignore-first does not let it pass a run without it.
  await register(it.world, only);
  for (const name of ["a2", "a3"]) it.end(name);
  await it.world.untilFinal(await it.run(3));
  await register(it.world, grown);
  const fourth = await it.run(4);
  await expect.poll(async () => (await explained(it.api, "grown", fourth, "fresh")).length).toBe(1);
  await quiet();
  expect(it.begun).not.toContain("fresh4");
});

let due = Date.UTC(2090, 0, 1);

/** Resolves when the owner has read it: each version has a run of its own far ahead, which the owner notes. */
async function register(world: World, spec: DagSpec): Promise<void> {
  due += day;
  await registerDag(world.db, { ...spec, schedule: { kind: "events", at: [due] } });
  world.bus.publish("dags", new Uint8Array());
  const noted = async () => {
    const { rows } = await world.db.pool.query<{ at: Date | null }>(
      "SELECT next_run_at AS at FROM dag WHERE dag_id = $1",
      [spec.dagId],
    );
    return rows[0]?.at?.getTime();
  };
  await expect.poll(noted).toBe(due);
}

test("with catch-up, runs that people made do not count, nor do runs before the start date", async () => {
  const spec = aDag("caught", [aTask("a", past)], [], {
    catchup: true,
    startDate: start + 2 * day,
  });
  await using it = await aPast(spec);
  await it.run(1);
  await it.run(2);
  // Without a run before, all start.
  await expect.poll(() => it.begun.toSorted()).toEqual(["a1", "a2"]);
  await it.world.db.pool.query("UPDATE run SET run_type = 1");
  const third = await it.run(3);
  await expect.poll(() => it.begun).toContain("a3");
  expect(await explained(it.api, "caught", third, "a")).toEqual([]);
  await it.world.db.pool.query("UPDATE run SET run_type = 1");
  const fifth = await it.run(5);
  await expect
    .poll(async () => holders(await explained(it.api, "caught", fifth, "a")))
    .toEqual(held(third, "a", "running"));
});
