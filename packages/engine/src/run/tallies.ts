/**
 * The counters of a run (`tally.ts`): kept up to date arrow by arrow, or made from scratch where much has changed.
 *
 * What an instance waits for comes in two parts. Upstream outside its mapped groups is the same for all instances of its
 * task: one shared row a task. Upstream within a mapped group is counted for each cell, that is for each time the innermost
 * mapped group around the task is there. A task outside mapped groups has one cell and no rows of its own.
 */

import type { CompiledDag } from "../graph/graph.ts";
import { parentsOf } from "../graph/arrows.ts";
import { gone, hasFlag, instanceFlags, isMapped, longer } from "./instances.ts";
import { cellCount, instanceCount } from "./lengths.ts";
import type { Run } from "./run.ts";
import type { Tallies } from "./run-data.ts";
import { isFinal, TaskState } from "../spec/states.ts";
import type { LinkKind } from "../graph/tally.ts";
import {
  column,
  columnOf,
  linkColumnOf,
  tallyWidth,
  totalColumn,
  wideTallyWidth,
} from "../graph/tally.ts";
import { traits } from "../graph/traits.ts";

/** Between two tasks: upstream and downstream (null), or what one is to the other beside that. */
export type Relation = LinkKind | null;

export function newTallies({ blank, blankTally }: CompiledDag): Tallies {
  const { isPlain, none, zero } = blank;
  return {
    shared: blankTally.slice(),
    own: noRows,
    ownSize: 0,
    ownAt: isPlain ? none : none.slice(),
    open: isPlain ? zero : zero.slice(),
    idle: isPlain ? zero : zero.slice(),
    isStale: false,
  };
}

const noRows = new Int32Array(0);

/** Columns of a task's rows. */
export function rowWidth(dag: CompiledDag, ix: number): number {
  return (dag.traits[ix]! & traits.isScoped) === 0 ? tallyWidth : wideTallyWidth;
}

export function stateColumn(relation: Relation, state: TaskState): number {
  return relation === null ? columnOf(state) : linkColumnOf(relation, state);
}

/** A counter of a cell: what is shared and what is its own. */
export function counterOf({ dag, tallies }: Run, ix: number, cell: number, at: number): number {
  const own = tallies.ownAt[ix]!;
  const shared = tallies.shared[dag.tallyAt[ix]! + at]!;
  return own < 0 ? shared : shared + tallies.own[own + cell * rowWidth(dag, ix) + at]!;
}

/** Calls back for everything that the instances of a task count for, and as what. */
export function eachTarget(
  dag: CompiledDag,
  ix: number,
  visit: (target: number, relation: Relation) => void,
): void {
  const { children, childOffsets } = dag;
  for (let edge = childOffsets[ix]!; edge < childOffsets[ix + 1]!; edge += 1)
    visit(children[edge]!, null);
  if ((dag.traits[ix]! & traits.hasLinks) !== 0) eachLink(dag, ix, visit);
}

/** Calls back for what the instances of a task count for beside being upstream. */
export function eachLink(
  { scopes }: CompiledDag,
  ix: number,
  visit: (target: number, kind: LinkKind) => void,
): void {
  const { linkOffsets, linkTargets, linkKinds } = scopes;
  for (let link = linkOffsets[ix]!; link < linkOffsets[ix + 1]!; link += 1)
    visit(linkTargets[link]!, linkKinds[link] as LinkKind);
}

/** Takes note that a mapped task is expanded: what comes after it now waits for all of its instances. */
export function countExpanded(run: Run, ix: number): void {
  const { dag, tallies } = run;
  const count = run.instances.count[ix]!;
  tallies.open[ix] = count;
  eachTarget(dag, ix, (target, relation) => {
    const total = relation === null ? column.upstream : totalColumn[relation];
    const frame = dag.mapping.commonFrame(ix, target);
    tallies.shared[dag.tallyAt[target]! + total]! += frame < 0 ? count - 1 : -1;
    const own = tallies.ownAt[target]!;
    if (frame < 0 || own < 0) return;
    const width = rowWidth(dag, target);
    const each = instanceCount(run, ix) / run.lengths.cells[frame]!;
    for (let cell = 0; cell < cellCount(run, target); cell += 1)
      tallies.own[own + cell * width + total]! += each;
  });
  if ((dag.traits[ix]! & traits.hasMates) !== 0) makeOwnRows(run, tallies, ix);
}

/** Counts one more final state over a relation in the shared row of a task, and says how many there are now. */
export function countShared({ dag, tallies }: Run, target: number, at: number): number {
  const place = dag.tallyAt[target]! + at;
  tallies.shared[place]! += 1;
  return tallies.shared[place]!;
}

