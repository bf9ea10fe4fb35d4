/** After a failed flush: forgets what memory says of its runs, and reads them again. */

import { barFlush, type ShardFence } from "@millrace/db";
import { isMillraceError } from "@millrace/engine";
import { announceAllPending } from "../assets/announce.ts";
import { loadDeliveries } from "../callbacks/load.ts";
import { pause } from "../clock.ts";
import { dispatch } from "../dispatch/dispatch.ts";
import type { FlushFailure } from "../flush/flush-loop.ts";
import { ownsDag } from "../owner.ts";
import { instanceKey } from "./instance-key.ts";
import { loadRuns, type LoadParts } from "./load.ts";
import type { ActiveRun } from "./run.ts";
import { hasEvent, type Grant, type Step } from "../flush/step.ts";

export type Reloader = {
  /** Takes the runs of failed steps out of memory, and brings them back from their rows. */
  reload(steps: readonly Step[], failure: FlushFailure): void;
};

export type ReloaderParts = LoadParts & {
  /** Whether shards are still held must be looked up first. */
  verifyLease(): Promise<void>;
  /** A run is back; its DAG's queued runs may start. */
  onReloaded(runs: readonly ActiveRun[]): void;
};

/** A flush that failed. */
type Failed = {
  readonly failure: FlushFailure;
  readonly steps: readonly Step[];
  /** As their shards were held then. */
  readonly fences: readonly ShardFence[];
  /** Those of its runs that are read again. */
  readonly runs: readonly ActiveRun[];
  readonly grants: readonly Grant[];
  readonly back: PromiseWithResolvers<void>;
};

