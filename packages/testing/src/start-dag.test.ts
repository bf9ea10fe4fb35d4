/** Runs that a test leads by the hand: outcomes, virtual time, reasons. */
import {
  chain,
  context,
  dag,
  each,
  externalTask,
  FailTask,
  shortCircuit,
  task,
} from "@millrace/sdk";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import type { Outcomes } from "./index.ts";
import { after, fail, ok, skip, startDag } from "./index.ts";

type Row = { readonly id: number };
const extract = task(
  { retries: 2, retryDelay: "30s" },
  function extract(_day: string): readonly Row[] {
    throw new Error("only in production");
  },
);
const transform = task(function transform(rows: readonly Row[], scale: number) {
  return { total: rows.length * scale };
});
const load = task(function load({ total }: { total: number }): number {
  return total;
});
const etl = dag("etl", {}, (run) => load(transform(extract(run.ds), 2)));
const rows = [{ id: 1 }, { id: 2 }];
const logicalDate = "2026-01-01T00:00Z";

describe("a started run", () => {
  test("begins with the first advance, and goes on only when it is told to", async () => {
    const run = startDag(etl, {
      logicalDate,
      outcomes: { extract: [fail("boom"), ok(rows)], transform: after("10m", skip()) },
    });
    expect(run.state).toBe("queued");
    expect(run.order).toEqual([]);
    await run.advance("5m");
    expect(run.state).toBe("running");
    expect(run.now).toEqual(new Date("2026-01-01T00:05Z"));
    expect(run.task("extract")).toMatchObject({ state: "success", attempts: 2, value: rows });
    expect(run.task("transform")).toMatchObject({ state: "running", attempts: 1 });
    expect(run.task("transform").explain).toMatchObject([{ kind: "running" }]);
    expect(run.task("load").explain).toMatchObject([
      {
        kind: "upstream",
        message: "Waits for 1 of 1 upstream task: transform (running).",
        taskIds: ["transform"],
      },
    ]);
    await run.finish();
    expect(run.now).toEqual(new Date("2026-01-01T00:10:30Z"));
    expect(run.task("load").state).toBe("skipped");
    expect(run.order).toEqual(["extract", "extract", "transform"]);
    expect(run.state).toBe("success");
  });

  test("runs the bodies of tasks that are not named, and its result is that of its DAG", async () => {
    const run = startDag(etl, { outcomes: { extract: ok(rows) } });
    await run.finish();
    expect(run.xcom("transform")).toEqual({ total: 4 });
    expect(run.result).toBe(4);
    expectTypeOf(run.result).toEqualTypeOf<number | undefined>();
  });

  test("explains why a task waits for its turn", async () => {
    const work = task({ id: "work" }, () => undefined);
    const definition = dag("narrow", { maxActiveTasks: 1 }, () => {
      work.with({ id: "first", priorityWeight: 1 })();
      work.with({ id: "second", priorityWeight: 5 })();
    });
    const run = startDag(definition, { outcomes: { second: after("1h", ok()) } });
    expect(run.task("first").explain).toMatchObject([{ kind: "dispatching" }]);
    await run.advance("1m");
    expect(run.task("first").explain).toMatchObject([
      { kind: "max_active_tasks", taskIds: ["second"] },
    ]);
    await run.finish();
    expect(run.order).toEqual(["second", "first"]);
    expect(run.task("first").explain).toMatchObject([{ kind: "final" }]);
  });

  test("takes one step after the other, also when they are not awaited", async () => {
    const run = startDag(etl, { logicalDate, outcomes: { extract: after("1h", ok(rows)) } });
    await Promise.all([run.advance("30m"), run.advance("30m"), run.advance("0s")]);
    expect(run.now).toEqual(new Date("2026-01-01T01:00Z"));
    expect(run.state).toBe("success");
  });

  test("is over at once when it is over", async () => {
    const run = startDag(etl, { logicalDate, outcomes: { extract: ok(rows) } });
    await run.finish();
    await run.finish();
    await run.advance("1d");
    expect(run.now).toEqual(new Date("2026-01-02T00:00Z"));
    expect(run.order).toHaveLength(3);
  });
});

