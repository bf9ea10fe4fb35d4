/** Takes results of workers: each becomes an event, and is answered once what it changed is durable. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { findDeadSessions, readOutcomes, type AttemptKey } from "@millrace/db";
import {
  dagLimits,
  defaultPool,
  instanceState,
  isAwaited,
  isFinal,
  MillraceError,
  TaskState,
  type InstanceRef,
  type RunEvent,
  type Verdict,
} from "@millrace/engine";
import { failureFromProto, msOf, parseAttemptId, type AttemptRef } from "@millrace/wire";
import {
  ResultBatchSchema,
  VerdictBatchSchema,
  type DeferralRow,
  type SessionResult,
} from "@millrace/wire/internal";
import type { Result } from "@millrace/wire/worker";
import { apply, type About } from "../apply.ts";
import { outletsSaid } from "../assets/outlet-events.ts";
import { isOfCallback } from "../callbacks/delivery.ts";
import { instanceKey } from "../runs/instance-key.ts";
import { loadedShard, type Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { SlotGrantIn } from "../dispatch/slots.ts";
import type { Step } from "../flush/step.ts";
import { checkedResult } from "./success-check.ts";
import { judgeByRow, neverGranted, noVerdict, regranted, verdictMessage } from "./verdicts.ts";
import { deferralRow, engineDeferral } from "../waits/waits.ts";
import { takeWatchResult } from "../waits/watch-results.ts";

/** A result on its way to its verdict. */
type Case = {
  readonly sessionKey: number;
  result: Result;
  readonly ref: AttemptRef | null;
  /** What the engine said; null when the rows must say it. */
  verdict: Verdict | null;
  /** What must be durable before it is answered. */
  step: Step | null;
  /** It gets no verdict now and will come again. */
  isOpen: boolean;
};

/**
 * Answers a ResultBatch. A result whose shard is not owned here, or whose flush failed, gets no verdict (UNSPECIFIED):
 * nothing is lost, ask the owner again.
 *
 * @throws MillraceError OVERLOADED, before anything was taken.
 */
export async function takeResults(owner: Owner, data: Uint8Array): Promise<Uint8Array> {
  const batch = fromBinary(ResultBatchSchema, data);
  if (owner.flushes.pendingRows > owner.settings.pendingRowsMax)
    throw new MillraceError("OVERLOADED");
  const cases = batch.results.map(caseOf);
  const ofCallbacks = cases.filter(({ ref }) => isOfCallback(ref));
  for (const each of cases) if (each.ref?.of === "call") takeAnswer(owner, each, each.ref);
  const isOther = ({ ref }: Case): boolean => ref?.of === "call" || ref?.of === "asset_watch";
  const ofAssets = cases.filter(({ ref }) => ref?.of === "asset_watch");
  const attempts = cases.filter((each) => !isOther(each) && !isOfCallback(each.ref));
  await refuseStrangers(owner, attempts);
  const told = [
    ...ofCallbacks.map((each) => takeCallback(owner, each)),
    ...ofAssets.map((each) => takeAssetWatch(owner, each)),
  ];
  for (const each of attempts) takeCase(owner, each);
  owner.slots.grant(batch.apiNodeId, batch.grants.map(slotGrantIn));
  owner.pump();
  await settleSteps(attempts);
  await judge(owner, attempts);
  await Promise.all(told);
  const verdicts = cases.map(({ result, verdict, isOpen }) =>
    isOpen
      ? noVerdict(result.attemptId)
      : verdictMessage(result.attemptId, verdict ?? neverGranted),
  );
  return toBinary(VerdictBatchSchema, create(VerdictBatchSchema, { verdicts }));
}

/** What a worker says of a callback changes no run. */
async function takeCallback(owner: Owner, each: Case): Promise<void> {
  const { ref, result, sessionKey } = each;
  if (ref === null || each.verdict !== null) return;
  each.verdict = await owner.deliveries.report(sessionKey, ref, result);
  each.isOpen = each.verdict === null;
}

/** What has happened to an asset. */
async function takeAssetWatch(owner: Owner, each: Case): Promise<void> {
  const { ref, result, sessionKey } = each;
  if (ref === null || each.verdict !== null) return;
  each.verdict = await owner.assetWatchers.report(sessionKey, ref, result);
  each.isOpen = each.verdict === null;
}

