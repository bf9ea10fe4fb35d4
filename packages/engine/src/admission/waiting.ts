/** What an instance that has not started waits for, found anew from the states of others; admission never needs it. */

import { parentsOf } from "../graph/arrows.ts";
import { gone, isMapped, stateAt } from "../run/instances.ts";
import { cellCount, cellWidth, instanceCount } from "../run/lengths.ts";
import type { InstanceRef, Run } from "../run/run.ts";
import { isFinal, TaskState } from "../spec/states.ts";
import { linkKind } from "../graph/tally.ts";

/** A task that is waited for, with those of its instances that matter. */
export type Awaited = {
  readonly ix: number;
  /** How many of its instances matter, and how many of these are not final. */
  readonly all: number;
  readonly open: number;
  /** The first of these that is not final. */
  readonly first: InstanceRef;
};

/** Tasks directly before an instance that are not final, as far as they matter to it. */
export function openUpstream(run: Run, ref: InstanceRef): Awaited[] {
  return awaited(run, ref, parentsOf(run.dag, ref.ix));
}

/** How many instances directly before one matter to it. */
export function upstreamCount(run: Run, ref: InstanceRef): number {
  let count = 0;
  for (const parent of parentsOf(run.dag, ref.ix)) {
    const { from, to } = relevantSlots(run, ref, parent);
    count += to - from;
  }
  return count;
}

/** Setups that an instance needs, not directly before it, that are not final (semantics 2.4). */
export function openSetups(run: Run, ref: InstanceRef): Awaited[] {
  return awaited(run, ref, linked(run, ref.ix, linkKind.needed));
}

/** What is in the scope of a teardown and not final (semantics 2.4). */
export function openScope(run: Run, ref: InstanceRef): Awaited[] {
  return awaited(run, ref, linked(run, ref.ix, linkKind.scope));
}

/** Tasks whose results are lists that a mapped task is mapped over, itself or by a group, and that are not final. */
export function openMapSources(run: Run, ix: number): Awaited[] {
  const { units, frameOf, outerFrame, ownUnit } = run.dag.mapping;
  const own = ownUnit[ix]!;
  const sources = own < 0 ? [] : units[own]!.axes.flat();
  for (let frame = frameOf[ix]!; frame >= 0; frame = outerFrame[frame]!)
    sources.push(...units[frame]!.axes.flat());
  const tasks = sources.flatMap((source) => (source.kind === "task" ? [source.ix] : []));
  return awaited(run, { ix, mapIx: -1 }, new Set(tasks));
}

function linked(run: Run, ix: number, wanted: number): number[] {
  const sources = run.dag.scopes.sourcesOf.get(ix) ?? [];
  return sources.flatMap(({ from, kind }) => (kind === wanted ? [from] : []));
}

function awaited(run: Run, ref: InstanceRef, tasks: Iterable<number>): Awaited[] {
  const found: Awaited[] = [];
  for (const ix of tasks) {
    const { from, to, firstMapIx } = relevantSlots(run, ref, ix);
    let open = 0;
    let first: InstanceRef | null = null;
    for (let slot = from; slot < to; slot += 1) {
      if (isFinal(stateAt(run, slot))) continue;
      first ??= { ix, mapIx: firstMapIx < 0 ? -1 : firstMapIx + slot - from };
      open += 1;
    }
    if (first) found.push({ ix, all: to - from, open, first });
  }
  return found;
}

/** The slots of a task's instances that matter to an instance of another (semantics 2.5). */
function relevantSlots(
  run: Run,
  ref: InstanceRef,
  ix: number,
): { readonly from: number; readonly to: number; readonly firstMapIx: number } {
  const { dag, instances, lengths } = run;
  if (!isMapped(run, ix) || instances.state[ix] !== gone)
    return { from: ix, to: ix + 1, firstMapIx: -1 };
  const first = instances.first[ix]!;
  const frame = dag.mapping.commonFrame(ix, ref.ix);
  if (frame < 0 || ref.mapIx < 0)
    return { from: first, to: first + instances.count[ix]!, firstMapIx: 0 };
  const outer = lengths.cells[frame]!;
  const each = instanceCount(run, ix) / outer;
  const cell = Math.floor(ref.mapIx / Math.max(1, cellWidth(run, ref.ix)));
  const firstMapIx = Math.floor((cell * outer) / cellCount(run, ref.ix)) * each;
  return { from: first + firstMapIx, to: first + firstMapIx + each, firstMapIx };
}

/** The first tasks of a run of which an instance runs now. */
export function runningTasks(run: Run, most: number): number[] {
  const { state, first, count } = run.instances;
  const found: number[] = [];
  for (let ix = 0; ix < run.dag.tasks.length && found.length < most; ix += 1) {
    const from = isMapped(run, ix) ? first[ix]! : ix;
    for (let slot = from; slot < from + Math.max(0, count[ix]!); slot += 1)
      if (state[slot] === TaskState.running || state[slot] === TaskState.restarting) {
        found.push(ix);
        break;
      }
  }
  return found;
}
