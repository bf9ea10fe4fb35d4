/** Tasks that wait for other DAGs, as others see them. */

import type { ExternalFound, ExternalWait, InstanceRef } from "@millrace/engine";
import type { ActiveRun } from "../runs/run.ts";

/** One task instance that waits for runs of another DAG. */
export type WaitEntry = InstanceRef & {
  /** Changes when the run has been read again. */
  run: ActiveRun;
  readonly attempt: number;
  readonly wait: ExternalWait;
  /** What the last look found; null before the first. */
  found: ExternalFound | null;
};

export type ExternalWaits = {
  /** Looks for what an instance waits for, if that is another DAG, now and whenever something of that DAG has ended. */
  begin(run: ActiveRun, ref: InstanceRef): void;
  /** A run is in memory again: what it does not wait for any more is over, and all else is looked for. */
  attach(run: ActiveRun): void;
  /** The wait is over. */
  end(run: ActiveRun, ref: InstanceRef): void;
  /** What the last look found; null when there was none. */
  foundOf(run: ActiveRun, ref: InstanceRef): ExternalFound | null;
  /** Looks once more, for people who ask. */
  look(run: ActiveRun, ref: InstanceRef): Promise<void>;
  /** Something of these DAGs has ended. */
  ring(dagIds: readonly string[]): void;
  /** Says again which DAGs are waited for, and looks: somebody else may own them now. */
  announce(): void;
  /** The run will not come back into memory here. */
  forget(runKey: number): void;
  dropShards(shards: ReadonlySet<number>): void;
  stop(): void;
};
