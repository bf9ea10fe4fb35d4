import { describe, expect, expectTypeOf, test } from "vitest";
import { chain, context, dag, each, externalTask, FailTask, SkipTask, task } from "@millrace/sdk";
import { runDag } from "./index.ts";

const extract = task(async function extract(day: string) {
  context().log.info("fetching", { day });
  return [1, 2, 3].map((id) => ({ id, at: new Date(`${day}T00:00Z`) }));
});
const total = task(function total(rows: { id: number; at: Date }[], factor: number) {
  return { total: rows.length * factor, first: rows[0]?.at };
});
const load = task({ id: "load" }, (sum: number) => context().xcom.push("sum", sum));

const params = {
  type: "object",
  properties: { factor: { type: "integer", default: 2 } },
  additionalProperties: false,
} as const;

const etl = dag("etl", { params }, (run) => {
  const batch = total(extract(run.ds), run.params.factor);
  load(batch.get("total"));
});

describe("a DAG in memory", () => {
  test("runs the bodies with values, params and context, without server or database", async () => {
    const done = await runDag(etl, { logicalDate: "2026-01-01T00:00Z" });
    expect(done.state).toBe("success");
    expect(done.order).toEqual(["extract", "total", "load"]);
    expect(done.xcom("total")).toEqual({ total: 6, first: new Date("2026-01-01T00:00Z") });
    expect(done.xcom("load")).toBeUndefined();
    expect(done.xcom("load", "sum")).toBe(6);
    expect(done.task("extract").logs).toEqual([
      {
        taskId: "extract",
        mapIndex: null,
        tryNumber: 1,
        level: "info",
        message: "fetching",
        fields: { day: "2026-01-01" },
      },
    ]);
    expect(done.name).toBe("manual__2026-01-01T00:00:00+00:00");
  });

  test("takes params, fills in defaults, and refuses what breaks the schema", async () => {
    expect((await runDag(etl, { params: { factor: 10 } })).xcom("load", "sum")).toBe(30);
    expect((await runDag(etl)).params).toEqual({ factor: 2 });
    await expect(runDag(etl, { params: { factor: 1.5 } })).rejects.toMatchObject({
      reason: "PARAMS_INVALID",
      message: expect.stringContaining("params.factor must be integer"),
    });
    await expect(runDag(etl, { params: JSON.parse('{"facto":1}') })).rejects.toMatchObject({
      message: expect.stringContaining('("facto")'),
    });
    expectTypeOf<{ factor: string }>().not.toExtend<
      Parameters<typeof runDag<{ factor?: number }>>[1]
    >();
  });

  test("an unknown task id and a date without zone are errors", async () => {
    const done = await runDag(etl);
    expect(() => done.task("lod")).toThrow(expect.objectContaining({ reason: "TASK_NOT_FOUND" }));
    await expect(runDag(etl, { logicalDate: "2026-01-01" })).rejects.toMatchObject({
      reason: "FIELD_INVALID",
    });
  });
});

