/** How much of a DAG is active over all its runs: what `max_active_tis` and `max_active_tasks_per_dag` count. */

import { activeCountOf, type Effects } from "@millrace/engine";
import type { ActiveRun } from "../runs/run.ts";
import type { RunShare } from "./load.ts";

function isLimited({ version: { compiled } }: ActiveRun): boolean {
  return compiled.hasTisLimits || compiled.spec.maxActiveTasksPerDag !== null;
}

/** Takes over what an event changed. Answers whether something may start now that could not before. */
export function noteLoad(run: ActiveRun, { changes, ready }: Effects): boolean {
  if (!isLimited(run)) return false;
  const share = shareOf(run);
  let hasFallen = setActive(run, share);
  const { occupied } = run.engine;
  if (occupied === null) return hasFallen;
  for (const { ix } of changes) hasFallen = setTask(run, share, ix) || hasFallen;
  for (const { ix } of ready) hasFallen = setTask(run, share, ix) || hasFallen;
  return hasFallen;
}

/** Takes over all of a run that came into memory. */
export function enterLoad(run: ActiveRun): void {
  leaveLoad(run);
  if (!isLimited(run)) return;
  const share = shareOf(run);
  setActive(run, share);
  for (let ix = 0; ix < (run.engine.occupied?.length ?? 0); ix += 1) setTask(run, share, ix);
}

/** A run that is over adds nothing any more. */
export function leaveLoad({ key, dag: { load } }: ActiveRun): void {
  const share = load.shares.get(key);
  if (share === undefined) return;
  load.active -= share.active;
  for (const [id, count] of share.byTask) load.byTask.set(id, (load.byTask.get(id) ?? 0) - count);
  load.shares.delete(key);
}

function shareOf({ key, dag: { load } }: ActiveRun): RunShare {
  let share = load.shares.get(key);
  if (share === undefined) {
    share = { active: 0, byTask: new Map() };
    load.shares.set(key, share);
  }
  return share;
}

function setActive({ engine, dag: { load } }: ActiveRun, share: RunShare): boolean {
  const active = activeCountOf(engine);
  const before = share.active;
  load.active += active - before;
  share.active = active;
  return active < before;
}

function setTask({ engine, dag: { load } }: ActiveRun, share: RunShare, ix: number): boolean {
  const task = engine.dag.tasks[ix];
  if (task === undefined || (task.maxActiveTis === null && task.maxActiveTisPerRun === null))
    return false;
  const count = engine.occupied?.[ix] ?? 0;
  const before = share.byTask.get(task.id) ?? 0;
  if (count === before) return false;
  load.byTask.set(task.id, (load.byTask.get(task.id) ?? 0) + count - before);
  share.byTask.set(task.id, count);
  return count < before;
}