/** Nothing is written: what an answer changes is up to whoever asked. */
function takeAnswer(owner: Owner, each: Case, ref: AttemptRef): void {
  if (each.verdict !== null) return;
  each.isOpen = !owner.shards.has(ref.shard);
  if (!each.isOpen) each.verdict = owner.calls.report(each.sessionKey, ref, each.result);
}

/** Its run is over. */
const watchOver: Verdict = { kind: "STALE", reason: "FINISHED" };

function takeCase(owner: Owner, each: Case): void {
  const { ref } = each;
  if (ref === null || each.verdict !== null) return;
  const { runKey } = ref;
  each.isOpen = loadedShard(owner, ref.shard) === null || owner.reloading.has(runKey);
  const run = owner.runs.get(runKey);
  if (each.isOpen) return;
  if (ref.of === "watch") {
    each.verdict = run === undefined ? watchOver : takeWatchResult(owner, run, each, ref);
    each.step = run === undefined ? null : owner.flushes.lastStep(run);
    return;
  }
  if (run === undefined) return;
  each.result = checkedResult(run.version, ref.ix, each.result);
  each.verdict = takeOne(owner, run, each.result, ref);
  each.step = owner.flushes.lastStep(run);
}

/** Waits until what the results changed is durable; those whose flush failed stay open. */
async function settleSteps(cases: readonly Case[]): Promise<void> {
  for (const each of cases) {
    if (each.step === null) continue;
    await each.step.done.promise.catch(() => {
      each.isOpen = true;
    });
  }
}

function caseOf({ sessionKey, result }: SessionResult): Case {
  if (result === undefined)
    throw new MillraceError("FIELD_INVALID", "A result is missing from a ResultBatch.");
  const ref = parseAttemptId(result.attemptId);
  const verdict = ref === null || result.outcome.case === undefined ? neverGranted : null;
  return { sessionKey: Number(sessionKey), result, ref, verdict, step: null, isOpen: false };
}

export function slotGrantIn(grant: {
  sessionKey: bigint;
  queues: string[];
  handlers: string[];
  runsBundles: boolean;
  slots: number;
  workerName: string;
}): SlotGrantIn {
  return { ...grant, sessionKey: Number(grant.sessionKey) };
}

function takeOne(
  owner: Owner,
  run: ActiveRun,
  result: Result,
  { ix, mapIx, attempt }: AttemptRef,
): Verdict | null {
  const { outcome } = result;
  const at = owner.dbClock.now();
  const deferral =
    outcome.case === "deferred"
      ? deferralRow(run.version, { ix, attempt }, outcome.value, at)
      : undefined;
  const event = eventOf(outcome, { ix, mapIx, attempt, at }, deferral);
  if (event === null) return neverGranted;
  if (deferral !== undefined && hasLostItsSlots(owner, run, { ix, mapIx })) return regranted;
  const verdict = apply(owner, run, event, aboutOf(result, deferral));
  // Of these no row has more to say. But what is over may have ended before it could wait.
  const isPlain =
    event.kind === "taskReturned" ||
    (event.kind === "taskDeferred" && !isFinal(instanceState(run.engine, ix, mapIx)));
  if (verdict.kind === "ALREADY" && isPlain) return verdict;
  // The engine knows no contents; rows do, once what is on its way has arrived.
  const isSettled = verdict.kind === "ALREADY" || verdict.kind === "CONFLICT";
  return isSettled || (verdict.kind === "STALE" && verdict.reason === "EXPIRED_AND_REGRANTED")
    ? null
    : verdict;
}

/**
 * Whether an instance, while it waited, would take slots of its pool again that it gave back when its lease was lost: others may
 * have them. Its next attempt has to defer it anew.
 */
function hasLostItsSlots(owner: Owner, run: ActiveRun, { ix, mapIx }: InstanceRef): boolean {
  const state = instanceState(run.engine, ix, mapIx);
  // After its second loss it waits for some time.
  const waits = state === TaskState.up_for_retry && isAwaited(run.engine, { ix, mapIx });
  if (state !== TaskState.scheduled && !waits) return false;
  const pool = run.version.compiled.tasks[ix]?.pool ?? defaultPool;
  return owner.pools.isCounted(pool) && owner.pools.get(pool)?.include_deferred === true;
}

