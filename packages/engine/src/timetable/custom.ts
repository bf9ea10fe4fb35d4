/** Timetables that a function of the user decides: what it is asked, and which of its answers make sense. Pure. */

import { MillraceError } from "../errors.ts";
import type { EpochMs } from "../spec/spec.ts";
import type { DataInterval, PlanInput, Planned, PlannedRun } from "./planned.ts";

/** What the function is asked: which run follows the one about `last`. */
export type TimetableQuestion = {
  /** Null when there was none. */
  readonly last: DataInterval | null;
  readonly now: EpochMs;
};

/** Answers in a row that lead to no run: later ones are not asked for. */
export const timetableAsksMax = 10_000;

/** Bound dates: ECMAScript knows none beyond. */
const dateMax = 8.64e15;

/**
 * Plans the next run of a DAG by asking its function, as often as it takes; null when there is none. The rules are those of
 * `planNext`: with catch-up every run is made up, without it only the newest that has passed counts, and what is later than
 * the starting deadline is passed over. A run about something after the DAG's end date is none.
 *
 * @throws MillraceError TIMETABLE_INVALID for an answer that makes no sense
 */
export function* planCustom(
  dag: Planned,
  { now, last, through }: PlanInput,
): Generator<TimetableQuestion, PlannedRun | null, PlannedRun | null> {
  let newest: PlannedRun | null = null;
  let before = last;
  for (let asked = 0; asked < timetableAsksMax; asked += 1) {
    const answer: PlannedRun | null = yield { last: before, now };
    if (answer === null) return newest;
    const problem = timetableProblem(dag, answer, before);
    if (problem !== null) throw new MillraceError("TIMETABLE_INVALID", problem);
    if (isAfterEnd(dag, answer)) return newest;
    if (answer.runAfter > now) return newest ?? answer;
    before = answer.dataInterval;
    if (isOver(dag, answer, { now, through })) continue;
    if (dag.catchup) return answer;
    newest = answer;
  }
  throw new MillraceError(
    "TIMETABLE_INVALID",
    `${nameOf(dag)} has given ${timetableAsksMax} answers that are over already, the last of them ${dateText(before?.end ?? now)}: let it begin nearer to \`now\`.`,
  );
}

/** The runs that such a timetable makes one after the other, as `nextRuns` has them. */
export function* nextCustomRuns(
  dag: Planned,
  { count, ...options }: PlanInput & { readonly count: number },
): Generator<TimetableQuestion, PlannedRun[], PlannedRun | null> {
  const runs: PlannedRun[] = [];
  let { now, last } = options;
  while (runs.length < count) {
    const next: PlannedRun | null = yield* planCustom(dag, { ...options, now, last });
    if (next === null) break;
    runs.push(next);
    last = next.dataInterval;
    now = Math.max(now, next.runAfter);
  }
  return runs;
}

/** What is wrong with an answer, as a sentence; null for nothing. */
export function timetableProblem(
  dag: Pick<Planned, "schedule" | "startDate">,
  { dataInterval: { start, end }, logicalDate, runAfter }: PlannedRun,
  last: DataInterval | null,
): string | null {
  const name = nameOf(dag);
  for (const [field, value] of Object.entries({ start, end, logicalDate, runAfter }))
    if (!Number.isSafeInteger(value) || Math.abs(value) > dateMax)
      return `${name} answered a ${field} that is no date: answer dates.`;
  const said = `${name} answered ${dateText(start)}${end === start ? "" : ` to ${dateText(end)}`}`;
  if (end < start) return `${said}: the data interval ends before it begins; swap the two.`;
  if (last !== null && (start <= last.start || end < last.end))
    return `${said}, which is not after the run before, about ${dateText(last.start)} to ${dateText(last.end)}: answer something later than \`last\`, or null when no run follows.`;
  const { startDate } = dag;
  if (startDate !== null && start < startDate)
    return `${said}, which is before the DAG's start date ${dateText(startDate)}: begin at \`restriction.earliest\`.`;
  return null;
}

function isAfterEnd({ endDate }: Planned, { logicalDate }: PlannedRun): boolean {
  return endDate !== null && logicalDate > endDate;
}

/** Whether a run that is due is not made any more. */
function isOver(
  { catchup, startingDeadlineMs = null }: Planned,
  { runAfter, dataInterval }: PlannedRun,
  { now, through }: Pick<PlanInput, "now" | "through">,
): boolean {
  if (startingDeadlineMs !== null && now - runAfter > startingDeadlineMs) return true;
  return !catchup && through !== null && Math.max(runAfter, dataInterval.end) <= through;
}

function nameOf({ schedule }: Pick<Planned, "schedule">): string {
  return `The timetable "${schedule?.kind === "custom" ? schedule.name : ""}"`;
}

function dateText(at: EpochMs): string {
  return new Date(at).toISOString();
}
