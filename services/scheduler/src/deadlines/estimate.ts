/** Which deadlines of a run are estimated to be missed, from how long its tasks took in earlier runs. */

import { criticalPath, eachInstance, forecast, TaskState, type Forecast } from "@millrace/engine";
import type { ActiveRun } from "../runs/run.ts";
import type { History, OpenOne, WatchedRun } from "./deadline.ts";

/** Tasks of a critical path that are told. */
const toldMax = 20;

export type AtRisk = {
  readonly one: OpenOne;
  readonly endAt: number;
  readonly criticalTaskIds: readonly string[];
};

export type Estimate = {
  readonly atRisk: readonly AtRisk[];
  /** How long nothing at all may happen before another one is at risk; null when none is left. */
  readonly slackMs: number | null;
};

export function estimate(
  run: ActiveRun,
  history: History,
  { open }: WatchedRun,
  now: number,
): Estimate {
  const found = forecastOf(run, history, now);
  const atRisk: AtRisk[] = [];
  let slackMs: number | null = null;
  for (const one of open) {
    const last = one.ix < 0 ? found.last : one.ix;
    const endAt = last < 0 ? 0 : found.endAt[last]!;
    if (one.isAtRisk || endAt === 0 || one.dueAt <= now) continue;
    if (endAt > one.dueAt) {
      const path = criticalPath(found, last).slice(-toldMax);
      atRisk.push({
        ...{ one, endAt: Math.round(endAt) },
        criticalTaskIds: path.map((ix) => run.version.compiled.taskIds[ix]!),
      });
    } else slackMs = Math.min(slackMs ?? Infinity, one.dueAt - endAt);
  }
  return { atRisk, slackMs };
}

function forecastOf(run: ActiveRun, { durations }: History, now: number): Forecast {
  const { taskIds } = run.version.compiled;
  const started = new Map<number, number>();
  const waiting = new Map<number, number>();
  eachInstance(run.engine, (slot, ix, mapIx) => {
    const state = run.engine.instances.state[slot];
    const ref = { ix, mapIx };
    if (state === TaskState.up_for_retry || state === TaskState.up_for_reschedule)
      waiting.set(ix, Math.max(waiting.get(ix) ?? 0, run.instances.waitUntil(ref)));
    if (!isUnderWay(state)) return;
    const at = run.instances.startedAt(ref);
    if (at > 0) started.set(ix, Math.min(started.get(ix) ?? Infinity, at));
  });
  return forecast(
    run.engine,
    {
      durationOf: (ix) => durations.get(taskIds[ix]!) ?? null,
      startedAt: (ix) => started.get(ix) ?? null,
      waitUntil: (ix) => waiting.get(ix) ?? null,
    },
    now,
  );
}

function isUnderWay(state: number | undefined): boolean {
  return (
    state === TaskState.running ||
    state === TaskState.deferred ||
    state === TaskState.awaiting_input ||
    state === TaskState.up_for_reschedule
  );
}
