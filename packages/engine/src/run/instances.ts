/** The task instances of a run: what is known of each, in arrays, and how they are found. */

import type { CompiledDag } from "../graph/graph.ts";
import type { InstanceRef, Run } from "./run.ts";
import type { Instances } from "./run-data.ts";
import { TaskState } from "../spec/states.ts";
import { traits } from "../graph/traits.ts";

export const instanceFlags = {
  /** The newest grant has had its outcome: nothing that is reported for it later counts. */
  isSettled: 1,
  /** Something has been written of it. */
  hasRow: 2,
  /** It succeeded and returned something. */
  hasValue: 4,
  /** It was cleared after its newest grant. Of instances that are `none` or `scheduled`. */
  isCleared: 8,
  /** Its final state is among the counters of what comes after it. */
  isCounted: 16,
  /** It was `scheduled` before a clear or a mark made everything be judged anew. */
  wasReady: 32,
} as const;

/** No instance: the state of the slot of a task that was expanded. */
export const gone = 0;

export function newInstances({ blank, tasks }: CompiledDag): Instances {
  const size = tasks.length;
  return {
    size,
    state: new Uint8Array(size).fill(TaskState.none),
    attempt: new Uint32Array(size),
    uncounted: new Uint32Array(size),
    losses: new Uint8Array(size),
    flags: new Uint8Array(size),
    first: blank.isPlain ? blank.first : blank.first.slice(),
    count: blank.isPlain ? blank.count : blank.count.slice(),
    rows: [],
  };
}

export function isMapped(run: Run, ix: number): boolean {
  return (run.dag.traits[ix]! & traits.isMapped) !== 0;
}

/** Whether a task has instances in its stead. */
export function isExpanded({ instances }: Run, ix: number): boolean {
  return instances.state[ix] === gone;
}

/** The slot of a task instance; -1 when there is no such instance, now. */
export function slotOf({ dag, instances }: Run, ix: number, mapIx: number): number {
  const { state, first, count } = instances;
  if (!(ix >= 0 && ix < first.length && Number.isInteger(ix))) return -1;
  if (mapIx === -1) return state[ix] === gone ? -1 : ix;
  if ((dag.traits[ix]! & traits.isMapped) === 0 || !Number.isInteger(mapIx)) return -1;
  return mapIx >= 0 && mapIx < count[ix]! ? first[ix]! + mapIx : -1;
}

/** The task instance of a slot. */
export function refOf({ instances }: Run, slot: number): InstanceRef {
  const { first, rows } = instances;
  if (slot < first.length) return { ix: slot, mapIx: -1 };
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rows[middle]!.start <= slot) low = middle;
    else high = middle - 1;
  }
  const { start, ix } = rows[low]!;
  return { ix, mapIx: slot - start };
}

/** The state of a task instance; `none` when there is no such instance. */
export function instanceState(run: Run, ix: number, mapIx: number): TaskState {
  const slot = slotOf(run, ix, mapIx);
  return slot < 0 ? TaskState.none : (run.instances.state[slot] as TaskState);
}

export function stateAt(run: Run, slot: number): TaskState {
  return run.instances.state[slot] as TaskState;
}

export function hasFlag(run: Run, slot: number, flag: number): boolean {
  return (run.instances.flags[slot]! & flag) !== 0;
}

export function setFlag(run: Run, slot: number, flag: number): void {
  run.instances.flags[slot]! |= flag;
}

/** Calls back for every instance there is, those `removed` included, by task and index. */
export function eachInstance(
  run: Run,
  visit: (slot: number, ix: number, mapIx: number) => void,
): void {
  for (let ix = 0; ix < run.dag.tasks.length; ix += 1) eachOf(run, ix, visit);
}

/** Calls back for every instance of a task. */
export function eachOf(
  run: Run,
  ix: number,
  visit: (slot: number, ix: number, mapIx: number) => void,
): void {
  const { state, first, count } = run.instances;
  if (state[ix] !== gone) visit(ix, ix, -1);
  if (!isMapped(run, ix)) return;
  for (let mapIx = 0; mapIx < count[ix]!; mapIx += 1) visit(first[ix]! + mapIx, ix, mapIx);
}

/** Gives a task a row of slots for its instances, which are `none`; those it had keep what is known of them. */
export function allot(run: Run, ix: number, count: number): void {
  const { instances, counts } = run;
  const start = instances.size;
  const had = Math.max(0, instances.count[ix]!);
  grow(instances, start + count);
  if (had > 0) move(instances, instances.first[ix]!, start, had);
  instances.state.fill(TaskState.none, start + had, start + count);
  counts[TaskState.none]! += count - had;
  run.tallies.idle[ix]! += count - had;
  instances.first[ix] = start;
  instances.count[ix] = count;
  instances.rows.push({ start, ix });
}

function grow(instances: Instances, size: number): void {
  instances.size = size;
  if (size <= instances.state.length) return;
  // A half more than is asked for, so that many small expansions do not copy everything each time.
  const room = size + (instances.rows.length > 0 ? size >> 1 : 0);
  instances.state = longer(instances.state, new Uint8Array(room));
  instances.attempt = longer(instances.attempt, new Uint32Array(room));
  instances.uncounted = longer(instances.uncounted, new Uint32Array(room));
  instances.losses = longer(instances.losses, new Uint8Array(room));
  instances.flags = longer(instances.flags, new Uint8Array(room));
}

export function longer<Numbers extends Uint8Array | Uint32Array | Int32Array>(
  from: Numbers,
  to: Numbers,
): Numbers {
  to.set(from);
  return to;
}

function move(
  { state, attempt, uncounted, losses, flags }: Instances,
  from: number,
  to: number,
  count: number,
): void {
  for (const numbers of [state, attempt, uncounted, losses, flags]) {
    numbers.copyWithin(to, from, from + count);
    numbers.fill(0, from, from + count);
  }
}
