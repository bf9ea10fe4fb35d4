/** Lets runs wait for the inputs of their DAG, and fixes what they are given. */

import { decideInputs, findInstances, newestWithInputs } from "@millrace/db";
import {
  askedInstances,
  askInputs,
  foundIn,
  inputLimits,
  inputReference,
  instanceKeyOf,
  judgeInputs,
  type InputsSpec,
} from "@millrace/engine";
import { runInstancesToBytes } from "@millrace/wire";
import { apply } from "../apply.ts";
import { isQueued, lineOf } from "../backfills/limits.ts";
import { holdsDag, loadedShard, type Owner } from "../owner.ts";
import type { RunLife } from "../runs/run-life.ts";
import { automated, type OwnedDag, type QueuedRun } from "../runs/run.ts";
import type { Versions } from "../shards/versions.ts";
import type { WaitingFacts, WaitingRun } from "./dag-inputs.ts";
import type { InputDue, Inputs } from "./waiting.ts";

/** Found instances that are kept of a DAG. */
const foundMax = 100_000;

/**
 * A tick makes a run as ever; the run is queued, and parked in its DAG's line while it waits. It is judged by the engine, from
 * rows of events: when a doorbell says that an event of one of its assets came, when a wait of its own is over, after a
 * take-over, and rarely for safety. What it is given is written to its row before it may start, once: whoever decides again,
 * after a crash or an answer that was lost, gets what was written.
 */
