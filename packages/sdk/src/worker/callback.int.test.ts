/** Callbacks where they run: what they are told, and what their errors change (semantics 12.1, 12.4). */

import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CallbackEvent, FailureKind, RunState, TaskKind } from "@millrace/wire/v1";
import type { Result } from "@millrace/wire/worker";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failureOf, startBench, type AssignmentInit, type Bench } from "./testing/worker-bench.ts";

const utf8 = new TextEncoder();

/** What a callback was given leaves it through the worker's log. */
const taskOptions = {
  load: `{
    onFailure: [
      function say(event) { context().log.info("told", { given: [event, context().params] }); },
      page({ to: "me", since: new Date(0) }),
      () => { throw new TypeError("no pager"); },
      () => new Promise((_, reject) => context().signal.addEventListener("abort", reject)),
      () => { context().xcom.push("a", 1); },
      () => { throw new FailTask("hopeless"); },
      () => { throw new SkipTask("not now"); },
    ],
  }`,
};
const preamble = `import { notifier, type CallbackEvent } from "@millrace/sdk";
const page = (config: { to: string; since: Date }) =>
  notifier("page", config, (event, { to, since }) => {
    console.log(JSON.stringify([event.task?.id, to, since.getTime()]));
  });
void (0 as unknown as CallbackEvent);`;

let bench: Bench;
const external: unknown[][] = [];

beforeAll(async () => {
  bench = await startBench({
    ...{ preamble, taskOptions, bodies: { load: "() => 1" } },
    handlers: { page_oncall: (...given: unknown[]) => void external.push(given) },
  });
});
afterAll(() => bench[Symbol.asyncDispose]());

/** The assignment of a callback. `place`: in the list of the task's `onFailure`. */
function aCallback(attemptId: string, place: number, more: AssignmentInit = {}): AssignmentInit {
  return bench.task("load", {
    ...{ attemptId, handler: `bench.ts#bench#load#onFailure/${place}` },
    callback: {
      ...{ event: CallbackEvent.FAILURE, name: "say", tryNumber: 2, deliveryTry: 1 },
      ...{ runState: RunState.RUNNING, happenedAt: timestampFromMs(1_000) },
      failure: { kind: FailureKind.TIMEOUT, type: "Slow", message: "too slow" },
    },
    ...more,
  });
}

async function resultOf(place: number, more: AssignmentInit = {}): Promise<Result> {
  const attemptId = `c${place}`;
  bench.server.assign(aCallback(attemptId, place, more));
  return await bench.server.result(attemptId);
}

function logged(attemptId: string): Record<string, unknown>[] {
  const own = bench.events.filter(({ event }) => event === "callback.log");
  const fields = own.map((one) => one.fields as Record<string, unknown>);
  return fields.filter((one) => one["attempt_id"] === attemptId);
}

test("a function is told what happened, in a context, and what it logs is in the worker's log", async () => {
  const params = { data: utf8.encode('{"region":"eu"}') };
  const run = { runId: "run_1", dagId: "bench", runName: "manual__1", params };
  const { outcome } = await resultOf(0, { run, mapIndex: 4, mapLength: 9 });
  expect(outcome.case).toBe("succeeded");
  const [line] = logged("c0");
  expect(line).toMatchObject({ callback: "say", message: "told", stream: "log" });
  const { given } = JSON.parse(String(line?.["fields"])) as { given: unknown[] };
  expect(given).toEqual([
    {
      event: "failure",
      run: expect.objectContaining({ id: "run_1", name: "manual__1", dagId: "bench" }),
      task: { id: "load", mapIndex: 4 },
      tryNumber: 2,
      failure: { kind: "timeout", type: "Slow", message: "too slow", stack: "" },
      runState: "running",
      happenedAt: "1970-01-01T00:00:01.000Z",
      deliveryTry: 1,
      deadline: null,
    },
    { region: "eu" },
  ]);
  expect(bench.server.linesOf("c0")).toEqual([]);
});

test("a notifier is given its settings", async () => {
  const args = utf8.encode('[{"to":"me","since":{"$":"date","v":"1970-01-01T00:00:00.000Z"}}]');
  expect((await resultOf(1, { args })).outcome.case).toBe("succeeded");
  expect(logged("c1")).toMatchObject([{ message: '["load","me",0]', stream: "stdout" }]);
});

test("the callback of a run is about no task", async () => {
  const callback = {
    ...{ event: CallbackEvent.SUCCESS, name: "page", runState: RunState.SUCCESS },
    ...{ tryNumber: 0, deliveryTry: 2 },
  };
  const kind = TaskKind.EXTERNAL;
  const args = utf8.encode('["a"]');
  const attemptId = "run";
  const external_ = { handler: "page_oncall", kind, taskId: "", bundleDigest: "" };
  bench.server.assign(aCallback(attemptId, 0, { ...external_, args, callback }));
  expect((await bench.server.result(attemptId)).outcome.case).toBe("succeeded");
  expect(external).toMatchObject([
    [{ event: "success", task: null, tryNumber: null, failure: null, deliveryTry: 2 }, "a"],
  ]);
});

test("whatever it throws is a failure, and a value it wants to leave is one too", async () => {
  expect(failureOf(await resultOf(2))).toMatchObject({
    ...{ kind: "APPLICATION", type: "TypeError", message: "no pager", retryable: true },
  });
  expect(failureOf(await resultOf(4))).toMatchObject({ type: "WRONG_PLACE" });
  expect(failureOf(await resultOf(5))).toMatchObject({ message: "hopeless", retryable: false });
  expect(failureOf(await resultOf(6))).toMatchObject({ message: "not now", retryable: true });
  expect(failureOf(await resultOf(7)).message).toContain("no TypeScript callback");
});

test("one that takes too long fails, and says how long it may take", async () => {
  const failure = failureOf(await resultOf(3, { executionTimeout: durationFromMs(50) }));
  expect(failure).toMatchObject({
    kind: "TIMEOUT",
    message: "The callback took longer than its execution timeout of 0.05 s.",
  });
});

test("each try of a delivery runs, though all have one id", async () => {
  const before = external.length;
  const handler = { handler: "page_oncall", kind: TaskKind.EXTERNAL, bundleDigest: "" };
  for (let count = 1; count <= 2; count++) {
    bench.server.assign(aCallback("again", 0, handler));
    await bench.server.until(
      () => bench.server.results.filter(({ attemptId }) => attemptId === "again").length === count,
    );
  }
  expect(external.length - before).toBe(2);
});
