import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Result } from "@millrace/wire/worker";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  failureOf,
  startBench,
  valueOf,
  type AssignmentInit,
  type Bench,
} from "./testing/worker-bench.ts";

const utf8 = new TextEncoder();
const at = Date.parse("2026-01-05T06:00Z");

/** DAGs with timetables of their own, in the same file. */
const preamble = `import { timetable, type TimetableFunction } from "@millrace/sdk";
const timed = (id: string, next: TimetableFunction) =>
  dag(id, { schedule: timetable({ next }) }, () => void task({ id: "work" }, () => 1)());
export const fixed = timed("fixed", (last, _, now) => {
  console.log("asked at", now.toISOString());
  return last === null ? new Date(${at}) : null;
});
export const slow = timed("slow", async () => {
  await new Promise(() => undefined);
  return null;
});
export const blocked = timed("blocked", () => { for (;;); });
export const broken = timed("broken", () => { throw new RangeError("no calendar"); });
export const backwards = timed("backwards", (last) => last?.start ?? null);
export const leaving = timed("leaving", () => { context().xcom.push("a", 1); return null; });
`;

let bench: Bench;

beforeAll(async () => {
  bench = await startBench({ preamble, graceMs: 200 });
});
afterAll(() => bench[Symbol.asyncDispose]());

async function ask(
  dagId: string,
  question: object = {},
  more: AssignmentInit = {},
): Promise<Result> {
  const attemptId = `${dagId}${JSON.stringify(question)}`;
  const args = utf8.encode(
    JSON.stringify([{ now: at - 1, last: null, through: null, count: 1, ...question }]),
  );
  bench.server.assign(
    bench.task("filler", {
      ...{ attemptId, taskId: "", handler: `bench.ts#${dagId}##schedule()`, args },
      call: { name: "schedule" },
      run: { dagId, dagVersion: 1 },
      ...more,
    }),
  );
  return await bench.server.result(attemptId);
}

test("the function of a timetable answers, and what it prints is in the worker's log", async () => {
  expect(valueOf(await ask("fixed"))).toEqual({ runs: [{ start: at, end: at, runAfter: at }] });
  expect(valueOf(await ask("fixed", { last: { start: 1, end: 2 } }))).toEqual({ runs: [] });
  const logged = bench.events.find(({ event }) => event === "call.log");
  expect(logged?.fields).toMatchObject({
    call: "schedule",
    message: expect.stringMatching(/asked/),
  });
});

test("what it throws is a failure, and so is an answer that goes backwards", async () => {
  expect(failureOf(await ask("broken"))).toMatchObject({
    ...{ kind: "APPLICATION", type: "RangeError", message: "no calendar" },
    stack: expect.stringMatching(/bench.ts:\d+/),
  });
  const last = { start: at, end: at };
  expect(failureOf(await ask("backwards", { last }))).toMatchObject({
    ...{ type: "TIMETABLE_INVALID", message: expect.stringContaining("not after the run before") },
  });
  expect(failureOf(await ask("leaving"))).toMatchObject({ type: "WRONG_PLACE" });
  expect(failureOf(await ask("gone")).message).toContain('no DAG "gone"');
});

test.each(["slow", "blocked"])("one that never answers is ended: %s", async (dagId) => {
  const executionTimeout = durationFromMs(300);
  expect(failureOf(await ask(dagId, {}, { executionTimeout }))).toMatchObject({
    ...{ kind: "TIMEOUT", message: expect.stringContaining('The function of "schedule"') },
  });
  expect(valueOf(await ask("fixed", { now: at - 2 - dagId.length }))).toMatchObject({ runs: [{}] });
});
