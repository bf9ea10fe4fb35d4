/** Branches and short circuits: what they chose, and what that skips (semantics 7.1-7.3). */

import { change } from "../run/change.ts";
import { childrenOf, reachedFrom } from "../graph/arrows.ts";
import type { CompiledDag } from "../graph/graph.ts";
import { isExpanded, refOf, stateAt } from "../run/instances.ts";
import { cellCount, instanceCount } from "../run/lengths.ts";
import type { Effects, InstanceRef, Run } from "../run/run.ts";
import { TaskState } from "../spec/states.ts";
import { traits } from "../graph/traits.ts";
import { isWaitState } from "../run/waits.ts";

export function setChoice(run: Run, { ix, mapIx }: InstanceRef, choice: readonly string[]): void {
  const known = run.choices.get(ix);
  if (known) known.set(mapIx, choice);
  else run.choices.set(ix, new Map([[mapIx, choice]]));
}

export function dropChoice(run: Run, { ix, mapIx }: InstanceRef): void {
  run.choices.get(ix)?.delete(mapIx);
}

/**
 * Whether a branch or short circuit directly before a task has gone another way, for a cell of the task (-1: for all of
 * it). Asked whenever the task is judged, so that one that was cleared alone is skipped again (semantics 7.2).
 */
export function isPassedOver(run: Run, ix: number, cell: number): boolean {
  if ((run.dag.traits[ix]! & traits.isChosen) === 0) return false;
  for (const control of run.dag.controlParents.get(ix) ?? []) {
    const choices = run.choices.get(control);
    if (choices === undefined || choices.size === 0) continue;
    const mapIx = choosingInstance(run, control, ix, cell);
    const choice = mapIx === null ? undefined : choices.get(mapIx);
    if (choice !== undefined && skips(run.dag, control, ix, choice)) return true;
  }
  return false;
}

/** The cases of a choice that a branch does not have. */
export function unknownCases(
  { branches }: CompiledDag,
  ix: number,
  choice: readonly string[],
): string[] {
  const branch = branches.get(ix);
  return branch ? choice.filter((name) => !branch.follows.has(name)) : [];
}

/**
 * Skips what an instance has just chosen not to do and what does not run already: of a branch what is directly after it, of
 * a short circuit all that is after it, whatever the trigger rules say. What is not ready yet and directly after it is
 * left to the judgement, which asks `isPassedOver`.
 */
export function skipUnchosen(
  run: Run,
  ref: InstanceRef,
  choice: readonly string[],
  effects: Effects,
  mayChange: (slot: number) => boolean = () => true,
): void {
  const { dag } = run;
  const skipFrom = (ix: number): void => {
    for (const slot of waitingSlots(run, ref, ix))
      if (mayChange(slot)) change(run, refOf(run, slot), { state: TaskState.skipped }, effects);
  };
  const task = dag.tasks[ref.ix]!;
  const children = childrenOf(dag, ref.ix);
  if (task.control === "branch") {
    for (const child of children) if (skips(dag, ref.ix, child, choice)) skipFrom(child);
    return;
  }
  if (choice.length > 0) return;
  const after = task.skipsDirectOnly
    ? [...children]
    : [...reachedFrom(dag, [...children], dag.tasks.length)].sort((a, b) => a - b);
  for (const ix of after) if (dag.tasks[ix]!.role !== "teardown") skipFrom(ix);
}

/** A teardown is never passed over: what it removes is there whatever was chosen. */
function skips(
  dag: CompiledDag,
  control: number,
  child: number,
  choice: readonly string[],
): boolean {
  if (dag.tasks[child]!.role === "teardown") return false;
  const branch = dag.branches.get(control);
  if (!branch) return choice.length === 0;
  return !choice.some((name) => branch.follows.get(name)?.has(child));
}

/**
 * The map index of the instance that chooses for a cell; null when there is no such one, because the cell has several of
 * them before it, or none of its own: in a mapped group a choice is for its own index alone.
 */
function choosingInstance(run: Run, control: number, ix: number, cell: number): number | null {
  const { mapping } = run.dag;
  const frame = mapping.frameOf[control]!;
  if (frame < 0) return -1;
  if (cell < 0 || mapping.commonFrame(control, ix) !== frame) return null;
  return Math.floor((cell * run.lengths.cells[frame]!) / cellCount(run, ix));
}

/**
 * The instances of a task for which `ref` chooses and that only wait: what is final or runs is not changed by what others
 * do (appendix C 1, 17).
 */
function waitingSlots(run: Run, ref: InstanceRef, ix: number): number[] {
  const { mapping } = run.dag;
  const frame = mapping.frameOf[ref.ix]!;
  const isWhole = !isExpanded(run, ix);
  if (frame >= 0 && (isWhole || mapping.commonFrame(ref.ix, ix) !== frame)) return [];
  const { first, count } = run.instances;
  let from = isWhole ? ix : first[ix]!;
  let to = isWhole ? ix + 1 : from + count[ix]!;
  if (frame >= 0) {
    const share = instanceCount(run, ix) / run.lengths.cells[frame]!;
    from += ref.mapIx * share;
    to = from + share;
  }
  const slots: number[] = [];
  for (let slot = from; slot < to; slot += 1) if (waits(stateAt(run, slot))) slots.push(slot);
  return slots;
}

function waits(state: TaskState): boolean {
  return (
    state === TaskState.none ||
    state === TaskState.scheduled ||
    state === TaskState.up_for_retry ||
    state === TaskState.up_for_reschedule ||
    isWaitState(state)
  );
}
