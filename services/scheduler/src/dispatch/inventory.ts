/** Compares what a session says it runs with what is bound to it, and gives back what it has lost. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { instanceState, isAwaited, slotOf, TaskState, type Verdict } from "@millrace/engine";
import { parseAttemptId, type AttemptRef } from "@millrace/wire";
import { InventorySchema, InventoryVerdictsSchema } from "@millrace/wire/internal";
import type { Verdict as VerdictMessage } from "@millrace/wire/worker";
import { apply } from "../apply.ts";
import { attemptIdFor } from "./assignment.ts";
import { isOfCallback } from "../callbacks/delivery.ts";
import { dispatch } from "./dispatch.ts";
import { loadedShard, type Owner } from "../owner.ts";
import type { Bound } from "../runs/run.ts";
import type { Step } from "../flush/step.ts";
import {
  cancelVerdict,
  finished,
  noVerdict,
  regranted,
  verdictMessage,
} from "../results/verdicts.ts";

/** Answers an Inventory: verdicts on attempts that must stop. What it gives back is durable by then. */
export async function takeInventory(owner: Owner, data: Uint8Array): Promise<Uint8Array> {
  const { sessionKey, attemptIds, hasEnded } = fromBinary(InventorySchema, data);
  const key = Number(sessionKey);
  const verdicts: VerdictMessage[] = [];
  if (hasEnded) {
    await endSession(owner, key);
  } else {
    const named = new Set(attemptIds);
    const steps = loseMissing(owner, key, named);
    for (const attemptId of named) {
      const verdict = verdictOn(owner, attemptId, key);
      if (verdict !== null) verdicts.push(verdict);
    }
    await Promise.all(steps.map((step) => step.done.promise));
  }
  return toBinary(InventoryVerdictsSchema, create(InventoryVerdictsSchema, { verdicts }));
}

/** Gives back everything that a session ran. Its slots are worth nothing from now on. */
export async function endSession(owner: Owner, sessionKey: number): Promise<void> {
  owner.slots.endSession(sessionKey);
  for (const work of owner.sideWork) work.endSession(sessionKey);
  const steps = lose(owner, owner.bindings.of(sessionKey));
  await Promise.all(steps.map((step) => step.done.promise));
}

/** Attempts that the worker does not know of: their assignment or their worker thread was lost. */
function loseMissing(owner: Owner, sessionKey: number, named: ReadonlySet<string>): Step[] {
  const missing: Bound[] = [];
  const untold: Bound[] = [];
  const now = owner.clock.monotonicMs();
  for (const bound of owner.bindings.of(sessionKey)) {
    if (named.has(attemptIdFor(bound))) {
      bound.misses = 0;
      bound.isTold = true;
    } else if (!bound.isTold) {
      untold.push(bound);
    } else if (now - bound.missedAtMs >= owner.settings.inventoryGapMs) {
      bound.misses += 1;
      bound.missedAtMs = now;
      // The first time it may have been on its way, there or back.
      if (bound.misses >= owner.settings.inventoryMissesMax) missing.push(bound);
    }
  }
  tellAgain(owner, untold);
  const session = owner.slots.session(sessionKey);
  const steps = lose(owner, missing);
  let lost = missing.length;
  for (const work of owner.sideWork) lost += work.loseMissing(sessionKey, named);
  if (session !== undefined && lost > 0) {
    owner.outbox.returnSlots(session.apiNodeId, sessionKey, lost);
  }
  return steps;
}

/**
 * The owner before may have died between writing a grant and sending it. The same attempt is sent, for a worker that has
 * it after all knows it by its id; to give it back here would let it run twice.
 */
function tellAgain(owner: Owner, untold: readonly Bound[]): void {
  const loaded = untold.filter(({ run }) => loadedShard(owner, run.shard) !== null);
  for (const bound of loaded) bound.isTold = true;
  // What is being cancelled or cleared and never began is lost two inventories later.
  const wanted = loaded.filter(
    ({ run, ix, mapIx }) =>
      !run.engine.cancelRequested && instanceState(run.engine, ix, mapIx) === TaskState.running,
  );
  if (wanted.length === 0) return;
  owner.log.info(
    { session: wanted[0]?.sessionKey, attempts: wanted.length },
    "attempts.sent_again",
  );
  dispatch(owner, wanted);
}

function lose(owner: Owner, all: Iterable<Bound>): Step[] {
  const steps = new Set<Step>();
  let count = 0;
  for (const { run, ix, mapIx, attempt, sessionKey } of all) {
    if (loadedShard(owner, run.shard) === null) continue;
    const at = owner.dbClock.now();
    const verdict = apply(owner, run, { kind: "leaseLost", ix, mapIx, attempt, at });
    // What was cleared while it ran begins anew now.
    const hasEnded =
      verdict.kind === "OK" || (verdict.kind === "STALE" && verdict.reason === "CLEARED");
    if (!hasEnded) continue;
    count += 1;
    owner.log.info(
      { run_key: run.key, ix, map_ix: mapIx, attempt, session: sessionKey },
      "lease.lost",
    );
    const step = owner.flushes.lastStep(run);
    if (step !== null) steps.add(step);
  }
  if (count > 0) owner.pump();
  return [...steps];
}

/** Null when the attempt may go on. */
function verdictOn(owner: Owner, attemptId: string, sessionKey: number): VerdictMessage | null {
  const ref = parseAttemptId(attemptId);
  if (ref === null) return verdictMessage(attemptId, { kind: "STALE", reason: "EPOCH" });
  if (ref.of === "call") {
    const verdict = owner.shards.has(ref.shard) ? owner.calls.verdictOn(sessionKey, ref) : null;
    return verdict && verdictMessage(attemptId, verdict);
  }
  if (loadedShard(owner, ref.shard) === null || owner.reloading.has(ref.runKey)) {
    return noVerdict(attemptId);
  }
  if (ref.of === "asset_watch") {
    const verdict = owner.assetWatchers.verdictOn(sessionKey, ref);
    return verdict && verdictMessage(attemptId, verdict);
  }
  if (ref.of === "watch") {
    const verdict = owner.watches.verdictOn(sessionKey, owner.runs.get(ref.runKey), ref);
    return verdict && verdictMessage(attemptId, verdict);
  }
  if (isOfCallback(ref)) {
    const verdict = owner.deliveries.verdictOn(sessionKey, ref, attemptId);
    return verdict && verdictMessage(attemptId, verdict);
  }
  const stale = staleness(owner, ref);
  if (stale === "stopping") return cancelVerdict(attemptId);
  return stale === null ? null : verdictMessage(attemptId, stale);
}

function staleness(
  owner: Owner,
  { runKey, ix, mapIx, attempt }: AttemptRef,
): Verdict | "stopping" | null {
  const run = owner.runs.get(runKey);
  const slot = run === undefined ? -1 : slotOf(run.engine, ix, mapIx);
  if (run === undefined || slot < 0) return finished;
  if (attempt < (run.engine.instances.attempt[slot] ?? 0)) return regranted;
  const state = instanceState(run.engine, ix, mapIx);
  // Its result is wanted: it says that the body has stopped.
  if (state === TaskState.restarting) return "stopping";
  if (run.engine.cancelRequested && state === TaskState.running) return "stopping";
  if (state === TaskState.none) return { kind: "STALE", reason: "CLEARED" };
  // Given back and granted to nobody else yet: its result is still welcome.
  return isAwaited(run.engine, { ix, mapIx }) ? null : finished;
}
