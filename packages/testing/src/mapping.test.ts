/** Mapping by whole runs: one instance for each element, and what becomes of the values. */
import { context, dag, each, group, task, zip } from "@millrace/sdk";
import { describe, expect, test } from "vitest";
import { after, fail, ok, runDag, skip, startDag } from "./index.ts";

const list = task(function list(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
});
const double = task(function double(one: number): number {
  return one * 2;
});
const sum = task(function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
});
const pair = task(function pair(one: number, word: string): string {
  return `${one}${word}`;
});

describe("a mapped task", () => {
  test("has an instance for each element; what takes its result gets all values in order", async () => {
    const done = await runDag(dag("d", {}, () => sum(double(each(list(3))))));
    expect(done.state).toBe("success");
    expect(done.task("double", 2)).toMatchObject({ mapIndex: 2, state: "success", value: 6 });
    expect(done.task("double")).toMatchObject({ mapIndex: null, state: "success", attempts: 3 });
    expect(done.task("double").instances.map(({ value }) => value)).toEqual([2, 4, 6]);
    expect(done.xcom("double")).toEqual([2, 4, 6]);
    expect(done.xcom("double", "return_value", 1)).toBe(4);
    expect(done.result).toBe(12);
    expect(done.order).toEqual(["list", "double", "double", "double", "sum"]);
  });

  test("walks over a list that is written out, and over a param", async () => {
    const params = {
      type: "object",
      properties: { counts: { type: "array", items: { type: "number" }, default: [5] } },
    } as const;
    const definition = dag("d", { params }, (run) => {
      double(each([1, 2]));
      double(each(run.params.counts));
    });
    const done = await runDag(definition, { params: { counts: [7, 8, 9] } });
    expect(done.xcom("double")).toEqual([2, 4]);
    expect(done.xcom("double__1")).toEqual([14, 16, 18]);
  });

  test("over two lists is their product, the last varying fastest", async () => {
    const done = await runDag(dag("d", {}, () => pair(each(list(2)), each(["a", "b"]))));
    expect(done.result).toEqual(["1a", "1b", "2a", "2b"]);
  });

  test("over a zip goes as far as the shortest list", async () => {
    const join = task({ id: "join" }, ([one, word]: [number, string]) => `${one}${word}`);
    const done = await runDag(dag("d", {}, () => join(each(zip(list(3), ["a", "b"])))));
    expect(done.result).toEqual(["1a", "2b"]);
  });

  test("over a mapped one gets an instance for each of its values, without those that left none", async () => {
    const odd = task({ id: "odd" }, (one: number) => (one % 2 === 1 ? one : undefined));
    const done = await runDag(dag("d", {}, () => double(each(odd(each(list(4)))))));
    expect(done.task("odd").instances).toHaveLength(4);
    expect(done.result).toEqual([2, 6]);
  });

  test("over nothing is skipped, and so is what follows", async () => {
    const done = await runDag(dag("d", {}, () => sum(double(each(list(0))))));
    expect(done.state).toBe("success");
    expect(done.task("double")).toMatchObject({ state: "skipped", instances: [] });
    expect(done.task("sum").state).toBe("skipped");
  });

  test("over a task that failed cannot run; over one that was skipped is skipped", async () => {
    const definition = dag("d", {}, () => void sum(double(each(list(3)))));
    const failed = startDag(definition, { outcomes: { list: fail() } });
    await failed.finish();
    expect(failed.tasks.map(({ state }) => state)).toEqual([
      "failed",
      "upstream_failed",
      "upstream_failed",
    ]);
    const skipped = startDag(definition, { outcomes: { list: skip() } });
    await skipped.finish();
    expect(skipped.tasks.map(({ state }) => state)).toEqual(["skipped", "skipped", "skipped"]);
  });

  test("over what is no list fails the task before it, which says so", async () => {
    const wrong = task({ id: "wrong" }, (): number[] => 3 as never);
    const done = await runDag(dag("d", {}, () => void double(each(wrong()))));
    expect(done.task("wrong").failure?.message).toContain(
      "is the number 3 and no list, but another task is mapped over it",
    );
    expect(done.task("double").state).toBe("upstream_failed");
  });

  test("tries each instance by itself; one that fails keeps what follows from running", async () => {
    const definition = dag("d", { defaults: { retries: 1 } }, () => sum(double(each(list(3)))));
    const run = startDag(definition, {
      outcomes: { double: (one: number) => (one === 2 ? fail("two") : ok(one)) },
    });
    await run.finish();
    const double2 = run.task("double");
    expect(double2.state).toBe("failed");
    expect(double2.instances.map(({ state, attempts }) => `${state} ${attempts}`)).toEqual([
      "success 1",
      "failed 2",
      "success 1",
    ]);
    expect(run.task("sum").state).toBe("upstream_failed");
    expect(run.failure?.message).toContain("double");
  });

  test("waits for its list, and says so before it has instances", async () => {
    const run = startDag(
      dag("d", {}, () => sum(double(each(list(3))))),
      { outcomes: { list: after("1h", ok([1])), double: after("1h", ok(1)) } },
    );
    await run.advance("1m");
    expect(run.task("double")).toMatchObject({ state: "none", instances: [] });
    expect(run.task("double").explain).toContainEqual(
      expect.objectContaining({ kind: "map_length", taskIds: ["list"] }),
    );
    expect(() => run.task("double", 0)).toThrow("it has no instances yet");
    await run.advance("1h");
    expect(run.task("double")).toMatchObject({ state: "running" });
    expect(() => run.task("double", 1)).toThrow("it has 1 instance");
    expect(() => run.task("list", 0)).toThrow("it is not mapped");
  });

  test("knows its index, and has a name of its own", async () => {
    const named = task({ id: "named", mapIndexTemplate: "no. {{ item }}" }, (_one: number) => {
      const { task: me, idempotencyKey } = context();
      context().log.info("here");
      context().xcom.push("key", idempotencyKey);
      return [me.mapIndex, me.mapLength];
    });
    const done = await runDag(dag("d", {}, () => named(each([7, 8]))));
    expect(done.result).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(done.task("named").instances.map(({ label }) => label)).toEqual(["no. 7", "no. 8"]);
    expect(done.xcom("named", "key")).toEqual(["run_0/named/0", "run_0/named/1"]);
    expect(done.task("named", 1).logs).toMatchObject([{ taskId: "named", mapIndex: 1 }]);
    expect(done.task("named").logs).toHaveLength(2);
  });

  test("that has fewer elements when its list runs again loses the rest, and nothing waits for them", async () => {
    const run = startDag(
      dag("d", {}, () => sum(double(each(list(3))))),
      { outcomes: { list: [ok([1, 2, 3]), ok([1])] } },
    );
    await run.finish();
    expect(run.result).toBe(12);
    run.clear({ tasks: ["list"], downstream: true });
    await run.finish();
    expect(run.state).toBe("success");
    expect(run.task("double").instances.map(({ state }) => state)).toEqual([
      "success",
      "removed",
      "removed",
    ]);
    expect(run.result).toBe(2);
  });
});

