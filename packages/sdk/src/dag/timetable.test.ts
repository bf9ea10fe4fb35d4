import { expect, test } from "vitest";
import { dag, nextRuns, task, timetable, type TimetableFunction } from "../index.ts";
import { calledOf } from "../wiring/code-of.ts";

const day = 86_400_000;
const work = task({ id: "work" }, () => 1);

/** The next day that is no Saturday and no Sunday, at six in the morning, UTC. */
const workdays: TimetableFunction = (last, restriction, now) => {
  const next = new Date(last?.start ?? restriction.earliest ?? now);
  next.setUTCHours(6, 0, 0, 0);
  do next.setUTCDate(next.getUTCDate() + 1);
  while (next.getUTCDay() % 6 === 0);
  return next;
};
const friday = new Date("2026-01-02T12:00Z");

function aDag(next: TimetableFunction, options: object = {}) {
  return dag("timed", { schedule: timetable({ name: "workdays", next }), ...options }, () => {
    work();
  });
}

test("the spec names the function, which is not in it", () => {
  expect(aDag(workdays).spec().schedule).toEqual({
    ...{ kind: "custom", name: "workdays", handler: "#schedule()" },
  });
  expect(timetable({ next: workdays })).toMatchObject({ name: "custom" });
});

test("nextRuns asks the function itself, of a DAG or of the schedule alone", () => {
  const options = { now: friday, last: null, count: 3 };
  const expected = [
    "2026-01-05T06:00:00.000Z",
    "2026-01-06T06:00:00.000Z",
    "2026-01-07T06:00:00.000Z",
  ];
  for (const of of [aDag(workdays), timetable({ next: workdays })])
    expect(nextRuns(of, options).map((run) => run.logicalDate.toISOString())).toEqual(expected);
});

test("it is told the last run, what the DAG restricts, and the time", () => {
  const asked: unknown[][] = [];
  const options = { startDate: "2026-01-01T00:00Z", endDate: "2026-02-01T00:00Z", catchup: true };
  const spy: TimetableFunction = (...given) => {
    asked.push(given);
    return null;
  };
  const last = { start: "2026-01-01T06:00Z", end: "2026-01-01T07:00Z" };
  expect(nextRuns(aDag(spy, options), { now: friday, last, count: 1 })).toEqual([]);
  expect(asked).toEqual([
    [
      { start: new Date(last.start), end: new Date(last.end) },
      {
        earliest: new Date(options.startDate),
        latest: new Date(options.endDate),
        catchup: true,
      },
      friday,
    ],
  ]);
});

test("an interval is due at its end, or when it says", () => {
  const start = new Date("2026-01-05T00:00Z");
  const end = new Date(start.getTime() + day);
  const runAfter = new Date(end.getTime() + 1);
  const planned = (answer: object) =>
    nextRuns(timetable({ next: () => answer as never }), { now: friday, last: null, count: 1 });
  const about = { logicalDate: start, dataInterval: { start, end } };
  expect(planned({ start, end })).toEqual([{ ...about, runAfter: end }]);
  expect(planned({ start, end, runAfter })).toEqual([{ ...about, runAfter }]);
});

test.each<[string, unknown, RegExp]>([
  ["nothing", undefined, /answered undefined: answer a Date/],
  ["a text", "2026-01-01", /answered "2026-01-01": answer a Date/],
  ["half an interval", { start: friday }, /answer a Date/],
  ["no date", new Date(NaN), /no date/],
])("what it answers must be what it may: %s", (_, answer, message) => {
  const next = () => answer as never;
  const ask = () => nextRuns(timetable({ next }), { now: friday, last: null, count: 1 });
  expect(ask).toThrow(message);
});

test("nextRuns cannot wait for a promise; a worker can", async () => {
  const later = aDag((last, restriction, now) => Promise.resolve(workdays(last, restriction, now)));
  expect(() => nextRuns(later, { now: friday, last: null, count: 1 })).toThrow("dags next-runs");
  const asked = calledOf(later, "#schedule()");
  const at = Date.parse("2026-01-05T06:00Z");
  expect(await asked({ now: friday.getTime(), last: null, through: null, count: 1 })).toEqual({
    runs: [{ start: at, end: at, runAfter: at }],
  });
});

test("wrong options are refused with a remedy", () => {
  expect(() => timetable({} as never)).toThrow('needs the option "next"');
  expect(() => timetable({ next: 1 } as never)).toThrow("a function that says");
  expect(() => timetable({ next: workdays, every: 1 } as never)).toThrow('unknown option "every"');
  expect(() => timetable({ next: workdays, name: "" })).toThrow("1 to 100 characters");
  expect(() => dag("x", { schedule: { kind: "custom" } as never }, () => void work())).toThrow(
    "a function that says",
  );
});

test("history says how many runs are kept", () => {
  const spec = (history: object) => dag("kept", { history }, () => void work()).spec();
  expect(spec({ successful: 3 })).toMatchObject({ keptSuccessfulRuns: 3, keptFailedRuns: null });
  expect(spec({ failed: 0 })).toMatchObject({ keptSuccessfulRuns: null, keptFailedRuns: 0 });
  expect(() => spec({ failed: -1 })).toThrow("a whole number from 0 to 100000");
  expect(() => spec({ kept: 1 })).toThrow('unknown option "kept"');
  const counting = { maxConsecutiveFailedRuns: 3, history: { failed: 2 } };
  expect(() => dag("kept", counting, () => void work()).spec()).toThrow("history.failed");
});