/** Counts from scratch what the instances of a task in a mapped group have before them there. */
function makeOwnRows(run: Run, tallies: Tallies, ix: number): void {
  const { dag } = run;
  const width = rowWidth(dag, ix);
  const cells = cellCount(run, ix);
  const start = tallies.ownSize;
  tallies.ownSize += cells * width;
  if (tallies.ownSize > tallies.own.length)
    tallies.own = longer(tallies.own, new Int32Array(tallies.ownSize + (tallies.ownSize >> 1)));
  tallies.own.fill(0, start, tallies.ownSize);
  tallies.ownAt[ix] = start;
  for (const parent of parentsOf(dag, ix)) countMate(run, tallies, ix, parent, null);
  for (const { from, kind } of dag.scopes.sourcesOf.get(ix) ?? [])
    countMate(run, tallies, ix, from, kind);
}

function countMate(run: Run, tallies: Tallies, ix: number, mate: number, relation: Relation): void {
  const { dag, instances, lengths } = run;
  const frame = dag.mapping.commonFrame(mate, ix);
  const all = instanceCount(run, mate);
  if (frame < 0 || all < 0) return;
  const width = rowWidth(dag, ix);
  const total = relation === null ? column.upstream : totalColumn[relation];
  const cells = cellCount(run, ix);
  const outer = lengths.cells[frame]!;
  const each = all / outer;
  for (let cell = 0; cell < cells; cell += 1) {
    const row = tallies.ownAt[ix]! + cell * width;
    tallies.own[row + total]! += each;
    const from = instances.first[mate]! + Math.floor((cell * outer) / cells) * each;
    for (let slot = from; slot < from + each; slot += 1) {
      if (!hasFlag(run, slot, instanceFlags.isCounted)) continue;
      const at = stateColumn(relation, instances.state[slot] as TaskState);
      if (at >= 0) tallies.own[row + at]! += 1;
    }
  }
}

/**
 * All counters from scratch, as the states of the instances say: what the kept ones must always equal, and what replaces
 * them after a clear. Costs as much as all instances and the arrows of their tasks.
 */
export function recount(run: Run): { counts: Int32Array; tallies: Tallies } {
  const { dag, instances } = run;
  const counts = new Int32Array(run.counts.length);
  const tallies = newTallies(dag);
  const outcomes = new Int32Array(counts.length);
  for (let ix = 0; ix < dag.tasks.length; ix += 1) {
    outcomes.fill(0);
    const all = Math.max(0, instances.count[ix]!);
    const start = instances.first[ix]!;
    const isExpanded = isMapped(run, ix) && all > 0;
    counts[instances.state[ix]!]! += 1;
    for (let slot = start; slot < (isExpanded ? start + all : start); slot += 1) {
      counts[instances.state[slot]!]! += 1;
      outcomes[instances.state[slot]!]! += 1;
    }
    if (isMapped(run, ix) && instances.count[ix]! >= 0)
      for (let state = 1; state < outcomes.length; state += 1)
        if (!isFinal(state as TaskState)) tallies.open[ix]! += outcomes[state]!;
    tallies.idle[ix] = outcomes[TaskState.none]!;
    // Behind a task that has no elements any more, removed instances are left: they are nobody's upstream.
    recountTargets(run, tallies, ix, instances.state[ix] === gone ? outcomes : null);
  }
  for (let ix = 0; ix < dag.tasks.length; ix += 1)
    if ((dag.traits[ix]! & traits.hasMates) !== 0 && instances.count[ix]! >= 0)
      makeOwnRows(run, tallies, ix);
  return { counts, tallies };
}

function recountTargets(
  run: Run,
  { shared }: Tallies,
  ix: number,
  outcomes: Int32Array | null,
): void {
  const { dag, instances } = run;
  const state = instances.state[ix] as TaskState;
  eachTarget(dag, ix, (target, relation) => {
    const row = dag.tallyAt[target]!;
    const total = row + (relation === null ? column.upstream : totalColumn[relation]);
    if (instances.state[ix] === gone) shared[total]! -= 1;
    else add(shared, row, stateColumn(relation, state), 1);
    if (!outcomes || dag.mapping.commonFrame(ix, target) >= 0) return;
    shared[total]! += instances.count[ix]!;
    for (let one = 1; one < outcomes.length; one += 1)
      add(shared, row, stateColumn(relation, one as TaskState), outcomes[one]!);
  });
}

function add(row: Int32Array, start: number, at: number, more: number): void {
  if (at >= 0 && more > 0) row[start + at]! += more;
}