describe("what bodies do", () => {
  test("a throwing body is tried again after its delay, in no time; then what follows does not run", async () => {
    const seen: string[] = [];
    const flaky = task({ id: "flaky", retries: 2, retryDelay: "6h" }, () => {
      const { attempt } = context();
      seen.push(`${attempt.number} of ${attempt.max}`);
      throw new TypeError("no luck");
    });
    const after = task({ id: "after" }, () => 1);
    const done = await runDag(dag("retries", {}, () => chain(flaky(), after())));
    expect(seen).toEqual(["1 of 3", "2 of 3", "3 of 3"]);
    expect(done.state).toBe("failed");
    expect(done.failure?.message).toBe("Task flaky failed; 1 task after it did not run.");
    expect(done.task("flaky")).toMatchObject({
      state: "failed",
      attempts: 3,
      failure: { type: "TypeError" },
    });
    expect(done.task("after")).toMatchObject({ state: "upstream_failed", attempts: 0 });
  });

  test("FailTask fails at once, SkipTask skips what follows and the run succeeds", async () => {
    const give = task({ id: "give", retries: 5 }, () => {
      throw new FailTask("hopeless");
    });
    expect((await runDag(dag("fails", {}, () => void give()))).task("give").attempts).toBe(1);
    const skip = task({ id: "skip" }, () => {
      throw new SkipTask("nothing new");
    });
    const after = task({ id: "after" }, () => 1);
    const done = await runDag(dag("skips", {}, () => chain(skip(), after())));
    expect(done.state).toBe("success");
    expect(done.tasks.map((one) => one.state)).toEqual(["skipped", "skipped"]);
  });

  test("a body that never returns ends at its execution timeout, and its signal aborts", async () => {
    let isAborted = false;
    const endless = task({ id: "endless", executionTimeout: "20ms" }, async () => {
      context().signal.addEventListener("abort", () => (isAborted = true));
      await new Promise(() => undefined);
    });
    const done = await runDag(dag("slow", {}, () => void endless()));
    expect(done.task("endless").failure?.kind).toBe("timeout");
    expect(isAborted).toBe(true);
  });

  test("a dagrun timeout that comes before a retry ends the run", async () => {
    const flaky = task({ id: "flaky", retries: 9, retryDelay: "1h" }, () => {
      throw new Error("no");
    });
    const done = await runDag(dag("limited", { dagrunTimeout: "90m" }, () => void flaky()));
    expect(done.failure?.kind).toBe("timeout");
    expect(done.task("flaky")).toMatchObject({ state: "skipped", attempts: 2 });
  });

  test("a result that the codec cannot carry fails the task", async () => {
    const bad = task({ id: "bad" }, (): string => (() => 1) as unknown as string);
    const done = await runDag(dag("codec", {}, () => void bad()));
    expect(done.task("bad").failure?.message).toContain('the result of task "bad"');
  });

  test("no more bodies run side by side than maxActiveTasks", async () => {
    let active = 0;
    let most = 0;
    const wait = task({ id: "wait" }, async () => {
      active += 1;
      most = Math.max(most, active);
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
    });
    await runDag(
      dag("wide", { maxActiveTasks: 3 }, () => void Array.from({ length: 10 }, () => wait())),
    );
    expect(most).toBe(3);
  });
});

test("an external task runs its stand-in, and without one says what is missing", async () => {
  const score = externalTask<[number], number>({
    id: "score",
    handler: "score_model",
    queue: "python",
  });
  const one = task({ id: "one" }, () => 1);
  const scored = dag("scored", {}, () => void score(one()));
  const done = await runDag(scored, { handlers: { score_model: (value: number) => value + 1 } });
  expect(done.xcom("score")).toBe(2);
  const without = await runDag(scored);
  expect(without.task("score").failure?.message).toContain('announces the handler "score_model"');
});

describe("limits in memory", () => {
  test("maxActiveTisPerRun holds the instances of its task and no others", async () => {
    let [active, most] = [0, 0];
    const slow = task({ maxActiveTisPerRun: 2 }, async function slow(_item: number) {
      most = Math.max(most, (active += 1));
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
    });
    const other = task(function other() {});
    const limited = dag("limited", {}, () => {
      slow(each([1, 2, 3, 4, 5]));
      other();
    });
    const done = await runDag(limited);
    expect(done.state).toBe("success");
    expect(most).toBe(2);
    expect(done.order.indexOf("other")).toBeLessThan(4);
  });

  test("what goes first is what most waits for, and pools, rates and keys of the server change nothing", async () => {
    const one = (id: string, pool = "nowhere") =>
      task({ id, pool, poolSlots: 9, rateLimit: { key: "k", limit: 1, per: "1h" } }, () => {});
    const weighted = dag("weighted", { maxActiveTasks: 1, maxActiveTasksPerDag: 1 }, () => {
      one("last")();
      chain(one("first")(), one("second")(), one("third")());
    });
    expect((await runDag(weighted)).order).toEqual(["first", "second", "last", "third"]);
  });
});
