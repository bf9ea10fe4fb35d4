/** Values above the inline limit, and what bodies pull, on a whole worker: semantics 8.1-8.2. */

import { Isolation, TaskKind } from "@millrace/wire/v1";
import { describe, expect, test } from "vitest";
import { context } from "../context/context.ts";
import { defer } from "../waiting/deferral.ts";
import { trigger } from "../waiting/trigger.ts";
import { refusal } from "./testing/rpc.ts";
import { failureOf, startBench } from "./testing/worker-bench.ts";

const utf8 = new TextEncoder();
const json = (value: unknown) => ({ data: utf8.encode(JSON.stringify(value)) });
const long = 1_000_000;

describe("a large value", () => {
  test.each([
    ["a thread", Isolation.THREAD],
    ["a process of its own", Isolation.PROCESS],
  ])("is stored before the result that refers to it goes, from %s", async (_, isolation) => {
    await using bench = await startBench({
      bodies: {
        make: `() => {
          context().xcom.push("more", "y".repeat(300_000));
          context().xcom.push("small", 1);
          return { rows: Array.from({ length: 3 }, () => "x".repeat(${long})) };
        }`,
      },
    });
    let storedFirst = 0;
    bench.server.verdictOn = () => {
      storedFirst = bench.server.blobs.stored.size;
      return 1;
    };
    const measuredPaths = [utf8.encode('["rows"]')];
    bench.server.assign(bench.task("make", { isolation, measuredPaths }));
    const { outcome, xcoms } = await bench.server.result("make");
    expect(storedFirst).toBe(2);
    if (outcome.case !== "succeeded") throw new Error(JSON.stringify(outcome.value));
    expect(outcome.value.lengths).toEqual([3]);
    const { blobs } = bench.server;
    expect(blobs.jsonAt(outcome.value.returnValue!.data)).toEqual({
      rows: Array(3).fill("x".repeat(long)),
    });
    expect(blobs.jsonAt(xcoms["more"]!.data)).toBe("y".repeat(300_000));
    expect(JSON.parse(Buffer.from(xcoms["small"]!.data).toString())).toBe(1);
    expect(blobs.uploads.map(({ attemptId }) => attemptId)).toEqual(["make", "make"]);
  });

  test("comes to a body as if it had been sent along, of a bundle and of a handler", async () => {
    await using bench = await startBench({
      bodies: { take: "(rows: string[], item: string) => [rows.length, item]" },
      handlers: { length: (rows: string[]) => rows.length },
    });
    const rows = Array.from({ length: 50_000 }, (_, n) => `row ${n}`);
    const { blobs } = bench.server;
    const up = blobs.put(JSON.stringify(rows));
    const args = utf8.encode(
      '[{"$":"task","id":"up","path":[]},{"$":"item","of":"t","n":0,"path":[]}]',
    );
    const items = { "t/0": blobs.put(JSON.stringify(rows), [49_999]) };
    bench.server.assign(bench.task("take", { args, inputs: { up }, items }));
    const { outcome } = await bench.server.result("take");
    expect(JSON.parse(Buffer.from(valueBytes(outcome)).toString())).toEqual([50_000, "row 49999"]);
    const external = { kind: TaskKind.EXTERNAL, handler: "length", args, items, inputs: { up } };
    bench.server.assign(bench.task("length", external));
    expect(Buffer.from(valueBytes((await bench.server.result("length")).outcome)).toString()).toBe(
      "50000",
    );
    // One and the same value: fetched once.
    expect(blobs.downloads).toHaveLength(1);
  });

  test("may be the state of a wait, and what it brings", async () => {
    await using bench = await startBench({
      handlers: {
        waits: {
          body: () => defer(trigger.after("1m"), { state: "x".repeat(long) }),
          resume: (event: unknown, state: unknown) => [String(event).length, String(state).length],
        },
      },
    });
    const { server } = bench;
    const external = { kind: TaskKind.EXTERNAL, handler: "waits" };
    server.assign(bench.task("waits", external));
    const { outcome } = await server.result("waits");
    const state = outcome.case === "deferred" ? outcome.value.state! : json(null);
    expect(server.blobs.jsonAt(state.data)).toBe("x".repeat(long));
    const event = server.blobs.put(JSON.stringify("y".repeat(2 * long)));
    const resumption = { event, state: { data: state.data } };
    server.assign(bench.task("goes on", { ...external, resumption }));
    const resumed = await server.result("goes on");
    expect(JSON.parse(Buffer.from(valueBytes(resumed.outcome)).toString())).toEqual([
      2 * long,
      long,
    ]);
  });

  test("over 64 MiB fails its task for good, and is not sent", async () => {
    await using bench = await startBench({
      bodies: { huge: "() => 'x'.repeat(64 * 1024 * 1024)" },
    });
    bench.server.assign(bench.task("huge"));
    expect(failureOf(await bench.server.result("huge"))).toMatchObject({
      kind: "APPLICATION",
      type: "VALUE_TOO_LARGE",
      message:
        'the result of task "huge" has 67108866 bytes when encoded; at most 67108864 are allowed. Store it elsewhere and pass its address.',
      retryable: false,
    });
    expect(bench.server.blobs.uploads).toEqual([]);
  });

  test("that the store does not take at first is sent again", async () => {
    await using bench = await startBench({ bodies: { make: `() => "x".repeat(${long})` } });
    const { blobs } = bench.server;
    blobs.refuses = () => (blobs.uploads.length < 2 ? "BLOB_STORE_UNAVAILABLE" : null);
    bench.server.assign(bench.task("make"));
    const { outcome } = await bench.server.result("make");
    expect(blobs.jsonAt(valueBytes(outcome))).toBe("x".repeat(long));
    expect(blobs.uploads).toHaveLength(2);
  });

  test("that cannot be stored for good is a failure that says so and may be tried again", async () => {
    await using bench = await startBench({
      bodies: {
        make: `() => "x".repeat(${long})`,
        fail: `() => { context().xcom.push("rows", "x".repeat(${long})); throw new Error("no route"); }`,
      },
    });
    bench.server.blobs.refuses = () => "ATTEMPT_UNKNOWN";
    bench.server.assign(bench.task("make"), bench.task("fail"));
    expect(failureOf(await bench.server.result("make"))).toMatchObject({
      kind: "SETUP",
      type: "ATTEMPT_UNKNOWN",
      message: expect.stringContaining("Its values could not be stored") as string,
      retryable: true,
    });
    // Why a body failed is not hidden by what became of its values.
    const failed = await bench.server.result("fail");
    expect(failureOf(failed).message).toBe("no route");
    expect(failed.xcoms).toEqual({});
  });

  test("that is gone fails the attempt before its body begins", async () => {
    await using bench = await startBench({ bodies: { take: "(rows: string[]) => rows.length" } });
    const up = bench.server.blobs.put("[1]");
    bench.server.blobs.stored.clear();
    const args = utf8.encode('[{"$":"task","id":"up","path":[]}]');
    bench.server.assign(bench.task("take", { args, inputs: { up } }));
    expect(failureOf(await bench.server.result("take"))).toMatchObject({
      kind: "SETUP",
      type: "BLOB_NOT_FOUND",
      retryable: true,
    });
  });

  test("on its way keeps its attempt in the inventory", async () => {
    await using bench = await startBench({ bodies: { make: `() => "x".repeat(${long})` } });
    const { server } = bench;
    server.blobs.refuses = () => "UNAVAILABLE";
    server.assign(bench.task("make"));
    await server.until(() => server.blobs.uploads.length > 0);
    const { length } = server.renewals;
    await server.until(() => server.renewals.length > length + 1);
    expect(server.renewals.at(-1)!.attemptIds).toEqual(["make"]);
    server.blobs.refuses = () => null;
    expect((await server.result("make")).outcome.case).toBe("succeeded");
  });
});

