/** A task that has succeeded has made its target, in this attempt or in an earlier one. */

import { runIdOf } from "@millrace/wire";
import { hasTarget, targetOf } from "../workload/targets.ts";
import type { World } from "../world.ts";
import { ensure } from "./violation.ts";

const success = 6;

/** In the end. */
export function checkTargets({ server, history, targets, dagOfVersion }: World): void {
  for (const run of server.tables.runs.values()) {
    const { tasks, measures } = dagOfVersion(run.dag_version_id);
    for (const { after, isMarked } of history.changesOf(run.id)) {
      const { ix, map_ix: mapIx, attempt, state } = after;
      const { id, control, sensor } = tasks[ix]!;
      const isFit = control === "none" && sensor === null && measures[ix]!.length === 0;
      const isDone = state === success && attempt > 0 && !isMarked;
      if (!isFit || !isDone || !hasTarget(run.dag_id, id)) continue;
      const name = targetOf(runIdOf(run.id), id, mapIx);
      ensure(
        targets.has(name),
        "targets",
        () => `${id} of run ${run.id} has succeeded, and ${name} does not exist`,
      );
    }
  }
}
