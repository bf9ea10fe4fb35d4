import { TaskKind } from "@millrace/wire/v1";
import { VerdictKind } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { aGate } from "./testing/gate.ts";
import { failureOf, startBench, valueOf } from "./testing/worker-bench.ts";

const never =
  '() => { console.log("begun"); return new Promise(() => setInterval(() => {}, 1000)); }';
const forever = '() => { console.log("begun"); for (;;); }';
const obedient = `() => new Promise((_, reject) => {
  console.log("begun");
  const { signal } = context();
  signal.addEventListener("abort", () => { console.log("told: " + signal.reason.message); reject(signal.reason); });
})`;
const oneSecond = { seconds: 1n, nanos: 0 };

describe("a body that blocks its event loop", () => {
  test("keeps neither renewals nor other attempts waiting, and is left to finish", async () => {
    using gate = aGate();
    const bodies = { block: gate.blocks, quick: "() => 1" };
    await using bench = await startBench({ bodies, threads: 1, slots: 4 });
    const { server } = bench;
    const ids = Array.from({ length: 20 }, (_, index) => `q${index}`);
    server.assign(
      bench.task("block"),
      ...ids.map((attemptId) => bench.task("quick", { attemptId })),
    );
    await Promise.all(ids.map((id) => server.result(id)));
    const before = server.renewals.length;
    await server.until(() => server.renewals.length > before + 5);
    expect(server.resultsOf("block")).toEqual([]);
    gate.open();
    expect(valueOf(await server.result("block"))).toBe("done");
    // Nothing was begun twice on the way from one thread to another.
    for (const id of ids) expect(server.resultsOf(id)).toHaveLength(1);
  });

  test("beyond its time is killed, and its neighbours are lost", async () => {
    await using bench = await startBench({
      bodies: { wait: never, block: forever },
      threads: 1,
      slots: 2,
      graceMs: 1500,
    });
    bench.server.assign(bench.task("wait"));
    await bench.begun("wait");
    bench.server.assign(bench.task("block", { executionTimeout: oneSecond }));
    expect(failureOf(await bench.server.result("block"))).toMatchObject({
      kind: "TIMEOUT",
      retryable: true,
    });
    expect(failureOf(await bench.server.result("wait"))).toMatchObject({
      kind: "LOST",
      retryable: true,
    });
  });
});

describe("a body that never returns", () => {
  test("is given up after its time and the grace, and its neighbours live on", async () => {
    const bodies = { never, slow: "() => new Promise((resolve) => setTimeout(resolve, 3000, 5))" };
    await using bench = await startBench({ bodies, threads: 1, slots: 2, graceMs: 200 });
    bench.server.assign(bench.task("never", { executionTimeout: oneSecond }), bench.task("slow"));
    const failure = failureOf(await bench.server.result("never"));
    expect(failure).toMatchObject({ kind: "TIMEOUT", retryable: true });
    expect(failure.message).toContain("1 s");
    expect(valueOf(await bench.server.result("slow"))).toBe(5);
  });

  test("in the process that started the worker is given up too", async () => {
    await using bench = await startBench({
      handlers: { never: () => new Promise(() => undefined) },
      graceMs: 50,
    });
    const external = { kind: TaskKind.EXTERNAL, handler: "never", bundleDigest: "" };
    bench.server.assign(bench.task("filler", { ...external, executionTimeout: oneSecond }));
    expect(failureOf(await bench.server.result("filler"))).toMatchObject({ kind: "TIMEOUT" });
  });
});

