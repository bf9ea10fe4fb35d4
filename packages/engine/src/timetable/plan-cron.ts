/** Timetables by cron expressions (semantics 3.3-3.4). */

import type { CronTriggerSchedule, EpochMs } from "../spec/spec.ts";
import { lastFire, nextFire, type CronRule } from "./fires.ts";
import { jitterAt } from "./jitter.ts";
import { overInterval, type PlanInput, type Planned, type PlannedRun } from "./planned.ts";

/** A fire that passed at least so recently is still taken by a new DAG. */
const recentMs = 5 * 60_000;

/** At fires. Of several expressions: with catch-up the earliest, else the newest that has passed, else the next. */
export function planCron(
  dag: Planned,
  schedule: CronTriggerSchedule,
  input: PlanInput,
): PlannedRun | null {
  const { expressions, timezone, intervalMs, jitterMs } = schedule;
  const fires = expressions
    .map((expression) => fireOf(dag, { ...schedule, expression, timezone }, input))
    .filter((fire) => fire !== null);
  if (fires.length === 0) return null;
  const passed = dag.catchup ? [] : fires.filter((fire) => fire <= input.now);
  const fire = passed.length > 0 ? Math.max(...passed) : Math.min(...fires);
  const start = fire - intervalMs;
  return {
    logicalDate: start,
    dataInterval: { start, end: fire },
    runAfter: fire + jitterAt(dag.dagId, fire, jitterMs),
  };
}

type OneRule = CronRule & Pick<CronTriggerSchedule, "runImmediately">;

function fireOf({ startDate, catchup }: Planned, rule: OneRule, input: PlanInput): EpochMs | null {
  const { now, last } = input;
  const through = catchup ? null : input.through;
  const over = last === null ? through : Math.max(last.end, through ?? -Infinity);
  const next = over === null ? null : nextFire(rule, over);
  if (over !== null && next === null) return null;
  // A fire after the start date is one of those that the start date allows.
  const isFree = startDate === null || (next !== null && next >= startDate);
  const start = isFree ? null : nextFire(rule, startDate - 1);
  if (!isFree && start === null) return null;
  const first = next === null && start === null ? firstFire(rule, now) : null;
  if (catchup) return Math.max(next ?? first ?? -Infinity, start ?? -Infinity);
  if (next === null && start === null) return first;
  const past = lastFire(rule, now);
  return Math.max(past ?? -Infinity, next ?? -Infinity, start ?? -Infinity);
}

/** Of a DAG that begins now: the newest fire if it is to be taken still, else the next. */
function firstFire(rule: OneRule, now: EpochMs): EpochMs | null {
  const past = lastFire(rule, now);
  const next = past === now ? now : nextFire(rule, now);
  if (past === null || next === null) return next ?? past;
  const { runImmediately } = rule;
  if (runImmediately === true) return past;
  const limitMs = runImmediately ?? Math.max((next - past) / 10, recentMs);
  return now - past <= limitMs ? past : next;
}

/** Over the intervals between fires, each due when it ends. */
export function planCronInterval(
  { startDate, catchup }: Planned,
  rule: CronRule,
  { now, last, through }: PlanInput,
): PlannedRun | null {
  const aligned = startDate === null ? null : nextFire(rule, startDate - 1);
  if (startDate !== null && aligned === null) return null;
  const over = Math.max(last?.end ?? -Infinity, catchup ? -Infinity : (through ?? -Infinity));
  const from = over === -Infinity ? null : lastFire(rule, over);
  const newest = catchup ? null : newestComplete(rule, now);
  const start = Math.max(from ?? -Infinity, aligned ?? -Infinity, newest ?? -Infinity);
  const end = start === -Infinity ? null : nextFire(rule, start);
  return end === null ? null : overInterval(start, end);
}

/** The start of the newest interval that has ended, if only now. */
function newestComplete(rule: CronRule, now: EpochMs): EpochMs | null {
  const end = lastFire(rule, now);
  return end === null ? null : lastFire(rule, end - 1);
}