describe("outcomes", () => {
  test("are played by functions as the body would be called, with its arguments and context", async () => {
    const run = startDag(etl, {
      logicalDate,
      outcomes: {
        extract: (day: string) => {
          context().log.info("asked", { day });
          return ok(rows);
        },
        transform: [
          async (given: readonly Row[], scale: number) =>
            Promise.resolve(ok({ total: given.length + scale })),
        ],
      },
    });
    await run.finish();
    expect(run.logs).toMatchObject([{ message: "asked", fields: { day: "2026-01-01" } }]);
    expect(run.result).toBe(4);
  });

  test("of instances are each for itself", async () => {
    const one = task({ id: "one", retries: 1, retryDelay: "1s" }, (n: number) => n);
    const run = startDag(
      dag("d", {}, () => one(each([1, 2]))),
      { outcomes: { one: [fail(), (n: number) => ok(n * 10)] } },
    );
    await run.finish();
    expect(run.task("one").instances.map(({ attempts }) => attempts)).toEqual([2, 2]);
    expect(run.result).toEqual([10, 20]);
  });

  test("stand in for external tasks", async () => {
    const score = externalTask<[number], number>({
      id: "score",
      handler: "score_model",
      queue: "python",
    });
    const scored = dag("scored", {}, () => score(1));
    const run = startDag(scored, { outcomes: { score: ok(7) } });
    await run.finish();
    expect(run.result).toBe(7);
  });

  test("cross the codec like the values of bodies", async () => {
    const run = startDag(etl, { outcomes: { extract: ok([() => 1]) } });
    await run.finish();
    expect(run.task("extract").failure?.message).toContain('the result of task "extract"');
  });

  test.each<[string, Outcomes, string]>([
    ["name a task that does not exist", { extrct: ok() }, 'outcomes names the task "extrct"'],
    ["are a plain value", { extract: 1 as never }, 'Task "extract" needs ok(…)'],
    ["are an empty list", { extract: [] }, "a list of at least one of these"],
  ])("are refused when they %s", (_, outcomes, message) => {
    expect(() => startDag(etl, { outcomes })).toThrow(message);
  });

  test("of a function must be outcomes too", async () => {
    const run = startDag(etl, { outcomes: { extract: () => rows as never } });
    await run.finish();
    expect(run.task("extract")).toMatchObject({ state: "failed", attempts: 1 });
    expect(run.task("extract").failure?.message).toContain("its function returned something else");
  });

  test("after something that is no duration are refused", () => {
    expect(() => after("soon", ok())).toThrow('The duration is "soon": write "30s"');
    expect(() => startDag(etl).advance("soon")).toThrow('The duration is "soon"');
  });

  test("of FailTask leave no retry", async () => {
    const run = startDag(etl, { outcomes: { extract: fail(new FailTask("gone")) } });
    await run.finish();
    expect(run.task("extract")).toMatchObject({ state: "failed", attempts: 1 });
  });
});

describe("the order of things", () => {
  const work = task({ id: "work" }, (at: number) => at);
  const wide = dag("wide", { maxActiveTasks: 100 }, () => {
    const isOpen = shortCircuit({ id: "is_open" }, () => true)();
    for (let at = 0; at < 8; at += 1) {
      const begin = work.with({ id: `begin_${at}` })(at);
      chain(isOpen, begin, work.with({ id: `end_${at}` })(at));
    }
  });
  const outcomes = Object.fromEntries(
    Array.from({ length: 8 }, (_, at) => [`begin_${at}`, after("1h", ok())]),
  );

  async function orderOf(seed: number): Promise<readonly string[]> {
    const run = startDag(wide, { seed, outcomes });
    await run.finish();
    expect(run.state).toBe("success");
    return run.order;
  }

  test("is that of the graph, and the same each time", async () => {
    const order = await orderOf(0);
    expect(order.slice(1, 9)).toEqual(Array.from({ length: 8 }, (_, at) => `begin_${at}`));
    expect(order.slice(9)).toEqual(Array.from({ length: 8 }, (_, at) => `end_${at}`));
    expect(await orderOf(0)).toEqual(order);
  });

  test("of what happens at the same moment follows from the seed", async () => {
    const orders = await Promise.all([1, 2, 3, 4].map(orderOf));
    expect(await Promise.all([1, 2, 3, 4].map(orderOf))).toEqual(orders);
    expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
    expect(() => startDag(wide, { seed: 0.5 })).toThrow('seed is "0.5": write a whole number.');
  });
});

describe("with false timers of the test", () => {
  afterEach(() => void vi.useRealTimers());

  test("a run goes on by its own clock", async () => {
    vi.useFakeTimers();
    const run = startDag(etl, { outcomes: { extract: [fail(), ok(rows)] } });
    await run.finish();
    expect(run.state).toBe("success");
  });
});