export function createReloader(parts: () => ReloaderParts): Reloader {
  async function bringBack(failed: Failed): Promise<void> {
    const { owner } = parts();
    const { failure, steps, runs, grants, back } = failed;
    if (failure.kind === "fenced") await untilDone(() => parts().verifyLease(), runs);
    if (isUnanswered(failure)) await untilDone(() => bar(failed), runs);
    await untilDone(() => loadRuns(parts(), runs.filter(isHeld)), runs);
    for (const run of runs) {
      if (owner.reloading.get(run.key) === back.promise) owner.reloading.delete(run.key);
      parts().life.endAbsence(run);
    }
    back.resolve();
    // At once: what is granted from now on may look like what was granted then, and is not written yet.
    sendOrFree([...grants, ...runs.flatMap(takeUnsent)]);
    // The flush may have been written: what it called for as well.
    await untilDone(() => loadCallbacks(runs.filter(isHeld)), runs);
    if (steps.some(makesAssetEvents)) await announceAllPending(owner);
    parts().onReloaded(runs.filter(isHeld));
  }

  /** Nothing of a flush without an answer comes after this: what is read of its runs stays true. */
  async function bar({ steps, fences }: Failed): Promise<void> {
    const shards = new Set(fences.map(({ shard }) => shard));
    const events = steps
      .filter((step) => hasEvent(step) && shards.has(step.run.shard))
      .map(({ run, seq }) => ({ runId: run.key, seq }));
    try {
      if (events.length > 0) await barFlush(parts().owner.db, fences, events);
    } catch (error) {
      // Its shard has had another epoch since: it cannot be written any more.
      if (!isMillraceError(error) || error.reason !== "NOT_OWNER") throw error;
    }
  }

  function fencesOf(steps: readonly Step[]): ShardFence[] {
    return [...new Set(steps.map(({ run }) => run.shard))].flatMap((shard) => {
      const held = parts().owner.shards.get(shard);
      return held === undefined ? [] : [{ shard, epoch: held.epoch }];
    });
  }

  function loadCallbacks(runs: readonly ActiveRun[]): Promise<void> {
    const shards = new Set(runs.map((run) => run.shard));
    const keys = runs.map((run) => run.key);
    return loadDeliveries(parts(), [...shards], keys);
  }

  function takeUnsent({ key }: ActiveRun): Grant[] {
    const { unsent } = parts().owner;
    const grants = unsent.get(key) ?? [];
    unsent.delete(key);
    return grants;
  }

  /** A shard that was lost and taken again has been read since: nothing of before is to be done for its runs. */
  function isHeld({ dag }: ActiveRun): boolean {
    return ownsDag(parts().owner, dag);
  }

  /** Tries until it works or none of the runs is this node's any more. */
  async function untilDone(what: () => Promise<void>, runs: readonly ActiveRun[]): Promise<void> {
    const { owner } = parts();
    let delayMs = owner.settings.reloadDelayMs.first;
    while (runs.some(isHeld)) {
      try {
        return await what();
      } catch (error) {
        owner.log.warn({ runs: runs.length, err: error }, "runs.reload_failed");
      }
      const ms = delayMs;
      await pause(owner.clock, ms);
      delayMs = Math.min(delayMs * 2, owner.settings.reloadDelayMs.max);
    }
  }

  /** A flush whose answer was lost may have been written: its grants are sent then; the others' slots are free again. */
  function sendOrFree(grants: readonly Grant[]): void {
    const { owner } = parts();
    freeSlots(grants);
    for (const grant of grants) {
      const run = boundTo(grant);
      if (run !== null && isHeld(grant.run)) dispatch(owner, [{ ...grant, run }]);
    }
    owner.pump();
  }

  /**
   * Should the shard have been lost, and be here again, and the flush have been written, the rows told so, and the next
   * inventory brings the assignment; what looks the same may be granted anew.
   */
  function freeSlots(grants: readonly Grant[]): void {
    for (const grant of grants)
      if (boundTo(grant) === null) parts().owner.slots.putBack(grant.sessionKey);
  }

  /** The run as it is in memory now, when the attempt is its session's there. */
  function boundTo(grant: Grant): ActiveRun | null {
    const run = parts().owner.runs.get(grant.run.key);
    const bound = run?.bound.get(instanceKey(grant));
    const isBound = bound?.attempt === grant.attempt && bound.sessionKey === grant.sessionKey;
    return isBound ? run! : null;
  }

  /** Whether the run may be tried again. Some rows can never be written: such a run must not loop for ever. */
  function mayTryAgain(run: ActiveRun, failure: FlushFailure): boolean {
    const { owner } = parts();
    if (failure.kind !== "refused" && failure.kind !== "diverged") return true;
    const failures = (owner.failures.get(run.key) ?? 0) + 1;
    owner.failures.set(run.key, failures);
    if (failures < owner.settings.flushFailuresMax) return true;
    owner.log.error({ run_key: run.key, dag_id: run.dagId, failures }, "run.set_aside");
    return false;
  }

  return {
    reload(steps, failure) {
      const { owner, life } = parts();
      const runs = [...new Set(steps.map((step) => step.run))].filter((run) => !run.isGone);
      const grants = steps.flatMap((step) => (runs.includes(step.run) ? step.grants : []));
      freeSlots(steps.flatMap((step) => (runs.includes(step.run) ? [] : step.grants)));
      const again = runs.filter((run) => mayTryAgain(run, failure));
      for (const run of runs) {
        if (again.includes(run)) life.suspend(run);
        else life.drop(run);
      }
      for (const run of runs) {
        if (again.includes(run)) continue;
        owner.watches.forget(run.key);
        owner.externals.forget(run.key);
      }
      const back = Promise.withResolvers<void>();
      for (const run of again) owner.reloading.set(run.key, back.promise);
      const failed = { failure, steps, fences: fencesOf(steps), runs: again, grants, back };
      bringBack(failed).catch((error: unknown) => {
        owner.log.error({ runs: again.map((run) => run.key), err: error }, "runs.reload_broken");
      });
    },
  };
}

function isUnanswered(failure: FlushFailure): boolean {
  if (failure.kind !== "unavailable") return false;
  const { error } = failure;
  return !isMillraceError(error) || error.metadata["outcome"] !== "none";
}

/** Whether it would have told, once written, that DAGs have events of assets. */
function makesAssetEvents({ records }: Step): boolean {
  return [...records.values()].some(({ assetEvents }) => assetEvents.length > 0);
}
