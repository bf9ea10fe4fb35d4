/** Brings ready tasks and free slots together. */

import {
  admit,
  instanceState,
  TaskState,
  type InstanceRef,
  type Limits,
  type Slots as SlotOffer,
} from "@millrace/engine";
import { apply, roomOf } from "../apply.ts";
import { placeOf } from "../limits/gates.ts";
import { gaveWayTo } from "../limits/places.ts";
import type { Owner } from "../owner.ts";
import type { Line, LineKey, ReadyTask } from "./ready-queue.ts";
import { backfillLimitsOf, ordinaryRuns } from "../backfills/limits.ts";
import type { ActiveRun, OwnedDag } from "../runs/run.ts";
import type { SessionSlots } from "./slots.ts";

const freeSlot: SlotOffer = { state: "free", workers: 1, slots: 1 };

/** The world around a DAG's runs, for `admit`, `admitRun` and `explain`. */
export function limitsOf(
  owner: Owner,
  dag: OwnedDag,
  run: ActiveRun | null,
  slots: (queue: string, handler: string | null) => SlotOffer = () => freeSlot,
): Limits {
  return {
    now: owner.dbClock.now(),
    isPaused: dag.isPaused,
    activeRuns: ordinaryRuns(dag),
    maxActiveRuns: dag.newest?.compiled.spec.maxActiveRuns ?? Infinity,
    activeTasks: dag.load.active,
    activeTis: (taskId) => dag.load.byTask.get(taskId) ?? 0,
    pool: (name) => owner.pools.view(name, dag.shard),
    rate: (limit) => owner.rates.waitOf(limit),
    keyHolders: [],
    backfill: run === null ? null : backfillLimitsOf(dag, run.facts),
    gaveWayTo: run === null ? null : gaveWayTo(run),
    waitUntilOf: (ref) => run?.instances.waitUntil(ref) || null,
    pastOf: (ref) => (run === null ? null : owner.past.look(run, ref)),
    triggererOf: (ref) => (run === null ? null : owner.watches.triggererOf(run, ref)),
    externalOf: (ref) => (run === null ? null : owner.externals.foundOf(run, ref)),
    slots,
  };
}

/**
 * Grants what may be granted: lines take turns, one task at a time, until none of them has both work and a slot, or the
 * turn's limit is reached. Answers whether it stopped at the limit.
 */
export function grantReady(owner: Owner): boolean {
  let left = owner.settings.grantsPerTurnMax;
  let lines = grantingLines(owner);
  while (lines.length > 0) {
    const going: GrantingLine[] = [];
    for (const each of lines) {
      if (left === 0) return true;
      if (!each.grantOne()) continue;
      owner.turns.last = each.line;
      left -= 1;
      going.push(each);
    }
    lines = going;
  }
  return false;
}

type GrantingLine = {
  readonly line: LineKey;
  /** Gives one slot to the first of the line; false when it has no work or no slot. */
  grantOne(): boolean;
};

/**
 * The lines of tasks, and of what takes slots beside them, beginning after the one that had the last slot: where slots
 * come one by one, none waits for ever behind others.
 */
function grantingLines(owner: Owner): GrantingLine[] {
  const all: GrantingLine[] = [];
  for (const line of owner.queue.lines()) all.push({ line, grantOne: () => grantOne(owner, line) });
  for (const work of owner.sideWork)
    for (const line of work.lines()) all.push({ line, grantOne: () => work.grantOne(line) });
  const next = all.findIndex(({ line }) => line === owner.turns.last) + 1;
  return [...all.slice(next), ...all.slice(0, next)];
}

/** Takes one task from a line; false when it has no work or no slot. The task may turn out to need neither. */
function grantOne(owner: Owner, line: Line<ActiveRun>): boolean {
  if (!owner.queue.hasWork(line)) return false;
  const session = owner.slots.take(line);
  if (session === null) return false;
  const next = owner.queue.take(line);
  if (next === null || !tryGrant(owner, next.run, next.task, session)) {
    owner.slots.putBack(session.sessionKey);
    if (next !== null) putBack(owner, next.run, next.task);
  } else {
    owner.demand.onGranted(line);
  }
  return next !== null;
}

function tryGrant(
  owner: Owner,
  run: ActiveRun,
  { ix, mapIx }: InstanceRef,
  session: SessionSlots,
): boolean {
  if (run.isGone || admit(run.engine, { ix, mapIx }, limitsOf(owner, run.dag, run)).length > 0)
    return false;
  owner.names.put(session.sessionKey, session.workerName);
  const event = { kind: "taskGranted", ix, mapIx, at: owner.dbClock.now() } as const;
  return apply(owner, run, event, { sessionKey: session.sessionKey }).kind === "OK";
}

/** A task that still waits for something goes back, behind the limit that holds it; one that does not is forgotten. */
function putBack(owner: Owner, run: ActiveRun, task: ReadyTask): void {
  const { ix, mapIx } = task;
  if (
    run.isGone ||
    instanceState(run.engine, ix, mapIx) !== TaskState.scheduled ||
    run.engine.cancelRequested
  )
    return;
  const spec = run.version.compiled.tasks[ix];
  if (spec === undefined) return;
  const place = placeOf(owner, run, ix, spec);
  const tasks = { ...task, from: mapIx, to: mapIx + 1 };
  if (owner.past.takes(run, place, tasks)) return;
  if (run.dag.isPaused) owner.queue.setDagParked(run.dagId, true);
  else if (roomOf(run) === 0) owner.queue.setRunParked(run, true);
  else if (spec.rateLimit !== null) owner.rates.ask(spec.rateLimit, owner.slots.count(place));
  owner.queue.add(run, place, tasks);
}

/** Gives slots back that no waiting task could use. */
export function returnUnusedSlots(owner: Owner): void {
  const ofTasks = [...owner.queue.lines()].filter((line) => owner.queue.hasWork(line));
  const beside = owner.sideWork.flatMap((work) => [...work.lines()]);
  const withWork = [...ofTasks, ...beside];
  const returned = owner.slots.takeUnused(withWork);
  for (const { apiNodeId, sessionKey, slots } of returned)
    owner.outbox.returnSlots(apiNodeId, sessionKey, slots);
  if (returned.length > 0) owner.demand.onReturned(withWork);
}
