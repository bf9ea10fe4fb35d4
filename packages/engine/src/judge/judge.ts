/** What the counters of a task say: whether its instances run now, never, or wait (semantics 2). */

import { isPassedOver } from "./control.ts";
import { parentsOf } from "../graph/arrows.ts";
import { eachOf, isExpanded, stateAt } from "../run/instances.ts";
import type { Run } from "../run/run.ts";
import type { Judgement, NeededCounts, UpstreamCounts } from "./rules.ts";
import { judge, judgeNeeded } from "./rules.ts";
import { isFinal } from "../spec/states.ts";
import { column, tallyWidth, totalColumn, wideTallyWidth } from "../graph/tally.ts";
import type { Relation } from "../run/tallies.ts";
import { counterOf, stateColumn } from "../run/tallies.ts";
import { traits } from "../graph/traits.ts";

const special = traits.isScoped | traits.isChosen | traits.hasRule | traits.hasMates;

/**
 * Judges one cell of a task by what is before it. Tasks outside mapped groups have the cell 0.
 *
 * The order is that of semantics 2.4: setups that are needed, the trigger rule, the scope of a teardown. Before these
 * what a branch has decided, which no rule can change.
 */
export function judgeCell(run: Run, ix: number, cell: number): Judgement {
  if ((run.dag.traits[ix]! & special) === 0) return judgePlain(run, ix);
  if (isPassedOver(run, ix, cell)) return "skip";
  const needed = judgeSetups(run, ix, cell);
  if (needed === "skip" || needed === "upstream_failed") return needed;
  const ruled = judgeRule(run, ix, cell);
  if (ruled !== "run") return ruled;
  return needed === "wait" || isScopeOpen(run, ix, cell) ? "wait" : "run";
}

/**
 * Judges a task in a mapped group that will have no instances, by all that is before it: once, when that is final, so
 * that it need not be counted before.
 */
export function judgeWhole(run: Run, ix: number): Judgement {
  const { dag } = run;
  const { triggerRule, role } = dag.tasks[ix]!;
  if (triggerRule === "always") return "run";
  const parents = parentsOf(dag, ix);
  const links = parents.length === 0 ? [] : (dag.scopes.sourcesOf.get(ix) ?? []);
  if (!parents.every((parent) => isAllFinal(run, parent))) return "wait";
  if (!links.every(({ from }) => isAllFinal(run, from))) return "wait";
  const of = new Int32Array(wideTallyWidth);
  for (const parent of parents) countAll(run, parent, null, of);
  for (const { from, kind } of links) countAll(run, from, kind, of);
  const needed = role === "teardown" ? "run" : judgeNeeded(neededCounts((at) => of[at]!));
  return needed === "run"
    ? judge(
        triggerRule,
        upstreamCounts((at) => of[at]!),
      )
    : needed;
}

function isAllFinal(run: Run, ix: number): boolean {
  return isExpanded(run, ix) ? run.tallies.open[ix] === 0 : isFinal(stateAt(run, ix));
}

function countAll(run: Run, ix: number, relation: Relation, into: Int32Array): void {
  eachOf(run, ix, (slot, _, mapIx) => {
    // Removed instances behind a task that has no elements any more.
    if (mapIx >= 0 && !isExpanded(run, ix)) return;
    into[relation === null ? column.upstream : totalColumn[relation]]! += 1;
    const at = stateColumn(relation, stateAt(run, slot));
    if (at >= 0) into[at]! += 1;
  });
}

/** all_success without anything special: what nearly every task is. */
function judgePlain({ dag, tallies }: Run, ix: number): Judgement {
  const { shared } = tallies;
  const row = dag.tallyAt[ix]!;
  if (shared[row + column.failed]! + shared[row + column.upstreamFailed]! > 0)
    return "upstream_failed";
  if (shared[row + column.skipped]! > 0) return "skip";
  const isDone =
    shared[row + column.success]! + shared[row + column.removed]! >= shared[row + column.upstream]!;
  return isDone ? "run" : "wait";
}

/** Setups that are needed and not directly before the task. They do not matter to "always", nor to what has nothing before it. */
function judgeSetups(run: Run, ix: number, cell: number): Judgement {
  if ((run.dag.traits[ix]! & traits.isScoped) === 0) return "run";
  if (run.dag.tasks[ix]!.triggerRule === "always") return "run";
  const of = (at: number): number => counterOf(run, ix, cell, at);
  return of(column.upstream) === 0 ? "run" : judgeNeeded(neededCounts(of));
}

function judgeRule(run: Run, ix: number, cell: number): Judgement {
  const isScoped = (run.dag.traits[ix]! & traits.isScoped) !== 0;
  const of = (at: number): number =>
    isScoped || at < tallyWidth ? counterOf(run, ix, cell, at) : 0;
  return judge(run.dag.tasks[ix]!.triggerRule, upstreamCounts(of));
}

function upstreamCounts(of: (at: number) => number): UpstreamCounts {
  return {
    upstream: of(column.upstream),
    success: of(column.success),
    failed: of(column.failed),
    upstreamFailed: of(column.upstreamFailed),
    skipped: of(column.skipped),
    removed: of(column.removed),
    setups: of(column.setups),
    setupSuccess: of(column.setupSuccess),
    setupSkipped: of(column.setupSkipped),
  };
}

function neededCounts(of: (at: number) => number): NeededCounts {
  return {
    needed: of(column.needed),
    success: of(column.neededSuccess),
    failed: of(column.neededFailed),
    skipped: of(column.neededSkipped),
    removed: of(column.neededRemoved),
  };
}

/** A teardown waits for everything in its scope, which is nothing for other tasks. */
function isScopeOpen(run: Run, ix: number, cell: number): boolean {
  if ((run.dag.traits[ix]! & traits.isScoped) === 0) return false;
  return counterOf(run, ix, cell, column.scopeDone) < counterOf(run, ix, cell, column.scope);
}