export function createInputs(parts: {
  readonly owner: () => Owner;
  readonly life: () => RunLife;
  readonly versions: Versions;
  /** Fewer runs of the DAG wait than before. */
  onDecided(dag: OwnedDag): void;
}): Inputs {
  const { versions } = parts;
  const touched = new Set<OwnedDag>();
  let isLooking = false;
  let isScheduled = false;

  function specOf({ facts }: QueuedRun): InputsSpec | null {
    return versions.get(facts.dagVersionId)?.compiled.spec.inputs ?? null;
  }

  const isHeld = (dag: OwnedDag): boolean => holdsDag(parts.owner(), dag);

  function hold(dag: OwnedDag, run: QueuedRun, spec: InputsSpec): void {
    const { facts } = run;
    lineOf(dag, facts).park(facts.id, parkedBy(facts.id));
    const known = dag.inputs.waiting.get(facts.id);
    // One that a command had opened is back in its line.
    try {
      if (known === undefined || known.facts.queuedAt !== facts.queuedAt)
        dag.inputs.waiting.set(facts.id, waitingRun(facts, spec));
    } catch (error) {
      // A zone that this process does not know, say. It waits for an owner that does; the others go on.
      const { log } = parts.owner();
      log.error({ dag_id: dag.dagId, run_key: facts.id, err: error }, "inputs.unreadable");
      return;
    }
    touchDag(dag);
  }

  function touchDag(dag: OwnedDag): void {
    touched.add(dag);
    if (isScheduled || isLooking) return;
    isScheduled = true;
    // What comes in one turn of the event loop is asked about in one statement.
    setImmediate(() => {
      isScheduled = false;
      void drain();
    });
  }

  async function drain(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      for (const dag of touched) {
        touched.delete(dag);
        await lookSafely(dag);
      }
    } finally {
      isLooking = false;
    }
    const [next] = touched;
    if (next !== undefined) touchDag(next);
  }

  async function lookSafely(dag: OwnedDag): Promise<void> {
    const owner = parts.owner();
    try {
      await look(dag);
    } catch (error) {
      owner.log.warn({ dag_id: dag.dagId, err: error }, "inputs.look_failed");
      owner.clock.after(owner.settings.reloadDelayMs.max, () => {
        if (isHeld(dag)) touchDag(dag);
      });
    }
  }

  async function look(dag: OwnedDag): Promise<void> {
    if (!isHeld(dag)) return;
    const runs = forgetGone(dag);
    if (runs.length === 0) return;
    const owner = parts.owner();
    await findFor(dag, runs);
    const now = owner.dbClock.now();
    for (const run of runs)
      run.judged = judgeInputs(run.asked, foundIn(dag.inputs.found), {
        now,
        since: run.facts.queuedAt,
      });
    const ready = runs.filter((run) => run.judged?.state === "holds");
    const outdated = await outdatedBy(dag, runs, ready);
    if (!isHeld(dag)) return;
    const isOut = (run: WaitingRun): boolean =>
      outdated(run.facts) || (run.leftOutAt !== null && run.leftOutAt <= now);
    await decide(
      dag,
      ready.filter((run) => !isOut(run)),
    );
    if (!isHeld(dag)) return;
    for (const run of runs) {
      const isLate = run.timeoutAt !== null && run.timeoutAt <= now;
      if (isOut(run)) await end(dag, run.key, "left_out");
      else if (run.judged?.state !== "holds" && isLate) await end(dag, run.key, "timed_out");
      else if (dag.inputs.waiting.has(run.key)) setTimer(dag, run);
    }
    // Those that have what they wait for, and not started yet, are outdated like the others.
    for (const { facts } of dag.queued.values())
      if (facts.inputs !== null && outdated(facts)) await end(dag, facts.id, "left_out");
    parts.onDecided(dag);
  }

  /** Runs that wait still; of others, which a command ended, nothing is kept. */
  function forgetGone(dag: OwnedDag): WaitingRun[] {
    const { waiting, found } = dag.inputs;
    for (const key of waiting.keys()) if (!isQueued(dag, key)) waiting.delete(key);
    if (waiting.size === 0 || found.size > foundMax) found.clear();
    return [...waiting.values()];
  }

  async function findFor(dag: OwnedDag, runs: readonly WaitingRun[]): Promise<void> {
    const { found } = dag.inputs;
    const lacking = new Map(
      runs.flatMap((run) =>
        askedInstances(run.asked).map((instance) => [instanceKeyOf(instance), instance] as const),
      ),
    );
    for (const key of lacking.keys()) if (found.has(key)) lacking.delete(key);
    if (lacking.size === 0) return;
    for (const instance of await findInstances(parts.owner().db, [...lacking.values()]))
      found.set(instanceKeyOf(instance), instance.at);
  }

  /** With the order "last": whether a run is older than the newest one that has, or is about to get, its inputs. */
  async function outdatedBy(
    dag: OwnedDag,
    runs: readonly WaitingRun[],
    ready: readonly WaitingRun[],
  ): Promise<(facts: WaitingFacts) => boolean> {
    if (!runs.some(({ spec, facts }) => spec.order === "last" && isDated(facts)))
      return () => false;
    const dates = ready.flatMap(({ facts }) => (isDated(facts) ? [facts.logicalAt ?? 0] : []));
    const before = await newestWithInputs(parts.owner().db, dag.dagId);
    const newest = Math.max(before ?? -Infinity, ...dates);
    return (facts) => isDated(facts) && (facts.logicalAt ?? 0) < newest;
  }

  async function decide(dag: OwnedDag, ready: readonly WaitingRun[]): Promise<void> {
    if (ready.length === 0) return;
    const owner = parts.owner();
    const fence = loadedShard(owner, dag.shard);
    if (fence === null) return;
    const decisions = ready.map(({ key, judged }) => ({
      runKey: key,
      inputs: runInstancesToBytes(judged?.chosen ?? {}),
    }));
    const decided = await decideInputs(owner.db, [fence], decisions);
    if (!isHeld(dag)) return;
    for (const { key } of ready) dag.inputs.waiting.delete(key);
    for (const { runKey, inputs } of decided) {
      const line = dag.queued.has(runKey) ? dag.queued : dag.backfill?.queued;
      const run = line?.get(runKey);
      // A command has it; when it is back in its line it is found decided.
      if (line === undefined || run === undefined) continue;
      line.set(runKey, { ...run, facts: { ...run.facts, inputs } });
      line.unpark(parkedBy(runKey));
      owner.log.info({ dag_id: dag.dagId, run_key: runKey }, "inputs.given");
    }
    parts.life().startQueued(dag);
  }

  /** It never starts. */
  async function end(dag: OwnedDag, runKey: number, how: "left_out" | "timed_out"): Promise<void> {
    const owner = parts.owner();
    const waiting = dag.inputs.waiting.get(runKey);
    const run = await parts.life().open(dag, runKey);
    if (run === null || run.isGone) return;
    const at = owner.dbClock.now();
    const waitedMs = at - (waiting?.facts.queuedAt ?? at);
    const verdict =
      how === "left_out"
        ? apply(owner, run, { kind: "runLeftOut", at })
        : apply(owner, run, { kind: "inputsTimedOut", waitedMs, at });
    if (verdict.kind !== "OK") return parts.life().release(run);
    dag.inputs.waiting.delete(runKey);
    owner.log.info({ dag_id: dag.dagId, run_key: runKey, how }, "inputs.ended");
  }

  function setTimer(dag: OwnedDag, run: WaitingRun): void {
    const moments = [run.judged?.until ?? null, run.timeoutAt, run.leftOutAt];
    const known = moments.filter((at) => at !== null);
    const at = known.length === 0 ? null : Math.min(...known);
    if (run.nextAt === at) return;
    run.nextAt = at;
    if (at !== null) parts.owner().timers.add(at, { kind: "inputs", dag, runKey: run.key, at });
  }

  async function loadVersions(dag: OwnedDag, ids: readonly number[]): Promise<void> {
    const owner = parts.owner();
    try {
      await versions.load(ids);
      // What cannot be read here is set aside when it would start.
      for (const key of dag.inputs.fresh) {
        const run = queuedRun(dag, key);
        if (run !== undefined && ids.includes(run.facts.dagVersionId) && !isRead(run))
          dag.inputs.fresh.delete(key);
      }
      if (isHeld(dag)) parts.life().startQueued(dag);
    } catch (error) {
      owner.log.warn({ dag_id: dag.dagId, err: error }, "inputs.version_unread");
      owner.clock.after(owner.settings.reloadDelayMs.max, () => {
        if (isHeld(dag)) parts.life().startQueued(dag);
      });
    }
  }

  function isRead({ facts }: QueuedRun): boolean {
    return versions.get(facts.dagVersionId) !== undefined;
  }

  return {
    onQueued(dag, { facts }) {
      if (facts.inputs === null) dag.inputs.fresh.add(facts.id);
    },
    holdFresh(dag) {
      const { fresh } = dag.inputs;
      if (fresh.size === 0) return;
      const unread = new Set<number>();
      for (const key of fresh) {
        const run = queuedRun(dag, key);
        if (run !== undefined && !isRead(run)) {
          unread.add(run.facts.dagVersionId);
          continue;
        }
        fresh.delete(key);
        const spec = run === undefined ? null : specOf(run);
        if (run !== undefined && spec !== null) hold(dag, run, spec);
      }
      if (unread.size > 0) void loadVersions(dag, [...unread]);
    },
    keeps(dag, run) {
      const spec = specOf(run);
      if (spec === null) return false;
      const { facts } = run;
      if (facts.inputs === null) {
        hold(dag, run, spec);
        return true;
      }
      if (!isTooLate(facts, spec, parts.owner().dbClock.now())) return false;
      void end(dag, facts.id, "left_out").catch((error: unknown) => {
        const owner = parts.owner();
        owner.log.warn({ dag_id: dag.dagId, err: error }, "inputs.end_failed");
        // It is in its line, and nothing else may look there again.
        owner.clock.after(owner.settings.reloadDelayMs.max, () => {
          if (isHeld(dag)) parts.life().startQueued(dag);
        });
      });
      return true;
    },
    touch(dagIds) {
      const owner = parts.owner();
      for (const dagId of dagIds) {
        const dag = owner.dags.get(dagId);
        if (dag !== undefined && dag.inputs.waiting.size > 0) touchDag(dag);
      }
    },
    sweep() {
      for (const dag of parts.owner().dags.all()) if (dag.inputs.waiting.size > 0) touchDag(dag);
    },
    onDue(due) {
      if (!isDueHeld(due)) return;
      const run = due.dag.inputs.waiting.get(due.runKey);
      if (run !== undefined) run.nextAt = null;
      touchDag(due.dag);
    },
    isLive: isDueHeld,
    waitOf(dag, runKey) {
      const run = dag.inputs.waiting.get(runKey);
      if (run === undefined || run.judged === null) return null;
      return { judged: run.judged, timeoutAt: run.timeoutAt };
    },
  };

  function isDueHeld({ dag, runKey, at }: InputDue): boolean {
    return isHeld(dag) && dag.inputs.waiting.get(runKey)?.nextAt === at;
  }
}

