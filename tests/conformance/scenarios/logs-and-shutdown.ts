/** Logs that arrive whole and in order, and a worker that leaves in order. */

import { status } from "@grpc/grpc-js";
import type { AppendLogRequest } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { Bench, valueOf } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

export function logs(worker: WorkerUnderTest): void {
  test("lines are numbered from 1 without gaps, in order, in chunks within the limit, before the result", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    let storedBefore = -1;
    server.verdictOn = () => {
      storedBefore = server.linesOf("a1").length;
      return 1;
    };
    server.assign(bench.task("a1", "talk", [2500]));
    await server.result("a1");
    expect(storedBefore).toBe(2500);
    const lines = server.linesOf("a1");
    expect(lines.map(({ seq }) => Number(seq))).toEqual(lines.map((_, index) => index + 1));
    expect(lines.map(({ message }) => message)).toEqual(lines.map((_, index) => `line ${index}`));
    expect(
      Math.max(...server.logRequests.map((request) => request.lines.length)),
    ).toBeLessThanOrEqual(1000);
  });

  test("lines whose acknowledgement was lost are sent again with the same numbers", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    let lost = 0;
    server.losesAnswer = (method) => method === "appendLog" && lost++ < 2;
    server.assign(bench.task("a1", "talk", [10]));
    await server.result("a1");
    // A result waits for its log, but not for ever.
    await server.until(
      () => server.linesOf("a1").length === 10 && server.logRequests.length > 2,
      "the lines, and two repetitions",
    );
    expect(server.linesOf("a1").map(({ message }) => message)).toEqual(
      Array.from({ length: 10 }, (_, index) => `line ${index}`),
    );
    const firstSeqs = server.logRequests
      .slice(0, 3)
      .map((request) => Number(request.lines[0]!.seq));
    expect(firstSeqs).toEqual([1, 1, 1]);
  });

  test("a request id stands for the same lines whenever they are sent, and for no others", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    let lost = 0;
    server.losesAnswer = (method) => method === "appendLog" && lost++ % 2 === 0;
    server.assign(bench.task("a1", "talk", [2500]), bench.task("a2", "talk", [2500]));
    for (const attemptId of ["a1", "a2"]) {
      await server.result(attemptId);
      await server.until(() => server.linesOf(attemptId).length === 2500, "the lines");
    }
    const ids = [...requestsOf(server.logRequests).values()];
    expect(ids.length).toBeGreaterThan(2);
    expect(ids.map((each) => each.size)).toEqual(ids.map(() => 1));
    expect(new Set(ids.flatMap((each) => [...each])).size).toBe(ids.length);
  });

  test("a full log is no reason to fail: further lines are dropped", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    server.refuses = (method) =>
      method === "appendLog"
        ? { code: status.RESOURCE_EXHAUSTED, reason: "LOG_LIMIT_REACHED" }
        : null;
    server.assign(bench.task("a1", "talk", [5000]));
    expect((await server.result("a1")).outcome.case).toBe("succeeded");
  });
}

/** The ids under which the same lines were sent. */
function requestsOf(requests: readonly AppendLogRequest[]): Map<string, Set<string>> {
  const ids = new Map<string, Set<string>>();
  for (const { attemptId, lines, requestId } of requests) {
    const name = `${attemptId} ${lines[0]!.seq}-${lines.at(-1)!.seq}`;
    ids.set(name, (ids.get(name) ?? new Set()).add(requestId));
  }
  return ids;
}

export function shutdown(worker: WorkerUnderTest): void {
  test("SIGTERM lets running bodies end, reports them, gives back what comes meanwhile, and closes the session last", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const hold = await bench.hold("a1");
    let resultsAtClose = -1;
    server.refuses = (method) => {
      if (method === "closeSession") resultsAtClose = server.results.length;
      return null;
    };
    bench.process.kill("SIGTERM");
    await untilGivenBack(bench);
    hold.release();
    expect(valueOf(await server.result("a1"))).toBe("held");
    expect(await bench.exitCode()).toBe(0);
    expect(server.closed).toHaveLength(1);
    expect(resultsAtClose).toBe(server.results.length);
  });

  test("bodies that outlast the drain are told to stop, and the session is closed without a result of theirs", async () => {
    await using bench = await Bench.start(worker, { drainGrace: 0.2 });
    const { server } = bench;
    await bench.hold("a1");
    bench.process.kill("SIGTERM");
    expect(await bench.exitCode()).toBe(0);
    expect(server.closed).toHaveLength(1);
    expect(server.resultsOf("a1").map(({ outcome }) => outcome.case)).not.toContain("succeeded");
  });

  test("a second SIGTERM ends it without waiting for bodies", async () => {
    await using bench = await Bench.start(worker, { drainGrace: 600 });
    await bench.hold("a1");
    bench.process.kill("SIGTERM");
    await untilGivenBack(bench);
    bench.process.kill("SIGTERM");
    await bench.exitCode();
  });
}

/** A signal takes its time to arrive: gives work until some of it comes back. */
async function untilGivenBack(bench: Bench): Promise<void> {
  const { server } = bench;
  for (let index = 0; !server.results.some(({ outcome }) => outcome.case === "returned"); index++) {
    server.sayAssignments(bench.task(`probe${index}`, "echo", [index]));
    await server.result(`probe${index}`);
  }
}
