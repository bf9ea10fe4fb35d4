/** What a branch goes on with, by numbers: made once for a DAG version. */

import type { DagArrows } from "./arrows.ts";
import { childrenOf, reachedFrom } from "./arrows.ts";

export type Branch = {
  /**
   * By the name of a case: the tasks directly after the branch that it goes on with, because it names them or because
   * they come after a task that it names (semantics 7.3).
   */
  readonly follows: ReadonlyMap<string, ReadonlySet<number>>;
};

export function branchesOf(arrows: DagArrows): Map<number, Branch> {
  const branches = new Map<number, Branch>();
  for (const [ix, task] of arrows.tasks.entries()) {
    if (task.control !== "branch") continue;
    const children = childrenOf(arrows, ix);
    const follows = new Map(
      task.cases.map(({ name, taskIds }) => {
        const named = taskIds.map((id) => arrows.ixOf.get(id)!);
        const reached = reachedFrom(
          arrows,
          named,
          children.reduce((a, b) => Math.max(a, b), -1),
        );
        return [name, new Set(children.filter((child) => reached.has(child)))];
      }),
    );
    branches.set(ix, { follows });
  }
  return branches;
}

export function controlParentsOf(arrows: DagArrows): Map<number, readonly number[]> {
  const found = new Map<number, number[]>();
  for (const [ix, { control }] of arrows.tasks.entries()) {
    if (control === "none") continue;
    for (const child of childrenOf(arrows, ix)) {
      const parents = found.get(child);
      if (parents) parents.push(ix);
      else found.set(child, [ix]);
    }
  }
  return found;
}
