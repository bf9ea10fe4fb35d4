/** Values under keys in memory: left by any outcome (semantics 8.1), pulled from bodies (8.2). */
import { context, dag, defer, each, task, trigger } from "@millrace/sdk";
import { expect, test } from "vitest";
import { ok, runDag } from "./index.ts";

test("bodies pull what other tasks left, by key and by index", async () => {
  const extract = task(function extract(part: number) {
    context().xcom.push("rows", part * 10);
    return part;
  });
  const report = task({ triggerRule: "all_done" }, async function report() {
    const { xcom } = context();
    return {
      values: await xcom.pull({ tasks: "extract" }),
      rows: await xcom.pull({ tasks: "extract", key: "rows" }),
      second: await xcom.pull({ tasks: "extract", key: "rows", mapIndexes: 1 }),
      none: await xcom.pull({ tasks: "extract", key: "none", mapIndexes: [0, 1], default: 7 }),
    };
  });
  const done = await runDag(dag("pulling", {}, () => report().after(extract(each([1, 2])))));
  expect(done.result).toEqual({ values: [1, 2], rows: [10, 20], second: 20, none: [7, 7] });
});

test("a body that failed left what it had pushed, until its next try", async () => {
  let tries = 0;
  const flaky = task({ retries: 1, retryDelay: "1m" }, function flaky() {
    tries += 1;
    context().xcom.push(`try ${tries}`, tries);
    if (tries === 1) throw new Error("boom");
  });
  const failing = task(function failing() {
    context().xcom.push("rows", 3);
    throw new Error("boom");
  });
  const done = await runDag(
    dag("leaving", {}, () => {
      flaky();
      failing();
    }),
  );
  expect(done.xcom("flaky", "try 1")).toBeUndefined();
  expect(done.xcom("flaky", "try 2")).toBe(2);
  expect(done.xcom("failing", "rows")).toBe(3);
});

test("what was left before a wait is there after it, and what goes on may add to it", async () => {
  const waits = task(
    {
      resume: async (event: number) => {
        context().xcom.push("after", event);
        return await context().xcom.pull<number>({ key: "before" });
      },
    },
    function waits() {
      context().xcom.push("before", 1);
      return defer(trigger.token<number>());
    },
  );
  const done = await runDag(
    dag("waiting", {}, () => waits()),
    { events: { waits: ok(2) } },
  );
  expect(done.result).toBe(1);
  expect(done.xcom("waits", "before")).toBe(1);
  expect(done.xcom("waits", "after")).toBe(2);
});

test("a pull of what is not there is refused by name", async () => {
  const asks = task(async function asks() {
    return await context().xcom.pull({ tasks: "nobody" });
  });
  const done = await runDag(dag("asking", {}, () => void asks()));
  expect(done.task("asks").failure).toMatchObject({ type: "TASK_NOT_FOUND" });
});
