/** Deadlines in memory: virtual time misses them, and what they call for is done. */
import { dag, deadline, task, type CallbackEvent } from "@millrace/sdk";
import { expect, test } from "vitest";
import { after, ok, runDag, startDag } from "./index.ts";

const logicalDate = "2026-01-01T00:00Z";
const told: CallbackEvent[] = [];
const page = (event: CallbackEvent): void => void told.push(event);

const report = dag(
  "report",
  { deadline: deadline.afterLogicalDate("2h"), onDeadlineMissed: page },
  () => {
    const options = {
      deadline: [deadline.afterQueued("30m"), deadline.at("2026-01-01T05:00Z")],
      onDeadlineMissed: page,
    };
    task(options, function load() {})();
  },
);

test("what takes longer misses its deadlines, one by one; what ends in time keeps the others", async () => {
  const run = startDag(report, { logicalDate, outcomes: { load: after("3h", ok(1)) } });
  await run.advance("1h");
  const states = () => run.deadlines.map(({ name, state }) => `${name}: ${state}`);
  expect(states()).toEqual([
    "logical date + 2h: pending",
    "queued + 30m: missed",
    "2026-01-01T05:00:00.000Z: pending",
  ]);
  await run.advance("2h");
  expect(states()).toEqual([
    "logical date + 2h: missed",
    "queued + 30m: missed",
    "2026-01-01T05:00:00.000Z: kept",
  ]);
  expect(run.callbacks.map(({ on, taskId }) => [on, taskId])).toEqual([
    ["deadline_missed", "load"],
    ["deadline_missed", null],
  ]);
});

test("callbacks are told which one", async () => {
  await runDag(report, { logicalDate, now: "2026-01-01T06:00Z" });
  expect(told.map(({ deadline: one, task: of }) => [one?.name, of?.id])).toEqual([
    ["logical date + 2h", undefined],
    ["2026-01-01T05:00:00.000Z", "load"],
  ]);
  expect(told[0]).toMatchObject({
    event: "deadline_missed",
    tryNumber: null,
    failure: null,
    deadline: { dueAt: new Date("2026-01-01T02:00Z"), estimatedEndAt: null },
  });
});

test("a run without a logical date, or without earlier runs, has no such deadline", async () => {
  const average = deadline.afterAverageRuntime("1m");
  const options = { deadline: [deadline.afterLogicalDate("-1h"), average] };
  const done = await runDag(dag("none", options, () => void task(function one() {})()));
  expect(done.deadlines).toEqual([]);
});
