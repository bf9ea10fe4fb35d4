/**
 * Runs that give way. One whose tasks wait for the past keeps its place among `max_active_runs`, and its concurrency key. A
 * run of an earlier date that waits to be started would wait for these for ever, where it is what the other waits for. So the
 * idle one gives them to it, starts nothing meanwhile, and goes on once it has them again. In memory only: a new owner finds
 * more runs than have places, and lets the latest that are idle give way anew.
 */

import { activeCountOf, mayBePrevious, RunType, type EpochMs } from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import { isOfBackfill, ordinaryRuns, placedRuns } from "../backfills/limits.ts";
import { roomOf } from "../apply.ts";
import type { Owner } from "../owner.ts";
import type {
  ActiveRun,
  OwnedBackfill,
  OwnedDag,
  QueuedRun,
  RunFacts,
  Version,
} from "../runs/run.ts";
import type { RunLine } from "../runs/run-line.ts";

/** As callers know it: the run that has the place of this one; null while it has its own. */
export function gaveWayTo(run: ActiveRun): string | null {
  const to = run.dag.gaveWay.get(run);
  return to === undefined ? null : runIdOf(to);
}

/**
 * Of the runs that count with the same limit as a run, the one that would make room for it; null for none. Of several the
 * one with the latest date: it has longest to wait.
 */
export function whoGivesWay(owner: Owner, dag: OwnedDag, facts: RunFacts): ActiveRun | null {
  let latest: ActiveRun | null = null;
  if (!owner.past.concerns(dag.dagId)) return null;
  for (const run of dag.running) {
    if (isOfBackfill(dag, run.facts) !== isOfBackfill(dag, facts)) continue;
    if (!mayGiveWay(owner, run, facts)) continue;
    if (latest === null || dateOf(run) > dateOf(latest)) latest = run;
  }
  return latest;
}

/** Whether a run that has a concurrency key would give it to another. */
export function givesKey(owner: Owner, holderKey: number, facts: RunFacts): boolean {
  const holder = owner.runs.get(holderKey);
  if (holder === undefined) return false;
  return holder.dag.gaveWay.has(holder) || mayGiveWay(owner, holder, facts);
}

/** A run is about to start: whoever is in its way, and idle, gives way. */
export function makeRoom(owner: Owner, run: ActiveRun): void {
  const { dag, facts, concurrencyKey } = run;
  for (const key of holdersOf(dag, concurrencyKey)) {
    const holder = owner.runs.get(key);
    if (holder !== undefined && holder !== run && mayGiveWay(owner, holder, facts))
      giveWay(owner, holder, run.key);
  }
  if (roomFor(dag, facts) > 0) return;
  const idle = whoGivesWay(owner, dag, facts);
  if (idle !== null) giveWay(owner, idle, run.key);
}

/** Runs that gave way take their places again as far as there are any, the earliest date first. */
export function takePlacesBack(owner: Owner, dag: OwnedDag): void {
  if (isOfPast(versionOf(dag))) yieldExcess(owner, dag);
  if (dag.gaveWay.size === 0) return;
  for (const run of [...dag.gaveWay.keys()].toSorted((a, b) => dateOf(a) - dateOf(b))) {
    if (isKeyTaken(owner, run)) continue;
    if (roomFor(dag, run.facts) <= 0 && whoGivesWay(owner, dag, run.facts) === null) continue;
    makeRoom(owner, run);
    dag.gaveWay.delete(run);
    owner.queue.setRunParked(run, roomOf(run) === 0);
    owner.pump();
  }
}

/** Runs of a line that idle ones wait for, perhaps: the earliest date first. Those whose key such a one has are among them. */
export function earlierThanIdle(
  owner: Owner,
  dag: OwnedDag,
  line: RunLine<QueuedRun>,
): readonly QueuedRun[] {
  if (line.size === 0 || !owner.past.concerns(dag.dagId)) return [];
  let latest = -Infinity;
  for (const run of dag.running)
    if (isIdle(owner, run) && !dag.gaveWay.has(run)) latest = Math.max(latest, dateOf(run));
  if (latest === -Infinity) return [];
  const at = ({ facts }: QueuedRun): EpochMs => facts.logicalAt ?? Infinity;
  const isFree = ({ facts }: QueuedRun): boolean =>
    holdersOf(dag, line.keyOf(facts.id)).every((holder) => givesKey(owner, holder, facts));
  return [...line.values()]
    .filter((run) => at(run) < latest && isFree(run))
    .toSorted((a, b) => at(a) - at(b));
}