describe("cancelling", () => {
  test("aborts the body's signal, and is reported as cancelled whatever the body throws", async () => {
    await using bench = await startBench({ bodies: { obedient } });
    bench.server.assign(bench.task("obedient"));
    await bench.begun("obedient");
    bench.server.cancel("obedient");
    const failure = failureOf(await bench.server.result("obedient"));
    expect(failure).toMatchObject({ kind: "CANCELLED", retryable: false });
    const lines = bench.server.linesOf("obedient").map((line) => line.message);
    expect(lines).toEqual(["begun", "told: The attempt was cancelled."]);
  });

  test("ends a body that does not listen after the grace", async () => {
    await using bench = await startBench({ bodies: { block: forever }, graceMs: 1500 });
    bench.server.assign(bench.task("block"));
    await bench.begun("block");
    bench.server.cancel("block");
    expect(failureOf(await bench.server.result("block"))).toMatchObject({ kind: "CANCELLED" });
  });

  test("reaches the worker with a renewal as well", async () => {
    await using bench = await startBench({ bodies: { obedient } });
    bench.server.assign(bench.task("obedient"));
    await bench.begun("obedient");
    bench.server.renewalVerdicts = [{ attemptId: "obedient", kind: VerdictKind.CANCEL_REQUESTED }];
    expect(failureOf(await bench.server.result("obedient"))).toMatchObject({ kind: "CANCELLED" });
  });
});

test("an attempt that is stale is stopped and never reported", async () => {
  await using bench = await startBench({ bodies: { obedient, other: "() => 1" } });
  bench.server.assign(bench.task("obedient"));
  await bench.begun("obedient");
  bench.server.renewalVerdicts = [{ attemptId: "obedient", kind: VerdictKind.STALE }];
  await bench.server.until(() => bench.server.renewals.at(-1)?.attemptIds.length === 0);
  bench.server.assign(bench.task("other"));
  await bench.server.result("other");
  expect(bench.server.resultsOf("obedient")).toEqual([]);
});

describe("a body that ends more than itself", () => {
  test("by process.exit has exited, and its neighbours in the thread live on", async () => {
    const bodies = {
      exit: "() => process.exit(7)",
      slow: "() => new Promise((resolve) => setTimeout(resolve, 300, 5))",
    };
    await using bench = await startBench({ bodies, threads: 1 });
    bench.server.assign(bench.task("slow"), bench.task("exit"));
    const failure = failureOf(await bench.server.result("exit"));
    expect(failure.kind).toBe("EXITED");
    expect(failure.message).toContain("process.exit(7)");
    expect(valueOf(await bench.server.result("slow"))).toBe(5);
  });

  test("by process.exit in a callback, while it waits for good, has exited", async () => {
    const bodies = { exit: "() => new Promise(() => setTimeout(() => process.exit(1), 10))" };
    await using bench = await startBench({ bodies });
    bench.server.assign(bench.task("exit"));
    expect(failureOf(await bench.server.result("exit"))).toMatchObject({ kind: "EXITED" });
  });

  test("by an error nobody awaits fails with that error, and only this body does", async () => {
    const bodies = {
      timer:
        '() => new Promise(() => setTimeout(() => { throw new RangeError("in a timer"); }, 10))',
      promise:
        '() => { Promise.reject(new RangeError("unhandled")); return new Promise((resolve) => setTimeout(resolve, 100)); }',
      slow: "() => new Promise((resolve) => setTimeout(resolve, 300, 5))",
    };
    await using bench = await startBench({ bodies, threads: 1 });
    bench.server.assign(bench.task("slow"), bench.task("timer"), bench.task("promise"));
    for (const [id, message] of [
      ["timer", "in a timer"],
      ["promise", "unhandled"],
    ] as const) {
      const failure = failureOf(await bench.server.result(id));
      expect(failure).toMatchObject({ kind: "APPLICATION", type: "RangeError", message });
    }
    expect(valueOf(await bench.server.result("slow"))).toBe(5);
  });

  test("by ending its thread for good has exited, and the worker goes on", async () => {
    const bodies = { end: "() => { process.reallyExit(9); }", other: "() => 1" };
    await using bench = await startBench({ bodies, threads: 1 });
    bench.server.assign(bench.task("end"));
    expect(failureOf(await bench.server.result("end"))).toMatchObject({ kind: "EXITED" });
    bench.server.assign(bench.task("other"));
    expect(valueOf(await bench.server.result("other"))).toBe(1);
  });
});
