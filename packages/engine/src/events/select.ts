/** Which task instances of a run are meant when a person clears or marks some (semantics 11.2). */

import { childrenOf, parentsOf } from "../graph/arrows.ts";
import { eachInstance, eachOf, isExpanded, slotOf, stateAt } from "../run/instances.ts";
import { instanceCount } from "../run/lengths.ts";
import type { InstanceRef, Run } from "../run/run.ts";
import { TaskState } from "../spec/states.ts";

export type Selection = {
  /** These; `mapIx` null for all instances of a task. Empty means all of the run. Those that do not exist mean nothing. */
  readonly refs: readonly { readonly ix: number; readonly mapIx: number | null }[];
  /** And everything before them, and everything after them: in a mapped group at their own index. */
  readonly upstream: boolean;
  readonly downstream: boolean;
  /** Of all these, only those in one of these states. Empty means any. */
  readonly states: readonly TaskState[];
};

export type Selected = { readonly ref: InstanceRef; readonly state: TaskState };

/**
 * The task instances that a selection means, by task and index; those that were `removed` are never meant. What clearing
 * or marking them entails beside, `transition` finds.
 */
export function selectInstances(run: Run, selection: Selection): Selected[] {
  const asked = emptyPicks(run);
  for (const { ix, mapIx } of selection.refs) {
    if (mapIx !== null) pickOne(run, asked, { ix, mapIx });
    else if (ix in run.dag.tasks) eachOf(run, ix, (slot) => (asked[slot] = 1));
  }
  if (selection.refs.length === 0) eachInstance(run, (slot) => (asked[slot] = 1));
  const picks = asked.slice();
  if (selection.upstream) addAll(picks, pickRelatives(run, asked.slice(), "before"));
  if (selection.downstream) addAll(picks, pickRelatives(run, asked.slice(), "after"));
  const { states } = selection;
  const found: Selected[] = [];
  eachInstance(run, (slot, ix, mapIx) => {
    const state = stateAt(run, slot);
    if (picks[slot] === 0 || state === TaskState.removed) return;
    if (states.length === 0 || states.includes(state)) found.push({ ref: { ix, mapIx }, state });
  });
  return found;
}

/**
 * The given instances with the setups that they need and the teardowns of these, in whatever state: what a setup made is
 * gone by now, and what it makes again has to be removed again (appendix C 11).
 */
export function withScopes(run: Run, refs: readonly InstanceRef[]): readonly InstanceRef[] {
  const { setupsOf, teardownsOf } = run.dag.scopes;
  if (setupsOf.size === 0 && teardownsOf.size === 0) return refs;
  const picks = emptyPicks(run);
  for (const ref of refs) pickOne(run, picks, ref);
  // Against the order of the graph: a setup may need another one before it.
  for (let ix = run.dag.tasks.length - 1; ix >= 0; ix -= 1) {
    const setups = setupsOf.get(ix);
    if (setups) pickRelated(run, picks, ix, setups);
  }
  for (const [setup, teardowns] of teardownsOf) pickRelated(run, picks, setup, teardowns);
  const found: InstanceRef[] = [];
  eachInstance(run, (slot, ix, mapIx) => {
    if (picks[slot] === 1) found.push({ ix, mapIx });
  });
  return found;
}

/** Everything after the given instances that is in one of the given states. */
export function downstreamIn(
  run: Run,
  refs: readonly InstanceRef[],
  states: readonly TaskState[],
): InstanceRef[] {
  const given = emptyPicks(run);
  for (const ref of refs) pickOne(run, given, ref);
  const found: InstanceRef[] = [];
  const picks = pickRelatives(run, given.slice(), "after");
  eachInstance(run, (slot, ix, mapIx) => {
    if (picks[slot] === 1 && given[slot] === 0 && states.includes(stateAt(run, slot)))
      found.push({ ix, mapIx });
  });
  return found;
}

/** By slot: 1 when it is meant. */
type Picks = Uint8Array;

function emptyPicks({ instances }: Run): Picks {
  return new Uint8Array(instances.size);
}

function addAll(to: Picks, from: Picks): void {
  for (const [slot, pick] of from.entries()) to[slot]! |= pick;
}

function pickOne(run: Run, picks: Picks, { ix, mapIx }: InstanceRef): void {
  const slot = slotOf(run, ix, mapIx);
  if (slot >= 0) picks[slot] = 1;
}

/** Follows the arrows from what is picked, in topological order or against it. */
function pickRelatives(run: Run, picks: Picks, way: "before" | "after"): Picks {
  const count = run.dag.tasks.length;
  for (let step = 0; step < count; step += 1) {
    const ix = way === "after" ? step : count - 1 - step;
    const next = way === "after" ? childrenOf(run.dag, ix) : parentsOf(run.dag, ix);
    if (next.length > 0) pickRelated(run, picks, ix, next);
  }
  return picks;
}

/** Picks of other tasks the instances that have to do with those picked of a task (semantics 2.5). */
function pickRelated(run: Run, picks: Picks, ix: number, others: Iterable<number>): void {
  const { mapping } = run.dag;
  let isAny = false;
  eachOf(run, ix, (slot) => (isAny ||= picks[slot] === 1));
  if (!isAny) return;
  for (const other of others) {
    const frame = mapping.commonFrame(ix, other);
    if (frame < 0 || !isExpanded(run, ix) || !isExpanded(run, other))
      eachOf(run, other, (slot) => (picks[slot] = 1));
    else pickMates(run, picks, ix, other, run.lengths.cells[frame]!);
  }
}

function pickMates(run: Run, picks: Picks, ix: number, other: number, outer: number): void {
  const { first } = run.instances;
  const each = instanceCount(run, ix) / outer;
  const eachOther = instanceCount(run, other) / outer;
  for (let index = 0; index < outer; index += 1) {
    const from = first[ix]! + index * each;
    if (!picks.subarray(from, from + each).includes(1)) continue;
    const start = first[other]! + index * eachOther;
    picks.fill(1, start, start + eachOther);
  }
}