describe("xcom.pull", () => {
  const mapped = (values: readonly unknown[]) => ({
    xcoms: values.map((value, mapIndex) => ({ taskId: "up", mapIndex, value: json(value) })),
    mappedTaskIds: ["up"],
  });

  test.each([
    ["a thread", { isolation: Isolation.THREAD }],
    ["a process of its own", { isolation: Isolation.PROCESS }],
    ["a handler", { kind: TaskKind.EXTERNAL, handler: "pull" }],
  ])("asks by the attempt's session, from %s", async (_, how) => {
    const pull = () => context().xcom.pull({ tasks: "up", key: "rows", mapIndexes: [1, 0] });
    await using bench = await startBench({
      bodies: {
        pull: '() => context().xcom.pull({ tasks: "up", key: "rows", mapIndexes: [1, 0] })',
      },
      handlers: { pull },
    });
    bench.server.pullAnswer = () => mapped([new Date(0), 2]);
    bench.server.assign(bench.task("pull", how));
    const { outcome } = await bench.server.result("pull");
    expect(JSON.parse(Buffer.from(valueBytes(outcome)).toString())).toEqual([
      2,
      "1970-01-01T00:00:00.000Z",
    ]);
    expect(bench.server.pulls[0]).toMatchObject({
      session: { sessionId: bench.worker.sessionId },
      attemptId: "pull",
      taskIds: ["up"],
      key: "rows",
      mapIndexes: [1, 0],
      run: { case: undefined },
      dagId: "",
    });
  });

  test("gives stored values whole, several at once to several bodies", async () => {
    await using bench = await startBench({
      bodies: {
        pull: `async () => {
          const { xcom } = context();
          const both = await Promise.all([xcom.pull({ tasks: "up" }), xcom.pull({ tasks: "up" })]);
          return both.map((list) => (list as string[]).map((text) => text.length));
        }`,
      },
    });
    const { blobs } = bench.server;
    const value = blobs.put(JSON.stringify("x".repeat(long)));
    bench.server.pullAnswer = () => ({
      xcoms: [
        { taskId: "up", mapIndex: 0, value },
        { taskId: "up", mapIndex: 1, value: json("abc") },
      ],
      mappedTaskIds: ["up"],
    });
    bench.server.assign(bench.task("pull"), bench.task("pull", { attemptId: "again" }));
    for (const id of ["pull", "again"]) {
      const { outcome } = await bench.server.result(id);
      expect(JSON.parse(Buffer.from(valueBytes(outcome)).toString())).toEqual([
        [long, 3],
        [long, 3],
      ]);
    }
    expect(blobs.downloads).toHaveLength(1);
  });

  test("from prior dates and from other runs asks for these", async () => {
    await using bench = await startBench({
      bodies: {
        pull: `async () => {
          const { xcom } = context();
          await xcom.pull({ tasks: ["a", "b"], includePriorDates: true, dagId: "other" });
          return await xcom.pull({ tasks: "a", runId: "run_7", default: "none" });
        }`,
      },
    });
    bench.server.assign(bench.task("pull"));
    const { outcome } = await bench.server.result("pull");
    expect(Buffer.from(valueBytes(outcome)).toString()).toBe('"none"');
    expect(bench.server.pulls.map(({ run, dagId }) => [run, dagId])).toMatchObject([
      [{ case: "includePriorDates", value: true }, "other"],
      [{ case: "runId", value: "run_7" }, ""],
    ]);
  });

  test("throws the server's reason into the body, which may go on", async () => {
    await using bench = await startBench({
      bodies: {
        pull: `async () => {
          try {
            return await context().xcom.pull({ tasks: "gone" });
          } catch (error) {
            return [(error as { reason: string }).reason, (error as Error).message];
          }
        }`,
        refused: `async () => context().xcom.pull({ tasks: "a", dagId: "d" })`,
      },
    });
    bench.server.pullAnswer = () => {
      throw refusal("TASK_NOT_FOUND");
    };
    bench.server.assign(bench.task("pull"), bench.task("refused"));
    const { outcome } = await bench.server.result("pull");
    expect(JSON.parse(Buffer.from(valueBytes(outcome)).toString())[0]).toBe("TASK_NOT_FOUND");
    expect(failureOf(await bench.server.result("refused"))).toMatchObject({
      type: "FIELD_INVALID",
      message: expect.stringContaining('option "dagId" of xcom.pull') as string,
    });
    expect(bench.server.pulls).toHaveLength(1);
  });
});

type Outcome = Awaited<
  ReturnType<Awaited<ReturnType<typeof startBench>>["server"]["result"]>
>["outcome"];

function valueBytes(outcome: Outcome): Uint8Array {
  if (outcome.case !== "succeeded" || outcome.value.returnValue === undefined)
    throw new Error(`There is no value: ${outcome.case} ${JSON.stringify(outcome.value)}`);
  return outcome.value.returnValue.data;
}
