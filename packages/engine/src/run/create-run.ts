/** Makes runs. */

import type { CompiledDag } from "../graph/graph.ts";
import { newInstances } from "./instances.ts";
import { newMapLengths, resolveUnit } from "./lengths.ts";
import type { Run, RunInputs } from "./run.ts";
import { RunState, TaskState } from "../spec/states.ts";
import { newTallies } from "./tallies.ts";

/** For runs that are given nothing. */
export const noInputs: RunInputs = { logicalDate: null, lengthOf: () => null };

/** A run of which nothing has happened yet. About 35 bytes a task that is not mapped, 11 an instance of one that is. */
export function createRun(dag: CompiledDag, facts: RunInputs = noInputs): Run {
  const counts = new Int32Array(15);
  counts[TaskState.none] = dag.tasks.length;
  const run: Run = {
    dag,
    facts,
    state: RunState.queued,
    startedAt: null,
    cancelRequested: false,
    isMarkedFailed: false,
    instances: newInstances(dag),
    counts,
    occupied: dag.hasTisLimits ? new Int32Array(dag.tasks.length) : null,
    tallies: newTallies(dag),
    lengths: newMapLengths(dag),
    waits: null,
    choices: new Map(),
    agenda: dag.blank.agenda,
  };
  for (let unit = 0; unit < dag.mapping.units.length; unit += 1) resolveUnit(run, unit);
  return run;
}