describe("a mapped group", () => {
  const files = dag("d", {}, () => sum(group("file", each(list(3)), (one) => double(double(one)))));

  test("has an instance of each of its tasks for each element, each after its own", async () => {
    const done = await runDag(files);
    expect(done.task("file.double__1").instances.map(({ value }) => value)).toEqual([4, 8, 12]);
    expect(done.result).toBe(24);
  });

  test("goes on with one element while another is still at its first task", async () => {
    const run = startDag(files, {
      outcomes: { "file.double": (one: number) => after(`${one}h`, ok(one)) },
    });
    await run.advance("90m");
    expect(run.task("file.double__1").instances.map(({ state }) => state)).toEqual([
      "success",
      "none",
      "none",
    ]);
    expect(run.task("file.double__1", 1).explain).toMatchObject([
      { kind: "upstream", taskIds: ["file.double"] },
    ]);
  });

  test("keeps a failure to its element; outside, all of them count", async () => {
    const run = startDag(files, {
      outcomes: { "file.double": (one: number) => (one === 2 ? fail() : ok(one)) },
    });
    await run.finish();
    expect(run.task("file.double__1").instances.map(({ state }) => state)).toEqual([
      "success",
      "upstream_failed",
      "success",
    ]);
    expect(run.task("sum").state).toBe("upstream_failed");
  });

  test("with a mapped task inside multiplies the counts, the inner one varying fastest", async () => {
    const done = await runDag(
      dag("d", {}, () => {
        const words = task({ id: "words" }, () => ["a", "b"])();
        return group("outer", each(list(2)), (one) => pair(one, each(words)));
      }),
    );
    expect(done.task("outer.pair").instances.map(({ value }) => value)).toEqual([
      "1a",
      "1b",
      "2a",
      "2b",
    ]);
  });

  test("inside another one multiplies them too, and each instance knows the elements of both", async () => {
    const done = await runDag(
      dag("d", {}, () => {
        group("outer", each(list(2)), (one) => {
          group("inner", each(["a", "b"]), (word) => pair(one, word));
        });
      }),
    );
    expect(done.xcom("outer.inner.pair")).toEqual(["1a", "1b", "2a", "2b"]);
  });
});
