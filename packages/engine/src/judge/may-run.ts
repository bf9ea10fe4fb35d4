/** Whether what waits may run, from the states of what is before it alone: for those who have no run in memory. */

import { parentsOf } from "../graph/arrows.ts";
import type { CompiledDag } from "../graph/graph.ts";
import { judge, judgeNeeded } from "./rules.ts";
import { isFinal, TaskState } from "../spec/states.ts";
import { linkKind } from "../graph/tally.ts";
import type { LinkKind } from "../graph/tally.ts";
import { traits } from "../graph/traits.ts";

/** How many instances of a task there are, at the code of their state; index 0 is of no meaning. */
export type StateCounts = ArrayLike<number>;

/**
 * Judges an instance of a task that is `none` and was not skipped: the same rules as `transition`, in the same order.
 * `countsOf` says how the instances of another task stand that it has before it, or that are in its scope.
 */
export function mayRun(
  dag: CompiledDag,
  ix: number,
  countsOf: (ix: number) => StateCounts,
): boolean {
  if ((dag.traits[ix]! & (traits.isScoped | traits.hasRule)) === 0)
    return parentsOf(dag, ix).every((parent) => haveSucceeded(countsOf(parent)));
  const { triggerRule } = dag.tasks[ix]!;
  const before = sum(parentsOf(dag, ix), countsOf);
  const links = dag.scopes.sourcesOf.get(ix) ?? [];
  const linked = (kind: LinkKind) =>
    sum(
      links.filter((link) => link.kind === kind).map(({ from }) => from),
      countsOf,
    );
  const setups = linked(linkKind.setup);
  const ruled = judge(triggerRule, {
    upstream: before.all,
    success: before.of(TaskState.success),
    failed: before.of(TaskState.failed),
    upstreamFailed: before.of(TaskState.upstream_failed),
    skipped: before.of(TaskState.skipped),
    removed: before.of(TaskState.removed),
    setups: setups.all,
    setupSuccess: setups.of(TaskState.success),
    setupSkipped: setups.of(TaskState.skipped),
  });
  if (ruled !== "run") return false;
  const scope = linked(linkKind.scope);
  if (scope.final < scope.all) return false;
  const needed = linked(linkKind.needed);
  if (triggerRule === "always" || before.all === 0) return true;
  return (
    judgeNeeded({
      needed: needed.all,
      success: needed.of(TaskState.success),
      failed: needed.of(TaskState.failed) + needed.of(TaskState.upstream_failed),
      skipped: needed.of(TaskState.skipped),
      removed: needed.of(TaskState.removed),
    }) === "run"
  );
}

/** All that all_success asks for, which is what nearly every task has. */
function haveSucceeded(counts: StateCounts): boolean {
  for (let state = 1; state < counts.length; state += 1)
    if (counts[state]! > 0 && state !== TaskState.success && state !== TaskState.removed)
      return false;
  return true;
}

type Sum = { readonly all: number; readonly final: number; of(state: TaskState): number };

function sum(ixs: Iterable<number>, countsOf: (ix: number) => StateCounts): Sum {
  const counts = new Int32Array(statesEnd);
  for (const ix of ixs) {
    const more = countsOf(ix);
    for (let state = 1; state < more.length; state += 1) counts[state]! += more[state]!;
  }
  let all = 0;
  let final = 0;
  for (let state = 1; state < statesEnd; state += 1) {
    all += counts[state]!;
    if (isFinal(state as TaskState)) final += counts[state]!;
  }
  return { all, final, of: (state) => counts[state]! };
}

/** After the last state code. */
const statesEnd = 15;
