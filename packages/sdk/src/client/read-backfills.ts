/** From messages about backfills to what the client gives its users. */

import { MillraceError, runStateName, type RunState, type RunStateName } from "@millrace/engine";
import { epochMsOf, msOf } from "@millrace/wire";
import {
  BackfillDateOutcome,
  BackfillState,
  type Backfill,
  type BackfillDate,
} from "@millrace/wire/v1";
import type { BackfillDateSnapshot, BackfillSnapshot } from "./backfill-snapshots.ts";
import { dateOf } from "./read-messages.ts";

const states: Partial<Record<BackfillState, BackfillSnapshot["state"]>> = {
  [BackfillState.RUNNING]: "running",
  [BackfillState.PAUSED]: "paused",
  [BackfillState.CANCELLING]: "cancelling",
  [BackfillState.COMPLETED]: "completed",
  [BackfillState.CANCELLED]: "cancelled",
};

const outcomes: Partial<Record<BackfillDateOutcome, BackfillDateSnapshot["outcome"]>> = {
  [BackfillDateOutcome.PENDING]: "pending",
  [BackfillDateOutcome.MADE]: "made",
  [BackfillDateOutcome.RERUN]: "rerun",
  [BackfillDateOutcome.IN_FLIGHT]: "in_flight",
  [BackfillDateOutcome.EXISTS]: "exists",
};

export function readBackfill(backfill: Backfill | undefined): BackfillSnapshot {
  if (backfill === undefined)
    throw new MillraceError("INTERNAL", "the server answered without a backfill");
  const { backfillId, dagId, reverse, note, state, progress } = backfill;
  return {
    ...{ id: backfillId, dagId, reverse, note, state: states[state] ?? "unknown" },
    from: dateOf(backfill.fromDate),
    to: dateOf(backfill.toDate),
    createdAt: dateOf(backfill.createdAt),
    endedAt: dateOf(backfill.endedAt),
    progress: {
      dates: progress?.dates ?? 0,
      pending: progress?.pending ?? 0,
      queued: progress?.queued ?? 0,
      running: progress?.running ?? 0,
      success: progress?.success ?? 0,
      failed: progress?.failed ?? 0,
      inFlight: progress?.inFlight ?? 0,
      existing: progress?.existing ?? 0,
      gone: progress?.gone ?? 0,
      estimatedLeftMs: msOf(progress?.estimatedLeft),
    },
  };
}

export function readBackfillDate(date: BackfillDate): BackfillDateSnapshot {
  const at = epochMsOf(date.logicalDate);
  const state: RunStateName | undefined = runStateName(date.runState as RunState);
  return {
    ordinal: date.ordinal,
    logicalDate: at === null ? null : new Date(at),
    outcome: outcomes[date.outcome] ?? "unknown",
    runId: date.runId === "" ? null : date.runId,
    runState: date.runState === 0 ? null : (state ?? "unknown"),
  };
}
