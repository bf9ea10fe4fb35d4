/** Where the counters of each task are, and what they are before anything has happened: made once for a DAG version. */

import type { ScopePlan } from "./scopes.ts";
import { column, tallyWidth, totalColumn, wideTallyWidth } from "./tally.ts";

export type TallyPlan = {
  /** By task: where its counters begin among those of all tasks. */
  readonly tallyAt: Int32Array;
  /** The counters of all tasks in a run of which nothing has happened: every task before one is one instance. */
  readonly blankTally: Int32Array;
};

export function tallyPlanOf(inDegree: Int32Array, { isScoped, sourcesOf }: ScopePlan): TallyPlan {
  const tallyAt = new Int32Array(inDegree.length);
  let size = 0;
  for (let ix = 0; ix < inDegree.length; ix += 1) {
    tallyAt[ix] = size;
    size += isScoped[ix] === 1 ? wideTallyWidth : tallyWidth;
  }
  const blankTally = new Int32Array(size);
  for (const [ix, at] of tallyAt.entries()) blankTally[at + column.upstream] = inDegree[ix]!;
  for (const [ix, sources] of sourcesOf)
    for (const { kind } of sources) blankTally[tallyAt[ix]! + totalColumn[kind]]! += 1;
  return { tallyAt, blankTally };
}
