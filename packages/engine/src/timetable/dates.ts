/** The dates of a timetable within a range, in either direction: what a backfill makes runs for (semantics 11.1). */

import { MillraceError } from "../errors.ts";
import type { DagSpec, EpochMs, Schedule } from "../spec/spec.ts";
import { timeOf } from "./clock.ts";
import { lastFire, nextFire } from "./fires.ts";
import type { Planned } from "./planned.ts";
import { atInstant, overInterval, type DataInterval, type PlannedRun } from "./planned.ts";

/** What gives the dates. The start and end date of a DAG do not bound them: what lies before is what backfills are for. */
export type DateSource = Pick<DagSpec, "dagId" | "schedule"> & {
  /** From where the dates of a length of time are counted. */
  readonly anchor: EpochMs;
};

export type DateRange = {
  /** Logical dates, both included. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Data intervals that end later are left out. */
  readonly asOf: EpochMs;
  /** Newest first. */
  readonly isReverse: boolean;
};

/** The nearest date at or after, and at or before, a moment; null when there is none. */
type Walk = {
  atOrAfter(moment: EpochMs): PlannedRun | null;
  atOrBefore(moment: EpochMs): PlannedRun | null;
};

/**
 * The dates of a range in its order, those after `after` only. Stateless: it can go on anywhere.
 *
 * @throws MillraceError BACKFILL_IMPOSSIBLE when the timetable has no dates.
 */
export function* datesWithin(
  source: DateSource,
  range: DateRange,
  after: EpochMs | null = null,
): Generator<PlannedRun, void, void> {
  const walk = requireWalk(source);
  const { from, to, asOf, isReverse } = range;
  const step = isReverse ? -1 : 1;
  const end = Math.min(to, asOf);
  let at: EpochMs = after === null ? (isReverse ? end : from) : after + step;
  for (;;) {
    const date = isReverse ? walk.atOrBefore(at) : walk.atOrAfter(at);
    if (date === null || date.logicalDate < from || date.logicalDate > end) return;
    at = date.logicalDate + step;
    if (date.dataInterval.end <= asOf) yield date;
    else if (!isReverse) return;
  }
}

/** Why a timetable has no dates to fill in; null when it has. One sentence. */
export function datelessWhy({
  dagId,
  schedule,
}: Pick<DagSpec, "dagId" | "schedule">): string | null {
  if (schedule === null)
    return `${dagId} has no schedule, so that no dates follow from it; give it one, or trigger runs by hand.`;
  if (walkOf(schedule, 0) !== null) return null;
  return `The schedule of ${dagId} (${schedule.kind}) has no dates of the past; backfills need cron, cron interval, delta, delta interval or events.`;
}

/**
 * From where the dates of a length of time are counted: the newest automated run, so that they meet those of runs that
 * exist; else the start date; else, of intervals, 1970, and of moments the beginning of the range.
 */
export function dateAnchor(
  { schedule, startDate, catchup }: Pick<Planned, "schedule" | "startDate" | "catchup">,
  last: DataInterval | null,
  from: EpochMs,
): EpochMs {
  if (last !== null) return last.start;
  if (timeOf(schedule)?.kind === "delta_interval") return catchup ? (startDate ?? 0) : 0;
  return startDate ?? from;
}

function requireWalk(source: DateSource): Walk {
  const walk = source.schedule === null ? null : walkOf(source.schedule, source.anchor);
  if (walk === null)
    throw new MillraceError("BACKFILL_IMPOSSIBLE", datelessWhy(source) ?? undefined);
  return walk;
}

/** Null for timetables whose runs follow from something else than dates, or that this version cannot walk back. */
function walkOf(schedule: Schedule, anchor: EpochMs): Walk | null {
  const time = timeOf(schedule);
  switch (time?.kind) {
    case "cron":
      return cronWalk(time);
    case "cron_interval":
      return cronIntervalWalk(time);
    case "delta":
      return everyWalk(time.everyMs, anchor, atInstant);
    case "delta_interval":
      return everyWalk(time.everyMs, anchor, (at) => overInterval(at, at + time.everyMs));
    case "events":
      return eventsWalk(time.at);
    // Their runs follow from something else, or only a worker knows their dates.
    case "once":
    case "continuous":
    case "custom":
    case undefined:
      return null;
  }
}

function cronWalk({
  expressions,
  timezone,
  intervalMs,
}: Extract<Schedule, { kind: "cron" }>): Walk {
  const dateOf = (fire: EpochMs): PlannedRun => ({
    logicalDate: fire - intervalMs,
    dataInterval: { start: fire - intervalMs, end: fire },
    runAfter: fire,
  });
  const rules = expressions.map((expression) => ({ expression, timezone }));
  return {
    atOrAfter(moment) {
      const fires = rules.map((rule) => nextFire(rule, moment + intervalMs - 1));
      const known = fires.filter((fire) => fire !== null);
      return known.length === 0 ? null : dateOf(Math.min(...known));
    },
    atOrBefore(moment) {
      const fires = rules.map((rule) => lastFire(rule, moment + intervalMs));
      const known = fires.filter((fire) => fire !== null);
      return known.length === 0 ? null : dateOf(Math.max(...known));
    },
  };
}

function cronIntervalWalk(rule: Extract<Schedule, { kind: "cron_interval" }>): Walk {
  const dateOf = (start: EpochMs | null): PlannedRun | null => {
    const end = start === null ? null : nextFire(rule, start);
    return start === null || end === null ? null : overInterval(start, end);
  };
  return {
    atOrAfter: (moment) => dateOf(nextFire(rule, moment - 1)),
    atOrBefore: (moment) => dateOf(lastFire(rule, moment)),
  };
}

function everyWalk(everyMs: number, anchor: EpochMs, dateOf: (at: EpochMs) => PlannedRun): Walk {
  const place = (moment: EpochMs) => (moment - anchor) / everyMs;
  return {
    atOrAfter: (moment) => dateOf(anchor + Math.ceil(place(moment)) * everyMs),
    atOrBefore: (moment) => dateOf(anchor + Math.floor(place(moment)) * everyMs),
  };
}

function eventsWalk(at: readonly EpochMs[]): Walk {
  return {
    atOrAfter(moment) {
      const event = at.find((each) => each >= moment);
      return event === undefined ? null : atInstant(event);
    },
    atOrBefore(moment) {
      const event = at.findLast((each) => each <= moment);
      return event === undefined ? null : atInstant(event);
    },
  };
}
