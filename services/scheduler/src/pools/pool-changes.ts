/** Keeps an owner in step with the pools' definitions. */

import { defaultPool, eachInstance, stateAt, TaskState, type InstanceRef } from "@millrace/engine";
import { priorityOf, roomOf } from "../apply.ts";
import { placeOf } from "../limits/gates.ts";
import type { Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";

/** Reads what has changed, and looks at everything again that it may concern. */
export async function refreshPools(owner: Owner): Promise<void> {
  const wasCounted = owner.pools.isCounted(defaultPool);
  const changed = await owner.pools.refresh();
  if (changed.length === 0) return;
  if (owner.pools.isCounted(defaultPool) !== wasCounted)
    for (const run of owner.runs.values()) requeue(owner, run);
  owner.poolTender.onNews(changed);
  owner.pump();
}

/** The pool of tasks that name none has got a limit, or lost it: they wait elsewhere, and are counted, or not. */
function requeue(owner: Owner, run: ActiveRun): void {
  const held: (InstanceRef & { attempt: number; state: TaskState })[] = [];
  const ready: InstanceRef[] = [];
  eachInstance(run.engine, (slot, ix, mapIx) => {
    const state = stateAt(run.engine, slot);
    const attempt = run.engine.instances.attempt[slot] ?? 0;
    if (state === TaskState.scheduled) ready.push({ ix, mapIx });
    else if (holdsSlots(state)) held.push({ ix, mapIx, attempt, state });
  });
  owner.pools.replace(run, held);
  owner.queue.remove(run);
  for (const ref of ready) {
    const { ix, mapIx } = ref;
    const task = run.version.compiled.tasks[ix];
    if (task === undefined) continue;
    const priority = priorityOf(run, ix);
    const readyAt = run.instances.readyAt(ref);
    const span = { ix, from: mapIx, to: mapIx + 1, priority, readyAt };
    owner.queue.add(run, placeOf(owner, run, ix, task), span);
  }
  owner.queue.setRunParked(run, roomOf(run) === 0);
}

/** Whether an instance in a state may hold slots of its pool. */
export function holdsSlots(state: TaskState): boolean {
  return (
    state === TaskState.running || state === TaskState.restarting || state === TaskState.deferred
  );
}
