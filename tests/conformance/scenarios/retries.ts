/** What a body, or the policy of its task, says about another try. */

import { durationMs } from "@bufbuild/protobuf/wkt";
import { FailureKind, type Failure } from "@millrace/wire/v1";
import type { Result } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { Bench } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

export function retries(worker: WorkerUnderTest): void {
  test("RetryTask says when the next try begins; other errors leave it to the task", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(
      bench.task("a1", "retry_later", [90]),
      bench.task("a2", "retry_later", [0]),
      bench.task("a3", "fail", ["no rows"]),
    );
    expect(await retryOf(bench, "a1")).toEqual({ retryable: true, afterMs: 90_000 });
    expect(await retryOf(bench, "a2")).toEqual({ retryable: true, afterMs: 0 });
    expect(await retryOf(bench, "a3")).toEqual({ retryable: true, afterMs: null });
  });

  test("a retry policy decides by the error and the number of the try", async () => {
    await using bench = await Bench.start(worker);
    const tryNumber = 2;
    bench.server.assign(
      bench.task("a1", "ask_policy", ["hopeless"]),
      bench.task("a2", "ask_policy", ["busy"], { tryNumber }),
      bench.task("a3", "ask_policy", ["anything else"]),
    );
    expect(await retryOf(bench, "a1")).toEqual({ retryable: false, afterMs: null });
    expect(await retryOf(bench, "a2")).toEqual({ retryable: true, afterMs: 180_000 });
    expect(await retryOf(bench, "a3")).toEqual({ retryable: true, afterMs: null });
  });

  test("a policy is not asked about FailTask", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "ask_policy", ["for good"]));
    expect(await retryOf(bench, "a1")).toEqual({ retryable: false, afterMs: null });
  });

  test("a policy that fails itself changes nothing, and is in message and log", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(bench.task("a1", "ask_policy", ["broken policy"]));
    expect(await retryOf(bench, "a1")).toEqual({ retryable: true, afterMs: null });
    const { message, kind } = failureOf(await bench.server.result("a1"));
    expect(kind).toBe(FailureKind.APPLICATION);
    expect(message).toMatch(/^broken policy.*no such rule/);
    const lines = bench.server.linesOf("a1").map((line) => line.message);
    expect(lines.join("\n")).toMatch(/retry policy[^]*no such rule/);
  });
}

async function retryOf(bench: Bench, attemptId: string) {
  const { retryable, retryAfter } = failureOf(await bench.server.result(attemptId));
  return { retryable, afterMs: retryAfter === undefined ? null : durationMs(retryAfter) };
}

function failureOf({ outcome }: Result): Failure {
  if (outcome.case !== "failed") throw new Error(`The attempt did not fail: ${outcome.case}`);
  return outcome.value;
}
