/** The only places where the state of a task instance is set, so that the row to write is never forgotten. */

import { hasFlag, instanceFlags as flags, stateAt } from "./instances.ts";
import type { Deferral, Effects, Failure, InstanceRef, Run } from "./run.ts";
import type { EpochMs } from "../spec/spec.ts";
import { TaskState } from "../spec/states.ts";
import { dropWait } from "./waits.ts";

/** What becomes of a task instance. */
export type Becomes = {
  readonly state: TaskState;
  readonly waitUntil?: EpochMs;
  readonly failure?: Failure | null;
  readonly lengths?: readonly number[];
  readonly choice?: readonly string[] | null;
  readonly hasValue?: boolean;
  readonly deferral?: Deferral;
  /**
   * Whether its newest grant may still have an outcome. By default so where it runs or was given back, and not where it
   * waits.
   */
  readonly isOpen?: boolean;
};

const noLengths: readonly number[] = [];

export function setState(run: Run, ix: number, slot: number, state: TaskState | 0): void {
  const { counts, instances } = run;
  const before = instances.state[slot]!;
  counts[before]! -= 1;
  counts[state]! += 1;
  instances.state[slot] = state;
  if (run.occupied !== null)
    run.occupied[ix]! += Number(occupies(state)) - Number(occupies(before));
  if (slot === ix) return;
  if (before === TaskState.none) run.tallies.idle[ix]! -= 1;
  if (state === TaskState.none) run.tallies.idle[ix]! += 1;
}

/** Whether an instance in a state counts for `max_active_tis` (semantics 5.2): deferred ones do. */
function occupies(state: number): boolean {
  switch (state) {
    case TaskState.queued:
    case TaskState.running:
    case TaskState.restarting:
    case TaskState.deferred:
    case TaskState.awaiting_input:
      return true;
    default:
      return false;
  }
}

/** The slot of an instance that exists. */
export function slotAt({ instances }: Run, { ix, mapIx }: InstanceRef): number {
  return mapIx < 0 ? ix : instances.first[ix]! + mapIx;
}

/** Sets a state and notes the row to write. */
export function change(run: Run, ref: InstanceRef, to: Becomes, effects: Effects): void {
  const { instances } = run;
  const slot = slotAt(run, ref);
  const { state } = to;
  setState(run, ref.ix, slot, state);
  const attempt = instances.attempt[slot]!;
  let bits = flags.hasRow | (instances.flags[slot]! & flags.isCounted);
  if (attempt > 0 && !isOpen(to)) bits |= flags.isSettled;
  if (to.hasValue) bits |= flags.hasValue;
  instances.flags[slot] = bits;
  if (run.waits !== null) dropWait(run, ref);
  effects.changes.push({
    ix: ref.ix,
    mapIx: ref.mapIx,
    state,
    attempt,
    uncounted: instances.uncounted[slot]!,
    losses: instances.losses[slot]!,
    waitUntil: to.waitUntil ?? null,
    failure: to.failure ?? null,
    lengths: to.lengths ?? noLengths,
    choice: to.choice ?? null,
    deferral: to.deferral ?? null,
  });
}

function isOpen({ state, isOpen }: Becomes): boolean {
  return (
    isOpen ??
    (state === TaskState.running || state === TaskState.scheduled || state === TaskState.restarting)
  );
}

/**
 * Marks instances of a task as ones that may run: those that are `none`, from index `from` up to, without, `to`. They
 * have no rows for that: the graph says so.
 */
export function makeReady(run: Run, ix: number, from: number, to: number, effects: Effects): void {
  const base = from < 0 ? ix - from : run.instances.first[ix]!;
  let start = from;
  for (let mapIx = from; mapIx < to; mapIx += 1) {
    const slot = base + mapIx;
    const isNew = stateAt(run, slot) === TaskState.none && !hasFlag(run, slot, flags.wasReady);
    if (stateAt(run, slot) === TaskState.none) setState(run, ix, slot, TaskState.scheduled);
    if (isNew) continue;
    run.instances.flags[slot]! &= ~flags.wasReady;
    note(effects, ix, start, mapIx);
    start = mapIx + 1;
  }
  note(effects, ix, start, to);
}

/** Marks one instance as one that may run, whatever it waited for. */
export function makeOneReady(run: Run, { ix, mapIx }: InstanceRef, effects: Effects): void {
  if (run.waits !== null) dropWait(run, { ix, mapIx });
  setState(run, ix, slotAt(run, { ix, mapIx }), TaskState.scheduled);
  note(effects, ix, mapIx, mapIx + 1);
}

/** Neighbours that become ready one after the other are one span. */
function note({ ready }: Effects, ix: number, from: number, to: number): void {
  if (from >= to) return;
  const last = ready.at(-1);
  if (last !== undefined && last.ix === ix && last.to === from && from > 0)
    ready[ready.length - 1] = { ix, from: last.from, to };
  else ready.push({ ix, from, to });
}
