/**
 * Bodies that ask for runs of other DAGs, and wait for them. The handlers: `wait(word)` as in `waiting.ts`, and
 * `trigger_dag(date)`, which asks for a run of "child" and returns its id, name and state, and what became of the request.
 */

import { status } from "@grpc/grpc-js";
import { EndState, RunState, type Deferral } from "@millrace/wire/v1";
import { IfRunExists, IfRunMade, TriggerOutcome, type Result } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { Bench, valueOf } from "../bench.ts";
import { unavailable } from "../scripted-server.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

export function across(worker: WorkerUnderTest): void {
  test("a body asks for a run of another DAG, under its attempt and one request id", async () => {
    await using bench = await Bench.start(worker);
    let asked = 0;
    const { triggerAnswer } = bench.server;
    // The first answer is lost.
    bench.server.triggerAnswer = (request) =>
      (asked += 1) === 1 ? unavailable : triggerAnswer(request);
    bench.server.assign(
      bench.task("a1", "trigger_dag", [{ $: "date", v: "2026-01-01T00:00:00.000Z" }]),
    );
    expect(valueOf(await bench.server.result("a1"))).toEqual([
      "run_7",
      "manual__7",
      "queued",
      "made",
    ]);
    const [first, second] = bench.server.triggers;
    expect(first).toMatchObject({
      ...{ attemptId: "a1", dagId: "child", note: "by a task", maxDepth: 3 },
      ...{ ifExists: IfRunExists.USE, ifMade: IfRunMade.ANOTHER },
      logicalDate: { seconds: 1767225600n, nanos: 0 },
    });
    expect(JSON.parse(Buffer.from(first!.params!.data).toString())).toEqual({ n: 1 });
    expect(second).toEqual(first);
    expect(first!.requestId).not.toBe("");
  });

  test("a body hears what became of its request, and of a refusal its reason", async () => {
    await using bench = await Bench.start(worker);
    bench.server.triggerAnswer = () => ({
      ...{ runId: "run_8", runName: "manual__8" },
      ...{ state: RunState.FAILED, outcome: TriggerOutcome.EXISTS },
    });
    bench.server.assign(bench.task("a1", "trigger_dag", [null]));
    expect(valueOf(await bench.server.result("a1"))).toEqual([
      "run_8",
      "manual__8",
      "failed",
      "exists",
    ]);
    expect(bench.server.triggers[0]!.logicalDate).toBeUndefined();

    const reason = "TRIGGER_NOT_DECLARED";
    bench.server.triggerAnswer = () => ({ code: status.PERMISSION_DENIED, reason });
    bench.server.assign(bench.task("a2", "trigger_dag", [null]));
    const { outcome } = await bench.server.result("a2");
    expect(outcome).toMatchObject({ case: "failed", value: { retryable: true } });
    const failure = outcome.case === "failed" ? outcome.value : undefined;
    expect(`${failure?.type} ${failure?.message}`).toContain(reason);
  });

  test("a body defers for runs of another DAG", async () => {
    await using bench = await Bench.start(worker);
    for (const word of ["runs", "run"]) bench.server.assign(bench.task(word, "wait", [word]));
    expect(await runsOf(bench, "runs")).toMatchObject({
      ...{ dagId: "orders", runId: "", taskIds: ["publish"], groupIds: ["load"] },
      logicalDates: [{ seconds: 1767225600n }, { seconds: 1767312000n }],
      allowedStates: [EndState.SUCCESS],
      failedStates: [EndState.FAILED, EndState.UPSTREAM_FAILED],
      skippedStates: [EndState.SKIPPED],
      ...{ isStrict: true, softFail: false, checksExistence: true },
    });
    expect(await runsOf(bench, "run")).toMatchObject({
      ...{ dagId: "orders", runId: "run_7", taskIds: [], groupIds: [], logicalDates: [] },
      allowedStates: [EndState.SUCCESS],
      ...{ failedStates: [], skippedStates: [], isStrict: false, softFail: true },
    });
  });
}

async function runsOf(bench: Bench, attemptId: string) {
  const { trigger } = deferralOf(await bench.server.result(attemptId));
  if (trigger.case !== "runs") throw new Error(`It waits for "${trigger.case}".`);
  return trigger.value;
}

function deferralOf({ outcome }: Result): Deferral {
  if (outcome.case !== "deferred") throw new Error(`It ended as "${outcome.case}".`);
  return outcome.value;
}
