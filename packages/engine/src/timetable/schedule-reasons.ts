/** What holds a DAG's next scheduled run back, or why there is none. */

import { dagPaused, plain, type Reason } from "../admission/reasons.ts";
import type { DagSpec, EpochMs } from "../spec/spec.ts";
import { timeOf } from "./clock.ts";
import type { PlannedRun } from "./planned.ts";

export type ScheduleFacts = {
  readonly spec: Pick<DagSpec, "schedule" | "startDate" | "endDate" | "maxActiveRuns" | "overlap">;
  readonly isPaused: boolean;
  /** False once its file is gone. */
  readonly isActive: boolean;
  /** Runs that are queued or running, and how many of these are automated. */
  readonly activeRuns: number;
  readonly activeAutomatedRuns: number;
  /** What is wrong with the timetable's function; empty for nothing. */
  readonly problem: string;
  /** Null when none is planned. */
  readonly next: PlannedRun | null;
  readonly now: EpochMs;
};

/** In the order in which people would mend them; none when the next run is made as soon as it is due. */
export function scheduleReasons(facts: ScheduleFacts): Reason[] {
  const { spec, next, problem } = facts;
  if (spec.schedule === null)
    return [scheduled("The DAG has no schedule: its runs are made by hand.")];
  const reasons: Reason[] = [];
  if (!facts.isActive)
    reasons.push(plain("dag_inactive", "The DAG's file is gone; put it back to run it."));
  if (facts.isPaused) reasons.push(dagPaused());
  if (problem !== "") reasons.push(scheduled(problem));
  if (next === null && problem === "") reasons.push(noneFollows(facts));
  if (next !== null) reasons.push(...crowding(facts));
  return reasons;
}

function crowding({ spec, activeRuns, activeAutomatedRuns }: ScheduleFacts): Reason[] {
  const { overlap, maxActiveRuns } = spec;
  if (overlap === "forbid" && activeAutomatedRuns > 0) {
    const message =
      'A scheduled run is not final, and overlap "forbid" leaves out what is due meanwhile.';
    return [scheduled(message, { running: String(activeAutomatedRuns) })];
  }
  const isReplaced = overlap === "replace" && activeAutomatedRuns > 0;
  if (isReplaced || activeRuns < maxActiveRuns) return [];
  const are = activeRuns === 1 ? "run is" : "runs are";
  const message = `${activeRuns} ${are} queued or running, and max_active_runs allows ${maxActiveRuns} at a time: the next is made once one has ended.`;
  const evidence = { running: String(activeRuns), limit: String(maxActiveRuns) };
  return [plain("max_active_runs", message, evidence)];
}

function noneFollows({ spec, now }: ScheduleFacts): Reason {
  const { endDate } = spec;
  const schedule = timeOf(spec.schedule);
  if (endDate !== null && endDate <= now) {
    const date = new Date(endDate).toISOString();
    return scheduled(`The DAG's end date ${date} has passed: no run follows.`, { end_date: date });
  }
  switch (schedule?.kind) {
    case "once":
      return scheduled("It runs once, and has.");
    case "events":
      return scheduled("All of its moments have passed.");
    case "custom":
      return scheduled("Its timetable says that no run follows.");
    case "cron":
    case "cron_interval":
    case "delta":
    case "delta_interval":
    case "continuous":
    case undefined:
      return scheduled("No run follows before the DAG's end date.");
  }
}

function scheduled(message: string, evidence: Readonly<Record<string, string>> = {}): Reason {
  return plain("schedule", message, evidence);
}
