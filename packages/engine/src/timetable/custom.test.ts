import { expect, test } from "vitest";
import type { DataInterval, Planned, PlannedRun } from "./planned.ts";
import { atInstant, overInterval } from "./planned.ts";
import { nextCustomRuns, planCustom, timetableAsksMax } from "./custom.ts";

const day = 86_400_000;
const schedule = { kind: "custom", name: "days", handler: "x.ts#x##schedule()" } as const;
const plain: Planned = {
  ...{ dagId: "x", schedule, startDate: null, endDate: null, catchup: false },
};
type Next = (last: DataInterval | null, now: number) => PlannedRun | null;

/** The start of each day since 1970. */
const daily: Next = (last, now) =>
  atInstant(last === null ? Math.ceil(now / day) * day : last.start + day);

function run<T>(
  asking: Generator<{ last: DataInterval | null; now: number }, T, PlannedRun | null>,
  next: Next,
) {
  let step = asking.next();
  while (step.done !== true) step = asking.next(next(step.value.last, step.value.now));
  return step.value;
}

type Input = Partial<Parameters<typeof planCustom>[1]>;

function plan(changes: Partial<Planned>, input: Input, next: Next = daily): PlannedRun | null {
  const question = { now: 10 * day + 1, last: null, through: null, ...input };
  return run(planCustom({ ...plain, ...changes }, question), next);
}

const dayOf = (planned: PlannedRun | null) => planned && planned.logicalDate / day;
const at = (n: number): DataInterval => ({ start: n * day, end: n * day });

test("the run after the last is the function's to say", () => {
  expect(dayOf(plan({}, {}))).toBe(11);
  expect(dayOf(plan({}, { last: at(10) }))).toBe(11);
  expect(plan({}, {}, () => null)).toBeNull();
});

test("without catch-up the newest that has passed counts; with it each one does", () => {
  expect(dayOf(plan({}, { last: at(3) }))).toBe(10);
  expect(dayOf(plan({ catchup: true }, { last: at(3) }))).toBe(4);
});

test("without catch-up what is over already is over", () => {
  const through = 10 * day;
  expect(dayOf(plan({}, { last: at(3), through }))).toBe(11);
  expect(dayOf(plan({ catchup: true }, { last: at(3), through }))).toBe(4);
});

test("what is later than the starting deadline is passed over", () => {
  const startingDeadlineMs = 2 * day;
  expect(dayOf(plan({ catchup: true, startingDeadlineMs }, { last: at(3) }))).toBe(9);
  expect(dayOf(plan({ startingDeadlineMs: 0 }, { last: at(3) }))).toBe(11);
});

test("a run about something after the end date is none", () => {
  expect(dayOf(plan({ endDate: 11 * day }, { last: at(10) }))).toBe(11);
  expect(plan({ endDate: 11 * day - 1 }, { last: at(10) })).toBeNull();
  // What has passed before it counts still.
  expect(dayOf(plan({ endDate: 8 * day }, { last: at(3) }))).toBe(8);
});

test.each<[string, Next, RegExp]>([
  ["the same again", (last) => atInstant(last!.start), /not after the run before/],
  ["one before", (last) => atInstant(last!.start - day), /not after the run before/],
  ["an interval inside out", (last) => overInterval(last!.end + 2, last!.end + 1), /swap the two/],
  ["an end that goes back", (last) => overInterval(last!.start + 1, last!.end - 1), /swap|after/],
  ["no date", () => atInstant(NaN), /no date/],
  ["a date that cannot be", () => atInstant(1e17), /no date/],
  ["one before the start date", () => atInstant(5 * day), /before the DAG's start date/],
])("an answer that makes no sense is refused: %s", (_, next, message) => {
  const startDate = 9 * day;
  expect(() => plan({ startDate }, { last: at(4) }, next)).toThrow(message);
});

test("a function that never comes to the present is stopped", () => {
  const slow: Next = (last) => atInstant((last?.start ?? 0) + 1);
  expect(() => plan({}, {}, slow)).toThrow(`${timetableAsksMax} answers`);
});

test("runs one after the other, each as if by its time the one before were made", () => {
  const options = { now: 10 * day, last: at(3), through: null };
  const runs = run(nextCustomRuns(plain, { ...options, count: 3 }), daily);
  expect(runs.map(dayOf)).toEqual([10, 11, 12]);
  const some: Next = (last) => (last !== null && last.start > 11 * day ? null : daily(last, 0));
  expect(run(nextCustomRuns(plain, { ...options, count: 9 }), some).map(dayOf)).toEqual([
    10, 11, 12,
  ]);
});