function queuedRun(dag: OwnedDag, runKey: number): QueuedRun | undefined {
  return dag.queued.get(runKey) ?? dag.backfill?.queued.get(runKey);
}

/** In the line of its DAG nothing else has such a name: concurrency keys are JSON. */
function parkedBy(runKey: number): string {
  return `inputs ${runKey}`;
}

function waitingRun(facts: WaitingFacts, spec: InputsSpec): WaitingRun {
  return {
    ...{ key: facts.id, facts, spec, nextAt: null, judged: null },
    asked: askInputs(spec.term, inputReference(facts)),
    timeoutAt: spec.timeoutMs === null ? null : facts.queuedAt + spec.timeoutMs,
    leftOutAt: leftOutAt(facts, spec),
  };
}

/** Runs that people and backfills ask for are never left out. */
function isDated({ runType, logicalAt }: WaitingFacts): boolean {
  return runType === automated && logicalAt !== null;
}

function leftOutAt(facts: WaitingFacts, { order }: InputsSpec): number | null {
  const isBound = order === "none" && facts.runType === automated;
  return isBound ? facts.runAfter + inputLimits.noneToleranceMs : null;
}

function isTooLate(facts: WaitingFacts, spec: InputsSpec, now: number): boolean {
  const at = leftOutAt(facts, spec);
  return at !== null && at <= now;
}