function eventOf(
  outcome: Result["outcome"],
  id: {
    readonly ix: number;
    readonly mapIx: number;
    readonly attempt: number;
    readonly at: number;
  },
  row: DeferralRow | undefined,
): RunEvent | null {
  switch (outcome.case) {
    case "succeeded": {
      const { returnValue, lengths, choice } = outcome.value;
      return {
        ...{ kind: "taskSucceeded", ...id, lengths },
        hasValue: returnValue !== undefined,
        choice: choice?.cases ?? null,
      };
    }
    case "failed": {
      const failure = failureFromProto(outcome.value);
      // The worker lost the body, through no fault of it (its thread died with a neighbour): no retry is spent.
      return failure.kind === "lost"
        ? { kind: "leaseLost", ...id }
        : { kind: "taskFailed", ...id, failure };
    }
    case "skipped":
      return { kind: "taskSkipped", ...id };
    case "returned":
      return { kind: "taskReturned", ...id };
    case "rescheduled": {
      const waitMs = Math.max(0, msOf(outcome.value.after) ?? 0);
      const until = id.at + Math.min(waitMs, dagLimits.durationMs);
      return { kind: "taskRescheduled", ...id, until };
    }
    case "deferred": {
      const deferral = row === undefined ? null : engineDeferral(row);
      return deferral && { kind: "taskDeferred", ...id, deferral };
    }
    case undefined:
      return null;
  }
}

/** Whatever the outcome is, values were left under keys. */
function aboutOf({ outcome, xcoms }: Result, deferral: DeferralRow | undefined): About {
  const about: About = {
    xcoms: Object.entries(xcoms).map(([key, { data }]) => ({ key, value: data })),
    ...(deferral && { deferral }),
  };
  if (outcome.case !== "succeeded") return about;
  const { returnValue, mapIndexLabel } = outcome.value;
  const outlets = outletsSaid(outcome.value);
  return { ...about, out: returnValue?.data ?? null, mapIndexLabel, outlets };
}

async function judge(owner: Owner, cases: readonly Case[]): Promise<void> {
  const open = cases.flatMap((each) =>
    each.verdict === null && each.ref?.of === "body" && !each.isOpen
      ? [{ each, ref: each.ref }]
      : [],
  );
  const keys = open.map(({ ref }): AttemptKey => ({
    runId: ref.runKey,
    ix: ref.ix,
    mapIx: ref.mapIx,
    attempt: ref.attempt,
  }));
  const rows = await readOutcomes(owner.db, keys).catch((error: unknown) => {
    owner.log.warn({ results: keys.length, err: error }, "results.unreadable");
    for (const { each } of open) each.isOpen = true;
    return [];
  });
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  for (const { each, ref } of open) {
    const row = byKey.get(keyOf({ ...ref, runId: ref.runKey }));
    each.verdict = judgeByRow(row, each.result, ref.attempt);
    each.isOpen = each.verdict === null;
  }
}

function keyOf({ runId, ix, mapIx, attempt }: AttemptKey): string {
  return `${runId} ${ix} ${mapIx} ${attempt}`;
}

/**
 * An attempt is its session's to report on. Another session may do so once that one is dead, or when it belongs to the
 * same worker, which has opened a new one: a stranger must not end a live worker's attempt.
 */
async function refuseStrangers(owner: Owner, cases: readonly Case[]): Promise<void> {
  const strange = cases.flatMap((each) => {
    const ref = each.ref?.of === "body" ? each.ref : null;
    const run = ref === null ? undefined : owner.runs.get(ref.runKey);
    const bound = ref === null ? undefined : run?.bound.get(instanceKey(ref));
    const isOwn =
      bound === undefined || bound.attempt !== ref?.attempt || bound.sessionKey === each.sessionKey;
    return isOwn ? [] : [{ each, boundKey: bound.sessionKey }];
  });
  if (strange.length === 0) return;
  const keys = [...new Set(strange.map(({ boundKey }) => boundKey))];
  await owner.names.load(
    owner.db,
    strange.flatMap(({ each, boundKey }) => [each.sessionKey, boundKey]),
  );
  const dead = new Set((await findDeadSessions(owner.db, keys)).map(({ key }) => key));
  for (const { each, boundKey } of strange) {
    const name = owner.names.get(each.sessionKey);
    const isSameWorker = name !== "" && name === owner.names.get(boundKey);
    if (!dead.has(boundKey) && !isSameWorker)
      each.verdict = { kind: "STALE", reason: "EXPIRED_AND_REGRANTED" };
  }
}
