/** Spreads runs that are due at the same moment over a time. */

import { sha1 } from "../events/sha1.ts";
import type { EpochMs } from "../spec/spec.ts";

/** How long after `at` a run of the DAG begins: from 0 up to, without, `jitterMs`, and the same in every process. */
export function jitterAt(dagId: string, at: EpochMs, jitterMs: number): number {
  if (jitterMs < 1) return 0;
  return Number(sha1(`${dagId}#${at}`) % BigInt(Math.floor(jitterMs)));
}
