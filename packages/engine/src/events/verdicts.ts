/** The answers of `transition`, made once. */

import type { Verdict } from "../run/run.ts";

export const ok: Verdict = { kind: "OK" };
export const already: Verdict = { kind: "ALREADY" };
export const conflict: Verdict = { kind: "CONFLICT" };
export const cancelled: Verdict = { kind: "STALE", reason: "CANCELLED" };
export const finished: Verdict = { kind: "STALE", reason: "FINISHED" };
export const regranted: Verdict = { kind: "STALE", reason: "EXPIRED_AND_REGRANTED" };
/** An attempt that this history has never granted: the database was set back to a time before it. */
export const unknown: Verdict = { kind: "STALE", reason: "EPOCH" };
/** The attempt was cleared while it ran, or afterwards. */
export const cleared: Verdict = { kind: "STALE", reason: "CLEARED" };
