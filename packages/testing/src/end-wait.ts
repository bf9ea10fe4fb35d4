/** How waits end that somebody ends. */

import type { InstanceRef } from "@millrace/engine";
import { isWaiting } from "@millrace/engine";
import { blobBytesMax, encodeValue, failureOf, lengthAt } from "@millrace/sdk/spec";
import type { MemoryRun } from "./memory-run.ts";
import type { Wait } from "./waits.ts";

/** Ends a wait with an event. Says whether it was still waited for. @throws MillraceError VALUE_INVALID, VALUE_TOO_LARGE */
export function fulfil(run: MemoryRun, ref: InstanceRef, wait: Wait, event: unknown): boolean {
  const { ix, mapIx } = ref;
  const what = `what task "${run.dag.taskIds[ix]}" waited for`;
  const value = event === undefined ? null : encodeValue(event, what, blobBytesMax);
  const lengths = run.dag.measures[ix]!.map((path) => lengthAt(event, path));
  const about = { ix, mapIx, attempt: wait.attempt, at: run.clock.now };
  const verdict = run.apply(
    { kind: "waitFulfilled", ...about, hasValue: value !== null, lengths },
    { value, mapIndexLabel: "" },
  );
  return verdict.kind === "OK";
}

/** Ends a wait with an error: `FailTask` leaves no retry. Says whether it was still waited for. */
export function failWait(run: MemoryRun, ref: InstanceRef, wait: Wait, error: unknown): boolean {
  const { ix, mapIx } = ref;
  const failure = failureOf(error, "application");
  const about = { ix, mapIx, attempt: wait.attempt, at: run.clock.now };
  return run.apply({ kind: "waitFailed", ...about, failure }).kind === "OK";
}

/** Its wait, while it waits. */
export function waitOf(run: MemoryRun, ref: InstanceRef): Wait | null {
  const { wait } = run.records.peek(ref);
  return wait !== null && isWaiting(run.engine, ref, wait.attempt) ? wait : null;
}
