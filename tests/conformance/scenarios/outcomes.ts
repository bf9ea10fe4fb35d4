/** Every way an attempt can end, as the protocol says it. */

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { FailureKind } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { Bench, queue, slots, valueOf } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

const utf8 = new TextEncoder();

export function outcomes(worker: WorkerUnderTest): void {
  test("it announces its queues, handlers, slots and protocol, and gives credit for its slots", async () => {
    await using bench = await Bench.start(worker);
    await bench.server.until(() => bench.server.creditSaid[0] === slots, "credit for all slots");
    const opened = bench.server.opened[0]!;
    expect(opened.queues).toEqual([queue]);
    const handlers = [
      "ask_policy",
      "big",
      "block",
      "echo",
      "facts",
      "fail",
      "fail_for_good",
      "hold",
      "retry_later",
      "skip",
      "talk",
      "watch",
      "watch_until",
    ];
    // Those of other scenarios too, as far as the worker has them.
    expect(opened.handlers).toEqual(expect.arrayContaining(handlers));
    expect(opened).toMatchObject({
      protocol: 1,
      slots,
      workerName: "conformance",
      runsBundles: false,
    });
    expect(opened.sdk).toContain(worker.sdk);
    expect(opened.requestId).not.toBe("");
  });

  test("a body gets its arguments resolved, and its value comes back in the codec", async () => {
    await using bench = await Bench.start(worker);
    const value = { $: "set", v: [{ $: "bigint", v: "9007199254740993" }] };
    const args = [
      {
        from: { $: "task", id: "extract", path: ["rows", 0] },
        region: { $: "run", path: ["params", "region"] },
        value,
      },
    ];
    const inputs = {
      extract: {
        data: utf8.encode('{"rows":[{"at":{"$":"date","v":"2026-01-01T00:00:00.000Z"}}]}'),
      },
    };
    bench.server.assign(bench.task("a1", "echo", args, { inputs }));
    expect(valueOf(await bench.server.result("a1"))).toEqual({
      from: { at: { $: "date", v: "2026-01-01T00:00:00.000Z" } },
      region: "eu",
      value,
    });
  });

  test("what a body throws is a failure that may be retried, and FailTask one that may not", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(
      bench.task("a1", "fail", ["no rows"]),
      bench.task("a2", "fail_for_good", ["bad rows"]),
    );
    const [thrown, final] = [await bench.server.result("a1"), await bench.server.result("a2")];
    const kind = FailureKind.APPLICATION;
    expect(thrown.outcome).toMatchObject({
      case: "failed",
      value: { kind, message: "no rows", retryable: true },
    });
    expect(thrown.outcome.value).toMatchObject({
      type: expect.stringMatching(/Error$/),
      stack: expect.stringContaining("fail"),
    });
    expect(final.outcome).toMatchObject({
      case: "failed",
      value: { kind, message: "bad rows", retryable: false },
    });
  });

  test("SkipTask is a skip with its reason", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "skip", ["a holiday"]));
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({ case: "skipped", value: { message: "a holiday" } });
  });

  test("a handler it does not have, and arguments it cannot read, are failures to prepare", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(
      bench.task("a1", "not_announced"),
      bench.task("a2", "echo", [{ $: "no such tag", v: 1 }]),
    );
    for (const attemptId of ["a1", "a2"]) {
      const { outcome } = await bench.server.result(attemptId);
      expect(outcome).toMatchObject({ case: "failed", value: { kind: FailureKind.SETUP } });
    }
  });

  test("an attempt that outlasts its execution timeout is stopped and fails as TIMEOUT", async () => {
    await using bench = await Bench.start(worker);
    const folder = bench.folder;
    bench.server.assign(
      bench.task("a1", "hold", [folder], { executionTimeout: durationFromMs(300) }),
    );
    const { outcome } = await bench.server.result("a1");
    expect(outcome).toMatchObject({
      case: "failed",
      value: { kind: FailureKind.TIMEOUT, retryable: true },
    });
  });

  test("it never holds more than its slots, and keeps working through a long queue", async () => {
    await using bench = await Bench.start(worker);
    const ids = Array.from({ length: 40 }, (_, index) => `a${index}`);
    bench.server.assign(...ids.map((id) => bench.task(id, "echo", [id])));
    for (const id of ids) expect(valueOf(await bench.server.result(id))).toBe(id);
    expect(bench.server.results).toHaveLength(40);
  });
}
