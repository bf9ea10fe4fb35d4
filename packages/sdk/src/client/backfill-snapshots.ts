/** What a client tells of backfills. */

import type { RunStateName } from "@millrace/engine";

export type BackfillSnapshot = {
  readonly id: string;
  readonly dagId: string;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly reverse: boolean;
  /** "unknown" for a state that this version does not know; such a backfill is not over. */
  readonly state: "running" | "paused" | "cancelling" | "completed" | "cancelled" | "unknown";
  readonly note: string;
  readonly createdAt: Date | null;
  readonly endedAt: Date | null;
  /** Every date counts once. */
  readonly progress: {
    readonly dates: number;
    readonly pending: number;
    readonly queued: number;
    readonly running: number;
    readonly success: number;
    readonly failed: number;
    readonly inFlight: number;
    readonly existing: number;
    readonly gone: number;
    /** An estimate, from how long its last runs took; null while there is none. */
    readonly estimatedLeftMs: number | null;
  };
};

/** A date of a backfill. */
export type BackfillDateSnapshot = {
  /** 1, 2, 3 … in the order of the backfill. */
  readonly ordinal: number;
  readonly logicalDate: Date | null;
  readonly outcome: "pending" | "made" | "rerun" | "in_flight" | "exists" | "unknown";
  readonly runId: string | null;
  readonly runState: RunStateName | "unknown" | null;
};
