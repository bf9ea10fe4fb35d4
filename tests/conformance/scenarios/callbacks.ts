/**
 * Callbacks: deliveries that a worker is told of, at least once each, in whatever language it is written.
 *
 * The handler `told(event, config)` notes in `config.folder`, as a line of JSON, what it is told; then it ends as
 * `config.ends` says: "error" raises something of the language, "hopeless" what can never work, "wait" once there is a file
 * `release` in the folder. It leaves a value under a key when `config.leaves`, which callbacks must not.
 */

import { writeFileSync } from "node:fs";
import path from "node:path";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CallbackEvent, FailureKind, RunState } from "@millrace/wire/v1";
import { VerdictKind, type CallbackFactsSchema, type Result } from "@millrace/wire/worker";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Bench, notesIn } from "../bench.ts";
import type { WorkerUnderTest } from "../workers/table.ts";

type Facts = MessageInitShape<typeof CallbackFactsSchema>;
type Config = { readonly ends?: "error" | "hopeless" | "wait"; readonly leaves?: boolean };

const happenedAt = Date.UTC(2026, 0, 1);
const ofTask: Facts = {
  ...{ event: CallbackEvent.FAILURE, name: "told", tryNumber: 2, deliveryTry: 1 },
  ...{ runState: RunState.RUNNING, happenedAt: timestampFromMs(happenedAt) },
  failure: { kind: FailureKind.TIMEOUT, type: "Slow", message: "too slow" },
};

const events = [
  ["success", CallbackEvent.SUCCESS, RunState.RUNNING, "running"],
  ["failure", CallbackEvent.FAILURE, RunState.FAILED, "failed"],
  ["retry", CallbackEvent.RETRY, RunState.RUNNING, "running"],
  ["skipped", CallbackEvent.SKIPPED, RunState.SUCCESS, "success"],
] as const;
const failures: ReadonlySet<string> = new Set(["failure", "retry"]);

export function callbacks(worker: WorkerUnderTest): void {
  const delivery = (
    bench: Bench,
    attemptId: string,
    { ends, leaves }: Config = {},
    { callback = ofTask, ...more }: { callback?: Facts; taskId?: string; mapIndex?: number } = {},
  ) => {
    const config = { folder: bench.folder, ends: ends ?? "well", leaves: leaves ?? false };
    const about = { taskId: "load", executionTimeout: durationFromMs(60_000), ...more };
    return bench.task(attemptId, "told", [config], { ...about, callback });
  };
  const notes = (bench: Bench): unknown[] =>
    notesIn(bench.folder)
      // The last may be half written.
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line) as unknown);

  test("it is told what happened, in the words that every language uses", async () => {
    await using bench = await Bench.start(worker);
    for (const [word, event, runState] of events) {
      const callback = { ...ofTask, event, runState, deliveryTry: 3 };
      if (!failures.has(word)) delete callback.failure;
      bench.server.assign(delivery(bench, word, {}, { callback, mapIndex: 4 }));
      expect(leftBy(await bench.server.result(word))).toEqual({ value: undefined, keys: [] });
      // It has no log, and nothing of it may come into the log of the attempt it is about.
      expect(bench.server.linesOf(word)).toEqual([]);
    }
    expect(notes(bench)).toEqual(
      events.map(([word, , , runState]) => ({
        ...{ event: word, run: "run_1", task: "load", mapIndex: 4, try: 2, runState },
        failure: failures.has(word) ? ["timeout", "Slow", "too slow"] : null,
        ...{ happenedAt, deliveryTry: 3 },
      })),
    );
  });

  test("the callback of a run is about no task", async () => {
    await using bench = await Bench.start(worker);
    const callback = {
      ...{ event: CallbackEvent.SUCCESS, name: "told", tryNumber: 0, deliveryTry: 1 },
      ...{ runState: RunState.SUCCESS, happenedAt: timestampFromMs(happenedAt) },
    };
    bench.server.assign(delivery(bench, "c1", {}, { callback, taskId: "" }));
    leftBy(await bench.server.result("c1"));
    expect(notes(bench)).toMatchObject([{ task: null, mapIndex: null, try: null, failure: null }]);
  });

  test("what it raises is a failure that can be tried again, unless it says that this is hopeless", async () => {
    await using bench = await Bench.start(worker);
    bench.server.assign(
      delivery(bench, "c1", { ends: "error" }),
      delivery(bench, "c2", { ends: "hopeless" }),
      delivery(bench, "c3", { leaves: true }),
    );
    const application = { kind: FailureKind.APPLICATION, message: "no route" };
    expect(failureOf(await bench.server.result("c1"))).toMatchObject({
      ...application,
      type: expect.stringContaining("Error") as string,
      retryable: true,
    });
    expect(failureOf(await bench.server.result("c2"))).toMatchObject({
      ...application,
      retryable: false,
    });
    expect((await bench.server.result("c3")).xcoms).toEqual({});
  });

  test("one that takes too long is stopped, and that is a failure too", async () => {
    await using bench = await Bench.start(worker);
    const late = { ...delivery(bench, "c1", { ends: "wait" }) };
    bench.server.assign({ ...late, executionTimeout: durationFromMs(200) });
    expect(failureOf(await bench.server.result("c1")).kind).toBe(FailureKind.TIMEOUT);
  });

  test("each try of a delivery runs, though all have one id; the same one said twice while it runs is one", async () => {
    await using bench = await Bench.start(worker);
    const first = delivery(bench, "c1", { ends: "wait" });
    bench.server.assign(first);
    await bench.server.until(() => notes(bench).length === 1, "the first try");
    bench.server.sayAssignments(first);
    await bench.server.untilRenewedTwice();
    writeFileSync(path.join(bench.folder, "release"), "");
    await bench.server.result("c1");
    expect(notes(bench)).toHaveLength(1);
    bench.server.assign(delivery(bench, "c1", {}, { callback: { ...ofTask, deliveryTry: 2 } }));
    await bench.server.until(() => bench.server.resultsOf("c1").length === 2, "the second try");
    expect(notes(bench)).toMatchObject([{ deliveryTry: 1 }, { deliveryTry: 2 }]);
  });

  test("an outcome that got no verdict is said again, and the callback is not called for that", async () => {
    await using bench = await Bench.start(worker);
    bench.server.verdictOn = () => null;
    bench.server.assign(delivery(bench, "c1"));
    await bench.server.result("c1");
    bench.server.verdictOn = () => VerdictKind.OK;
    bench.server.breakStreams();
    await bench.server.until(
      () => bench.server.resultsOf("c1").length === 2,
      "it to be said again",
    );
    expect(notes(bench)).toHaveLength(1);
  });
}

function leftBy({ outcome, xcoms }: Result) {
  if (outcome.case !== "succeeded")
    throw new Error(`The callback did not succeed: ${outcome.case}`);
  return { value: outcome.value.returnValue, keys: Object.keys(xcoms) };
}

function failureOf({ outcome }: Result) {
  if (outcome.case === "failed") return outcome.value;
  throw new Error(`The callback did not fail: ${outcome.case}`);
}