/** Whether somebody else has the key of a run, and a place. */
function isKeyTaken(owner: Owner, { concurrencyKey, dag, key, facts }: ActiveRun): boolean {
  return holdersOf(dag, concurrencyKey).some(
    (holder) => holder !== key && !givesKey(owner, holder, facts),
  );
}

function holdersOf({ keys }: OwnedDag, concurrencyKey: string | null): number[] {
  return concurrencyKey === null ? [] : [...(keys.get(concurrencyKey) ?? [])];
}

/** A run that was read again is still where it was when it had given way. */
export function keepGivenWay(owner: Owner, run: ActiveRun): void {
  const { gaveWay } = run.dag;
  const old = [...gaveWay.keys()].find((one) => one.key === run.key);
  if (old !== undefined) giveWay(owner, run, gaveWay.get(old)!);
}

/** More runs than places, or than a key allows, were found at a take-over; or the limit is lower now. */
function yieldExcess(owner: Owner, dag: OwnedDag): void {
  const { backfill } = dag;
  const isFull = roomIn(dag, null) < 0 || (backfill !== null && roomIn(dag, backfill) < 0);
  const isShared = [...dag.keys.values()].some((holders) => holders.size > 1);
  if (!isFull && !isShared) return;
  const latestFirst = [...dag.running].toSorted((a, b) => dateOf(b) - dateOf(a));
  for (const run of latestFirst) {
    if (roomFor(dag, run.facts) >= 0 && !isKeyTaken(owner, run)) continue;
    if (run.isGone || dag.gaveWay.has(run) || !isOfPast(run.version) || isAtWork(owner, run))
      continue;
    const to = latestFirst.findLast((one) => one !== run && !dag.gaveWay.has(one));
    giveWay(owner, run, (to ?? run).key);
  }
}

function giveWay(owner: Owner, run: ActiveRun, to: number): void {
  run.dag.gaveWay.set(run, to);
  owner.queue.setRunParked(run, true);
  owner.log.debug({ dag_id: run.dagId, run_key: run.key, to }, "run.gave_way");
}

function mayGiveWay(owner: Owner, run: ActiveRun, { logicalAt, runType }: RunFacts): boolean {
  if (run.dag.gaveWay.has(run) || !isIdle(owner, run)) return false;
  const { catchup } = run.version.compiled.spec;
  return mayBePrevious(
    { logicalAt, isManual: runType === RunType.manual },
    run.facts.logicalAt,
    catchup,
  );
}

/** Nothing of it runs. And something of it waits for the past. */
function isIdle(owner: Owner, run: ActiveRun): boolean {
  return owner.past.holds(run) && !isAtWork(owner, run);
}

/** Durably: an end that is not written may be taken back. */
function isAtWork(owner: Owner, run: ActiveRun): boolean {
  return activeCountOf(run.engine) > 0 || owner.flushes.isUnwritten(run, null);
}

/** Whether tasks of a version depend on the past. */
const ofPast = new WeakMap<Version, boolean>();

function isOfPast(version: Version | undefined): boolean {
  if (version === undefined) return false;
  const known = ofPast.get(version);
  if (known !== undefined) return known;
  const answer = version.compiled.tasks.some((task) => task.dependsOnPast);
  ofPast.set(version, answer);
  return answer;
}

/** Places that are free for a run; below 0 when there are too many runs. */
function roomFor(dag: OwnedDag, facts: RunFacts): number {
  return roomIn(dag, isOfBackfill(dag, facts) ? dag.backfill : null);
}

/** Of a backfill, or, for null, of the DAG's other runs. */
function roomIn(dag: OwnedDag, backfill: OwnedBackfill | null): number {
  if (backfill !== null) return backfill.maxActiveRuns - placedRuns(dag, backfill);
  return (versionOf(dag)?.compiled.spec.maxActiveRuns ?? Infinity) - ordinaryRuns(dag);
}

/** Until the newest has been read, those that run tell. */
function versionOf(dag: OwnedDag): Version | undefined {
  const [first] = dag.running;
  return dag.newest ?? first?.version;
}

function dateOf({ facts }: ActiveRun): EpochMs {
  return facts.logicalAt ?? -Infinity;
}
