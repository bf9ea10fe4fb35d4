/** Task instances counted by what they look like, worst first: for bars, chips and sentences. */
import type { DagRun, TaskState } from "@millrace/wire/v1";
import { lookOrder, taskFace } from "./states.ts";
import type { Look, StateFace } from "./states.ts";

export type LookCount = { readonly look: Look; readonly face: StateFace; readonly count: number };

export function countLooks(states: Iterable<TaskState>): readonly LookCount[] {
  const counts = new Map<Look, { face: StateFace; count: number }>();
  for (const state of states) {
    const face = taskFace(state);
    const known = counts.get(face.look);
    if (known === undefined) counts.set(face.look, { face, count: 1 });
    else known.count += 1;
  }
  return lookOrder.flatMap((look) => {
    const known = counts.get(look);
    return known === undefined ? [] : [{ look, ...known }];
  });
}

/** The same from the counts that a run carries. */
export function countsOfRun(run: Pick<DagRun, "counts">): readonly LookCount[] {
  const byLook = new Map<Look, LookCount>();
  for (const { state, count } of run.counts) {
    if (count === 0) continue;
    const face = taskFace(state);
    const known = byLook.get(face.look);
    byLook.set(face.look, {
      look: face.look,
      face: known?.face ?? face,
      count: count + (known?.count ?? 0),
    });
  }
  return lookOrder.flatMap((look) => byLook.get(look) ?? []);
}
