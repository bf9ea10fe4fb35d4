/** Retry policies, sensors and values that choose, where bundles bring the bodies. The rest is in tests/conformance. */

import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Isolation, type SensorMode, type TaskControl } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { failureOf, startBench, valueOf } from "./testing/worker-bench.ts";

const utf8 = new TextEncoder();

test("the retry policy of a task is asked in the thread and in the process where its body ran", async () => {
  await using bench = await startBench({
    bodies: { busy: '() => { throw new TypeError("busy"); }' },
    taskOptions: {
      busy: `{ retryPolicy: (error: Error, tryNumber: number) =>
        error instanceof TypeError ? { after: { seconds: tryNumber } } : "fail" }`,
    },
  });
  const isolation = Isolation.PROCESS;
  bench.server.assign(
    bench.task("busy", { attemptId: "thread", tryNumber: 2 }),
    bench.task("busy", { attemptId: "process", tryNumber: 3, isolation }),
  );
  for (const [attemptId, afterMs] of [["thread", 2000] as const, ["process", 3000] as const]) {
    const { outcome } = await bench.server.result(attemptId);
    const failure = outcome.case === "failed" ? outcome.value : null;
    expect(failure?.message).toBe("busy");
    expect(durationMs(failure!.retryAfter!)).toBe(afterMs);
  }
});

test("a sensor in a process of its own looks until it is done, each look with a time of its own", async () => {
  await using bench = await startBench({
    preamble: "let looks = 0;",
    bodies: {
      // All its looks together take longer than one may, and each of them much less.
      slow: "async () => { await new Promise((r) => setTimeout(r, 500)); return ++looks > 8 && done(looks); }",
      stuck: "() => { if (++looks > 1) for (;;); }",
    },
    graceMs: 200,
  });
  const sensor = { interval: durationFromMs(10), timeout: durationFromMs(60_000) };
  const how = { sensor, isolation: Isolation.PROCESS, executionTimeout: durationFromMs(4_000) };
  bench.server.assign(bench.task("slow", how), bench.task("stuck", how));
  expect(valueOf(await bench.server.result("slow"))).toBe(9);
  expect(failureOf(await bench.server.result("stuck"))).toMatchObject({ kind: "TIMEOUT" });
});

test("an answer that is none fails a sensor for good; its signal aborts a wait", async () => {
  await using bench = await startBench({
    bodies: {
      odd: '() => "a file"',
      waits: "() => { context().log.info('looking'); return false; }",
    },
  });
  const sensor = { interval: durationFromMs(600_000) };
  bench.server.assign(bench.task("odd", { sensor }), bench.task("waits", { sensor }));
  const failure = failureOf(await bench.server.result("odd"));
  expect(failure).toMatchObject({ kind: "APPLICATION", type: "VALUE_INVALID", retryable: false });
  await bench.begun("waits");
  bench.server.cancel("waits");
  expect(failureOf(await bench.server.result("waits"))).toMatchObject({ kind: "CANCELLED" });
});

test("what a newer server asks for fails the attempt and not the worker", async () => {
  await using bench = await startBench({ bodies: { one: "() => 1" } });
  const mode = 99 as SensorMode;
  bench.server.assign(
    bench.task("one", { attemptId: "control", control: 99 as TaskControl }),
    bench.task("one", { attemptId: "mode", sensor: { mode } }),
    bench.task("one", { attemptId: "plain" }),
  );
  for (const attemptId of ["control", "mode"]) {
    const failure = failureOf(await bench.server.result(attemptId));
    expect(failure).toMatchObject({ kind: "SETUP", message: expect.stringContaining("99") });
  }
  expect(valueOf(await bench.server.result("plain"))).toBe(1);
});

test("a template may use what Liquid has", async () => {
  await using bench = await startBench({ bodies: { score: "() => 1" } });
  const items = { "score/0": { data: utf8.encode('{"name":"ada","rows":[1,2,3]}') } };
  const mapIndexTemplate = "{{ item.name | upcase }}: {{ item.rows | size }}";
  bench.server.assign(bench.task("score", { items, mapIndex: 0, mapLength: 1, mapIndexTemplate }));
  const { outcome } = await bench.server.result("score");
  expect(outcome.value).toMatchObject({ mapIndexLabel: "ADA: 3" });
});
