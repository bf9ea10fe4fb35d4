/** One run at a time for each concurrency key of a DAG. */

import type { ConcurrencyKey } from "@millrace/engine";
import { runIdOf } from "@millrace/wire";
import { keyOfRun } from "./key-of-run.ts";
import type { ActiveRun, OwnedDag, Version } from "../runs/run.ts";
import { putIn } from "../map-of-sets.ts";

/** Notes that a run has its key from now on; again changes nothing. */
export function takeKey({ concurrencyKey, dag, key }: ActiveRun): void {
  if (concurrencyKey !== null) putIn(dag.keys, concurrencyKey, key);
}

/** A run is over, or does not start after all: when nobody has its key, the next that waits for that may start. */
export function leaveKey({ concurrencyKey, dag, key }: ActiveRun): void {
  if (concurrencyKey === null) return;
  const holders = dag.keys.get(concurrencyKey);
  holders?.delete(key);
  if (holders !== undefined && holders.size > 0) return;
  dag.keys.delete(concurrencyKey);
  const line = linesOf(dag).find((each) => each.parkedBy(concurrencyKey).length > 0);
  line?.unpark(concurrencyKey);
}

/** Runs of a backfill wait in a line of their own, behind the others. */
function linesOf({ queued, backfill }: OwnedDag): OwnedDag["queued"][] {
  return backfill === null ? [queued] : [queued, backfill.queued];
}

/**
 * What is to be done about a run that is about to start; the keys of runs to cancel, it itself among them perhaps.
 *
 * @param gives whether a run that has the key gives it to this one
 */
export function turnOf(
  dag: OwnedDag,
  runKey: number,
  { version, params }: { readonly version: Version; readonly params: Uint8Array },
  gives: (holder: number) => boolean,
): { readonly isFree: boolean; readonly cancel: readonly number[] } {
  const key = keyOfRun(version.compiled.spec, params);
  const holders = key === null ? [] : [...(dag.keys.get(key) ?? [])];
  if (key === null || holders.every(gives)) return { isFree: true, cancel: [] };
  const rule: ConcurrencyKey["whenBusy"] =
    version.compiled.spec.concurrencyKey?.whenBusy ?? "queue";
  const lines = linesOf(dag);
  const before = lines.flatMap((line) => line.parkedBy(key));
  lines.find((line) => line.has(runKey))?.park(runKey, key);
  if (rule === "cancel_newest") return { isFree: false, cancel: [runKey] };
  return { isFree: false, cancel: rule === "cancel_oldest" ? [...holders, ...before] : [] };
}

/** The runs that have the key for which a run waits. */
export function keyHoldersOf(dag: OwnedDag, runKey: number): string[] {
  const key =
    linesOf(dag)
      .map((line) => line.keyOf(runKey))
      .find((each) => each !== null) ?? null;
  return key === null ? [] : [...(dag.keys.get(key) ?? [])].map(runIdOf);
}
