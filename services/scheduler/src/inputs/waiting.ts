/** Runs that wait for inputs, as the rest of the scheduler sees them. */

import type { EpochMs, InputsWait } from "@millrace/engine";
import type { OwnedDag, QueuedRun } from "../runs/run.ts";

/** Something to be looked at again. */
export type InputDue = {
  readonly kind: "inputs";
  readonly dag: OwnedDag;
  readonly runKey: number;
  readonly at: EpochMs;
};

export type Inputs = {
  /** A run joined its DAG's line. */
  onQueued(dag: OwnedDag, run: QueuedRun): void;
  /** Before runs of a DAG are started: parks those that wait. */
  holdFresh(dag: OwnedDag): void;
  /** Whether a run that is about to start has to wait, or is left out: then it is seen to. */
  keeps(dag: OwnedDag, run: QueuedRun): boolean;
  /** Events of assets that these DAGs wait for may have come. Others are passed over. */
  touch(dagIds: Iterable<string>): void;
  /** Looks at every DAG whose runs wait, in case a doorbell was lost. */
  sweep(): void;
  onDue(due: InputDue): void;
  isLive(due: InputDue): boolean;
  /** What a queued run waits for; null when it waits for nothing, or was not looked at yet. */
  waitOf(dag: OwnedDag, runKey: number): InputsWait | null;
};

/** Runs in the line of a DAG, its backfill's left out, that wait for inputs: they take no place of max_active_runs. */
export function waitingRuns({ inputs, queued }: Pick<OwnedDag, "inputs" | "queued">): number {
  let count = 0;
  for (const key of inputs.waiting.keys()) if (queued.has(key)) count += 1;
  return count;
}
