import { VerdictKind } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { runWorker } from "./run-worker.ts";
import { FakeServer } from "./testing/fake-server.ts";
import { aGate } from "./testing/gate.ts";
import { holdPort } from "./testing/held-port.ts";
import { startBench, valueOf } from "./testing/worker-bench.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const slow = (ms: number): string =>
  `() => { console.log("begun"); return new Promise((resolve) => setTimeout(resolve, ${ms}, "done")); }`;
const never =
  '() => { console.log("begun"); return new Promise(() => setInterval(() => {}, 1000)); }';

describe("a worker", () => {
  test("says what it is, and gives as much credit as it has slots", async () => {
    await using bench = await startBench({
      queues: ["gpu"],
      slots: 3,
      handlers: { score: () => 1 },
    });
    await bench.server.until(() => bench.server.credit > 0);
    expect(bench.server.credit).toBe(3);
    expect(bench.server.opened[0]).toMatchObject({
      workerName: "bench",
      protocol: 1,
      queues: ["gpu"],
      handlers: ["score"],
      runsBundles: true,
      slots: 3,
    });
    expect(bench.server.opened[0]?.sdk).toMatch(/^typescript \d/);
  });

  test("gives credit back for every attempt that has ended", async () => {
    await using bench = await startBench({ slots: 2 });
    const ids = Array.from({ length: 10 }, (_, index) => `a${index}`);
    bench.server.assign(...ids.map((attemptId) => bench.task("filler", { attemptId })));
    await Promise.all(ids.map((id) => bench.server.result(id)));
    await bench.server.until(() => bench.server.credit === 2);
  });

  test("tells with every renewal which attempts it holds", async () => {
    using gate = aGate();
    await using bench = await startBench({ bodies: { long: gate.waits } });
    bench.server.assign(bench.task("long"));
    await bench.server.until(() =>
      bench.server.renewals.some(({ attemptIds }) => attemptIds.includes("long")),
    );
    gate.open();
    await bench.server.result("long");
    await bench.server.until(() => bench.server.renewals.at(-1)?.attemptIds.length === 0);
  });

  test("that the server refuses does not start, and says why", async () => {
    await using server = await new FakeServer().start();
    server.refusesSessions = "QUEUE_NOT_ALLOWED";
    const starting = runWorker({
      server: server.address,
      key: "k",
      bundleCacheDir: "/nonexistent",
      log: silent,
    });
    await expect(starting).rejects.toMatchObject({ reason: "QUEUE_NOT_ALLOWED" });
  });

  test("waits for a server that is not up yet", async () => {
    await using held = await holdPort();
    const starting = runWorker({
      server: `127.0.0.1:${held.port}`,
      key: "k",
      bundleCacheDir: "/nonexistent",
      log: silent,
    });
    await using server = await new FakeServer().start(held.port);
    const worker = await starting;
    expect(server.sessions).toEqual([worker.sessionId]);
    await worker.stop();
  });
});

describe("a result", () => {
  test("without a verdict is sent again on the next stream, the same to the byte", async () => {
    await using bench = await startBench({ bodies: { one: "() => ({ a: 1 })" } });
    const { server } = bench;
    server.verdictOn = () => null;
    server.assign(bench.task("one"));
    await server.result("one");
    server.verdictOn = () => VerdictKind.ALREADY;
    server.breakStreams();
    await server.until(() => server.resultsOf("one").length === 2);
    expect(server.resultsOf("one")[1]).toEqual(server.resultsOf("one")[0]);
    await server.until(() => server.renewals.at(-1)?.attemptIds.length === 0);
  });

  test.each([VerdictKind.OK, VerdictKind.ALREADY, VerdictKind.CONFLICT, VerdictKind.STALE])(
    "is done with after verdict %i",
    async (kind) => {
      await using bench = await startBench();
      bench.server.verdictOn = () => kind;
      bench.server.assign(bench.task("filler"));
      await bench.server.result("filler");
      bench.server.breakStreams();
      await bench.server.until(() => bench.server.streams === 1);
      await bench.server.until(() => bench.server.credit === 8);
      expect(bench.server.resultsOf("filler")).toHaveLength(1);
    },
  );

  test("that comes after a cancel is reported as cancelled when the server asks for that", async () => {
    await using bench = await startBench();
    bench.server.verdictOn = ({ outcome }) =>
      outcome.case === "failed" ? VerdictKind.OK : VerdictKind.CANCEL_REQUESTED;
    bench.server.assign(bench.task("filler"));
    await bench.server.until(() => bench.server.resultsOf("filler").length === 2);
    expect(bench.server.resultsOf("filler")[1]?.outcome.case).toBe("failed");
  });
});

