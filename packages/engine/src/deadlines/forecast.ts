/** When a run, and each of its tasks, is expected to be over: the longest way through what is left. An estimate. */

import { eachOf, stateAt } from "../run/instances.ts";
import type { Run } from "../run/run.ts";
import type { EpochMs } from "../spec/spec.ts";
import { isFinal } from "../spec/states.ts";

export type Estimates = {
  /** How long a task takes as a rule, all its instances together, from its first start; null when nobody knows. */
  durationOf(ix: number): number | null;
  /** When the first of its instances began that are not over; null when none has. */
  startedAt(ix: number): EpochMs | null;
  /** Until when it waits before it goes on; null when it does not. */
  waitUntil(ix: number): EpochMs | null;
};

export type Forecast = {
  /** By task index: when it is expected to be over; 0 for one that is. */
  readonly endAt: Float64Array;
  /** By task index: what it waits for longest; -1 for nothing. */
  readonly after: Int32Array;
  /** The task that is over last; -1 when all are. */
  readonly last: number;
};

/**
 * What nobody knows the duration of counts as nothing, limits and free slots do not count either: the run may take longer.
 * Costs a look at every instance and arrow.
 */
export function forecast(run: Run, estimates: Estimates, now: EpochMs): Forecast {
  const { tasks, parentOffsets, parents } = run.dag;
  const endAt = new Float64Array(tasks.length);
  const after = new Int32Array(tasks.length).fill(-1);
  let last = -1;
  for (let ix = 0; ix < tasks.length; ix += 1) {
    if (isOver(run, ix)) continue;
    let from = now;
    for (let edge = parentOffsets[ix]!; edge < parentOffsets[ix + 1]!; edge += 1) {
      const parent = parents[edge]!;
      if (endAt[parent]! < from || endAt[parent] === 0) continue;
      from = endAt[parent]!;
      after[ix] = parent;
    }
    endAt[ix] = from + remaining(ix, estimates, now);
    if (last < 0 || endAt[ix]! > endAt[last]!) last = ix;
  }
  return { endAt, after, last };
}

/** The tasks that lead to the end of one, in the order in which they wait for each other. */
export function criticalPath({ after }: Forecast, ix: number): number[] {
  const path: number[] = [];
  for (let at = ix; at >= 0; at = after[at]!) path.push(at);
  return path.toReversed();
}

function isOver(run: Run, ix: number): boolean {
  let over = true;
  eachOf(run, ix, (slot) => {
    over &&= isFinal(stateAt(run, slot));
  });
  return over;
}

function remaining(ix: number, estimates: Estimates, now: EpochMs): number {
  const duration = estimates.durationOf(ix) ?? 0;
  const until = estimates.waitUntil(ix);
  if (until !== null) return Math.max(0, until - now) + duration;
  const startedAt = estimates.startedAt(ix);
  return startedAt === null ? duration : Math.max(0, startedAt + duration - now);
}
