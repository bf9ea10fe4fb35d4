/** Renewals, verdicts and cancels: what keeps an attempt this worker's, and what ends that. */

import { FailureKind } from "@millrace/wire/v1";
import { ResultSchema, VerdictKind, type StaleReason } from "@millrace/wire/worker";
import { toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Bench, valueOf } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

/** A value that no version of the protocol has given a meaning. */
const unknownKind = 99 as VerdictKind;

export function leases(worker: WorkerUnderTest): void {
  test("renewals go on, with the attempt in their inventory, while a body computes without looking up", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    const block = await bench.hold("a1", "block");
    const before = server.renewals.length;
    const ofBody = () =>
      server.renewals.slice(before).filter(({ attemptIds }) => attemptIds.includes("a1"));
    await server.until(() => ofBody().length > 8, "renewals while the body computes");
    expect(server.resultsOf("a1")).toEqual([]);
    block.release();
    expect(valueOf(await server.result("a1"))).toBe("blocked");
    expect(server.opened).toHaveLength(1);
  });

  test("an assignment that comes twice runs once, while it runs and while its result has no verdict", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    server.verdictOn = ({ attemptId }) => (attemptId === "a1" ? null : VerdictKind.OK);
    const hold = await bench.hold("a1");
    const again = bench.task("a1", "hold", [hold.folder]);
    server.sayAssignments(again);
    hold.release();
    await server.result("a1");
    server.sayAssignments(again);
    await server.untilRenewedTwice();
    server.assign(bench.task("a2", "echo"));
    await server.result("a2");
    expect(hold.notes()).toEqual(["begun"]);
  });

  const settled = worker.lacks.includes("remembers settled attempts") ? test.fails : test;
  settled(
    "an attempt that is settled does not run again, when a server that missed its end repeats it",
    async () => {
      await using bench = await Bench.start(worker);
      const { server } = bench;
      const hold = await bench.hold("a1");
      hold.release();
      await server.result("a1");
      await server.untilRenewedTwice();
      server.sayAssignments(bench.task("a1", "hold", [hold.folder]));
      server.assign(bench.task("a2", "echo"));
      await server.result("a2");
      await server.untilRenewedTwice();
      expect(hold.notes()).toEqual(["begun"]);
    },
  );

  test("a result without a verdict stays in the inventory and is sent again byte by byte", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    server.verdictOn = () => null;
    server.assign(bench.task("a1", "echo", [{ b: 1, a: [2] }]));
    await server.result("a1");
    await server.untilRenewedTwice();
    expect(server.holds("a1")).toBe(true);
    server.verdictOn = () => VerdictKind.ALREADY;
    server.breakStreams();
    await server.until(() => server.resultsOf("a1").length === 2, "the result once more");
    const [first, second] = server.resultsOf("a1").map((result) => toBinary(ResultSchema, result));
    expect(second).toEqual(first);
    await server.until(() => !server.holds("a1"), "a1 to be let go");
  });

  test.each([
    ["STALE", VerdictKind.STALE],
    ["an unset verdict", VerdictKind.UNSPECIFIED],
    ["a verdict it does not know", unknownKind],
  ])(
    "%s in a renewal stops the body, reports nothing, and lets other work go on",
    async (_name, kind) => {
      await using bench = await Bench.start(worker);
      const { server } = bench;
      const [lost, kept] = [await bench.hold("a1"), await bench.hold("a2")];
      server.renewalVerdicts = [{ attemptId: "a1", kind }];
      await bench.untilStopped(lost);
      await server.until(() => !server.holds("a1"), "a1 to be let go");
      server.renewalVerdicts = [];
      kept.release();
      expect(valueOf(await server.result("a2"))).toBe("held");
      await server.untilRenewedTwice();
      expect(server.resultsOf("a1")).toEqual([]);
    },
  );

  test.each([
    VerdictKind.OK,
    VerdictKind.ALREADY,
    VerdictKind.CONFLICT,
    VerdictKind.STALE,
    unknownKind,
  ])("verdict %i on a result settles it: it is not sent again", async (kind) => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    server.verdictOn = () => kind;
    server.assign(bench.task("a1", "echo", [1]));
    await server.result("a1");
    await server.until(() => server.renewals.length > 1 && !server.holds("a1"), "a1 to be let go");
    server.breakStreams();
    server.assign(bench.task("a2", "echo", [2]));
    await server.result("a2");
    expect(server.resultsOf("a1")).toHaveLength(1);
  });

  test("a cancel on the stream stops the body, which is reported as CANCELLED; one for an unknown attempt is nothing", async () => {
    await using bench = await Bench.start(worker);
    const hold = await bench.hold("a1");
    bench.server.cancel("unknown", "a1");
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "failed", value: { kind: FailureKind.CANCELLED } });
    await bench.untilStopped(hold);
  });

  test("CANCEL_REQUESTED in a renewal does the same", async () => {
    await using bench = await Bench.start(worker);
    await bench.hold("a1");
    bench.server.renewalVerdicts = [{ attemptId: "a1", kind: VerdictKind.CANCEL_REQUESTED }];
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "failed", value: { kind: FailureKind.CANCELLED } });
  });

  test("CANCEL_REQUESTED in answer to a success is answered with CANCELLED", async () => {
    await using bench = await Bench.start(worker);
    const { server } = bench;
    server.verdictOn = ({ outcome }) =>
      outcome.case === "succeeded" ? VerdictKind.CANCEL_REQUESTED : VerdictKind.OK;
    server.assign(bench.task("a1", "echo", [1]));
    await server.until(() => server.resultsOf("a1").length === 2, "a second result");
    expect(server.resultsOf("a1")[1]!.outcome).toMatchObject({
      value: { kind: FailureKind.CANCELLED },
    });
  });

  test("a reason for STALE that it does not know means the same", async () => {
    await using bench = await Bench.start(worker);
    const hold = await bench.hold("a1");
    const stale = { attemptId: "a1", kind: VerdictKind.STALE, staleReason: 99 as StaleReason };
    bench.server.renewalVerdicts = [stale];
    await bench.untilStopped(hold);
    expect(bench.server.resultsOf("a1")).toEqual([]);
  });
}