test("an attempt assigned twice runs once", async () => {
  await using bench = await startBench({ bodies: { slow: slow(300) } });
  bench.server.assign(bench.task("slow"), bench.task("slow"));
  await bench.server.result("slow");
  bench.server.assign(bench.task("filler"));
  await bench.server.result("filler");
  expect(bench.server.resultsOf("slow")).toHaveLength(1);
});

test("a worker whose slots are all taken when its stream breaks gets work again afterwards", async () => {
  using gate = aGate();
  await using bench = await startBench({ bodies: { long: gate.waits }, slots: 2 });
  const ids = ["a", "b", "c", "d"];
  bench.server.assign(...ids.map((attemptId) => bench.task("long", { attemptId })));
  await Promise.all(["a", "b"].map((id) => bench.begun(id)));
  bench.server.breakStreams();
  await bench.server.until(() => bench.server.streams === 1);
  gate.open();
  await Promise.all(ids.map((id) => bench.server.result(id)));
  for (const id of ids) expect(bench.server.resultsOf(id)).toHaveLength(1);
});

test("an expired session is replaced, nothing stops, and results come under the old attempt ids", async () => {
  using gate = aGate();
  await using bench = await startBench({ bodies: { long: gate.waits } });
  const { server } = bench;
  const first = bench.worker.sessionId;
  server.assign(bench.task("long"));
  await bench.begun("long");
  server.expireSessions();
  await server.until(() => server.sessions.length === 1 && server.streams === 1);
  gate.open();
  expect(valueOf(await server.result("long"))).toBe("done");
  expect(bench.worker.sessionId).not.toBe(first);
});

describe("stopping", () => {
  test("lets bodies end, reports them, and ends the session last", async () => {
    await using bench = await startBench({ bodies: { slow: slow(500) } });
    bench.server.assign(bench.task("slow"));
    await bench.begun("slow");
    await bench.worker.stop();
    expect(valueOf(bench.server.resultsOf("slow")[0]!)).toBe("done");
    expect(bench.server.closed).toEqual([bench.worker.sessionId]);
  });

  test("gives back what comes while it stops", async () => {
    using gate = aGate();
    await using bench = await startBench({ bodies: { long: gate.waits }, slots: 2 });
    bench.server.assign(bench.task("long"));
    await bench.begun("long");
    const stopping = bench.worker.stop();
    bench.server.assign(bench.task("filler"));
    const { outcome } = await bench.server.result("filler");
    // It was begun before the worker heard of the stop, or given back: never lost.
    expect(["returned", "succeeded"]).toContain(outcome.case);
    gate.open();
    await stopping;
  });

  test("does not wait beyond the time given, nor after a second call", async () => {
    await using bench = await startBench({ bodies: { never } });
    bench.server.assign(bench.task("never"));
    await bench.begun("never");
    const stopping = bench.worker.stop();
    await bench.worker.stop();
    await stopping;
    expect(bench.server.closed).toEqual([bench.worker.sessionId]);
    expect(bench.server.resultsOf("never")).toEqual([]);
  });
});

test("a server that restarts on the same port finds the worker again, with the results meanwhile", async () => {
  using gate = aGate();
  await using bench = await startBench({ bodies: { long: gate.waits } });
  bench.server.assign(bench.task("long"));
  await bench.begun("long");
  const port = Number(bench.server.address.split(":")[1]);
  bench.server.stop();
  gate.open();
  await using again = await new FakeServer().start(port);
  expect(valueOf(await again.result("long"))).toBe("done");
  expect(again.sessions).toEqual([bench.worker.sessionId]);
});
