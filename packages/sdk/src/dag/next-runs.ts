/** Which runs a DAG's schedule makes next. Pure: time comes in. */

import { MillraceError, nextRuns as planRuns } from "@millrace/engine";
import { dagMark, type DagDefinition } from "./dag.ts";
import { isDag } from "./dags-of.ts";
import { instantForms, instantMs, type Instant } from "../options/instant.ts";
import { inZone, readSchedule, type ScheduleOption } from "./schedule.ts";
import { customRuns, type TimetableFunction } from "./timetable.ts";

/** An automated run that is going to be made. */
export type PlannedRun = {
  readonly logicalDate: Date;
  readonly dataInterval: { readonly start: Date; readonly end: Date };
  readonly runAfter: Date;
};

export type NextRunsOptions = {
  readonly now: Instant;
  /** The data interval of the last automated run; null when there was none. */
  readonly last: { readonly start: Instant; readonly end: Instant } | null;
  /** At most this many. */
  readonly count: number;
};

/**
 * The next scheduled runs of a DAG, or of a schedule by itself, soonest first; none for a DAG without a schedule.
 *
 * A timetable of its own is asked here and now.
 *
 * @throws MillraceError TIMETABLE_INVALID for an answer that makes no sense, FIELD_INVALID for a date without a zone, CRON_INVALID for an expression that is none.
 */
export function nextRuns(
  of: DagDefinition | ScheduleOption | null,
  options: NextRunsOptions,
): PlannedRun[] {
  const { now, last, count } = options;
  const question = {
    now: ms("now", now),
    last: last && { start: ms("last.start", last.start), end: ms("last.end", last.end) },
    through: null,
    count,
  };
  const dag = isDag(of) ? of.spec() : specOf(of);
  const own = ownTimetable(of);
  const planned = own === null ? planRuns(dag, question) : customRuns(own, dag, question);
  return planned.map(({ logicalDate, dataInterval, runAfter }) => ({
    logicalDate: new Date(logicalDate),
    dataInterval: { start: new Date(dataInterval.start), end: new Date(dataInterval.end) },
    runAfter: new Date(runAfter),
  }));
}

function ownTimetable(of: DagDefinition | ScheduleOption | null): TimetableFunction | null {
  if (isDag(of)) return of[dagMark].timetable;
  const isCustom = typeof of === "object" && of !== null && "next" in of && of.kind === "custom";
  return isCustom ? of.next : null;
}

/** What planning needs to know of a schedule without a DAG around it. */
function specOf(option: ScheduleOption | null): Parameters<typeof planRuns>[0] {
  const schedule = inZone(readSchedule(option, "schedule"), "UTC");
  return { dagId: "", schedule, startDate: null, endDate: null, catchup: false };
}

function ms(name: string, value: Instant): number {
  const found = instantMs(value);
  if (found !== null) return found;
  throw new MillraceError(
    "FIELD_INVALID",
    `${name} is ${String(value)}; it must be ${instantForms}`,
  );
}
