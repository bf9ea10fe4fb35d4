/** Lost sessions, servers and answers: nothing of them stops a body or loses a result. */

import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { Bench, slots, valueOf } from "../bench.ts";
import { unavailable } from "../scripted-server.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

export function faults(worker: WorkerUnderTest): void {
  test("an expired session stops nothing: a new one holds the attempt and brings its result", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const hold = await bench.hold("a1");
    server.expireSessions();
    await server.until(
      () => server.opened.length === 2 && server.streamSessions.length === 2,
      "a new session with a stream",
    );
    await server.untilRenewedTwice();
    expect(server.holds("a1")).toBe(true);
    hold.release();
    expect(valueOf(await server.result("a1"))).toBe("held");
    expect(hold.notes()).toEqual(["begun"]);
    const [first, second] = server.opened;
    expect(second!.requestId).not.toBe(first!.requestId);
    expect(server.streamSessions.at(-1)).not.toBe(server.streamSessions[0]);
  });

  test("a broken stream is opened again, with credit for the slots that are free", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const hold = await bench.hold("a1");
    server.breakStreams();
    // The new stream repeats the assignment that is held, which costs credit that the worker gives back.
    await server.until(
      () => server.streamSessions.length === 2 && server.creditLeft === slots - 1,
      "credit for the free slots on a second stream",
    );
    expect(server.opened).toHaveLength(1);
    hold.release();
    expect(valueOf(await server.result("a1"))).toBe("held");
  });

  test("a new stream that repeats the assignments of all slots, which uses up credit, gets that credit back", async () => {
    await using bench = await Bench.start(worker, {
      script: (server) => (server.renewIntervalMs = 60_000),
    });
    const { server } = bench;
    const holds = [];
    for (let index = 0; index < slots; index++) holds.push(await bench.hold(`a${index}`));
    server.breakStreams();
    await server.until(() => server.streamSessions.length === 2, "a second stream");
    for (const hold of holds) hold.release();
    server.assign(...["b1", "b2", "b3", "b4"].map((id) => bench.task(id, "echo", [id])));
    for (const id of ["b1", "b2", "b3", "b4"]) expect(valueOf(await server.result(id))).toBe(id);
    expect(holds.flatMap((hold) => hold.notes())).toEqual(holds.map(() => "begun"));
  });

  test("a body that ends while the server is down is reported when it is back, and work goes on", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const hold = await bench.hold("a1");
    server.stop();
    hold.release();
    await server.start();
    expect(valueOf(await server.result("a1"))).toBe("held");
    server.assign(bench.task("a2", "echo", [2]));
    expect(valueOf(await server.result("a2"))).toBe(2);
    expect(hold.notes()).toEqual(["begun"]);
  });

  test("a lost answer to OpenSession is asked for again under the same request id", async () => {
    const asked: string[] = [];
    await using bench = await Bench.start(worker, {
      script: (server) => {
        server.losesAnswer = (method) => method === "openSession" && asked.push(method) <= 2;
      },
    });
    bench.server.assign(bench.task("a1", "echo", [1]));
    await bench.server.result("a1");
    expect(asked.length).toBeGreaterThan(2);
    expect(bench.server.opened).toHaveLength(1);
  });

  test.each([
    status.UNAVAILABLE,
    status.DEADLINE_EXCEEDED,
    status.RESOURCE_EXHAUSTED,
    status.UNKNOWN,
  ])(
    "gRPC code %i on a renewal means ask again: the body goes on in the same session",
    async (code) => {
      await using bench = await Bench.start(worker);
      const { server } = bench;
      const hold = await bench.hold("a1");
      let refused = 0;
      server.refuses = (method) =>
        method === "renewSession" && refused++ < 3 ? { code, reason: "UNAVAILABLE" } : null;
      await server.until(() => refused > 3, "renewals after three failures");
      await server.untilHeld("a1");
      hold.release();
      expect(valueOf(await server.result("a1"))).toBe("held");
      expect(server.opened).toHaveLength(1);
    },
  );

  test("a server that is not there yet is waited for", async () => {
    await using bench = await Bench.start(worker, { script: (server) => server.stop() });
    await bench.server.start();
    bench.server.assign(bench.task("a1", "echo", [1]));
    expect(valueOf(await bench.server.result("a1"))).toBe(1);
  });

  test("a key that is refused ends the worker, with the reason and without success", async () => {
    await using bench = await Bench.start(worker, { key: "wrong" });
    expect(await bench.exitCode()).not.toBe(0);
    expect(bench.said).toContain("UNAUTHENTICATED");
  });

  test("a call the server was too busy for is repeated, and the session closed in order at the end", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    await server.until(() => server.streamSessions.length === 1, "a stream");
    let refused = 0;
    server.refuses = (method) => (method === "appendLog" && refused++ < 2 ? unavailable : null);
    server.assign(bench.task("a1", "talk", [3]));
    await server.result("a1");
    // A result waits for its log, but not for ever.
    await server.until(() => server.linesOf("a1").length === 3, "the lines");
  });
}
