/** Timetables of one's own: a function of the DAG file says when runs are made. */

import {
  MillraceError,
  nextCustomRuns,
  type DataInterval,
  type PlannedRun as PlannedMs,
  type TimetableQuestion,
} from "@millrace/engine";
import type { Body } from "../wiring/body.ts";

/** The data that a run is about: from `start`, up to and without `end`. */
export type TimetableInterval = { readonly start: Date; readonly end: Date };

/** What the DAG's options say of its runs. */
export type TimetableRestriction = {
  /** The DAG's start date; no run may be about anything before it. */
  readonly earliest: Date | null;
  /** The DAG's end date; a run about something after it is not made. */
  readonly latest: Date | null;
  readonly catchup: boolean;
};

/**
 * The run that comes next: a date for one about that moment and due then; an interval for one about it, due at its end
 * or at `runAfter`; null when none follows.
 */
export type TimetableAnswer = Date | (TimetableInterval & { readonly runAfter?: Date }) | null;

/**
 * Says which run follows the one about `last`, which is null when there was none. The same question must have the same
 * answer: it is asked again after a crash. Each answer must be later than the one before.
 */
export type TimetableFunction = (
  last: TimetableInterval | null,
  restriction: TimetableRestriction,
  now: Date,
) => TimetableAnswer | Promise<TimetableAnswer>;

/** What `nextCustomRuns` needs to know of a DAG. */
type Planned = Parameters<typeof nextCustomRuns>[0];

/** The function as a worker runs it for the scheduler: plain numbers come in, and go out. */
export function askedTimetable(next: TimetableFunction, dag: Planned): Body {
  return async (question) => {
    const asking = nextCustomRuns(dag, question as Parameters<typeof nextCustomRuns>[1]);
    let step = asking.next();
    while (step.done !== true)
      step = asking.next(readAnswer(await next(...argsOf(dag, step.value))));
    const runs = step.value.map(({ dataInterval, runAfter }) => ({ ...dataInterval, runAfter }));
    return { runs };
  };
}

/**
 * The runs it plans, here and now.
 *
 * @throws MillraceError TIMETABLE_INVALID; WRONG_PLACE when it answers with a promise; whatever the function throws.
 */
export function customRuns(
  next: TimetableFunction,
  dag: Planned,
  question: Parameters<typeof nextCustomRuns>[1],
): PlannedMs[] {
  const asking = nextCustomRuns(dag, question);
  let step = asking.next();
  while (step.done !== true) {
    const answer = next(...argsOf(dag, step.value));
    if (answer instanceof Promise) {
      // Nobody is going to ask what became of it.
      answer.catch(() => undefined);
      throw new MillraceError(
        "WRONG_PLACE",
        "The timetable answers with a promise, for which nextRuns(…) cannot wait: ask `millrace dags next-runs`.",
      );
    }
    step = asking.next(readAnswer(answer));
  }
  return step.value;
}

function argsOf(
  { startDate, endDate, catchup }: Planned,
  { last, now }: TimetableQuestion,
): Parameters<TimetableFunction> {
  const restriction = { earliest: dateOf(startDate), latest: dateOf(endDate), catchup };
  return [last && intervalOf(last), restriction, new Date(now)];
}

function intervalOf({ start, end }: DataInterval): TimetableInterval {
  return { start: new Date(start), end: new Date(end) };
}

function dateOf(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}

function readAnswer(answer: unknown): PlannedMs | null {
  if (answer === null) return null;
  if (isDate(answer)) return plannedMs(answer, answer, answer);
  const { start, end, runAfter = end } = (answer ?? {}) as Record<string, unknown>;
  if (isDate(start) && isDate(end) && isDate(runAfter)) return plannedMs(start, end, runAfter);
  throw new MillraceError(
    "TIMETABLE_INVALID",
    `The timetable's function answered ${shown(answer)}: answer a Date, { start, end, runAfter? } of Dates, or null.`,
  );
}

function plannedMs(start: Date, end: Date, runAfter: Date): PlannedMs {
  const dataInterval = { start: start.getTime(), end: end.getTime() };
  return { logicalDate: dataInterval.start, dataInterval, runAfter: runAfter.getTime() };
}

function isDate(value: unknown): value is Date {
  return value instanceof Date;
}

/** How much of a wrong answer a message repeats. */
const shownMax = 100;

function shown(answer: unknown): string {
  if (typeof answer === "function") return "a function";
  const text = JSON.stringify(answer) ?? String(answer);
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}
