/** What a test is told of the runs of other DAGs that tasks asked for. */

import type { RunStateName } from "@millrace/engine";

/** A run that a task asked for. */
export type TriggeredResult = {
  readonly dagId: string;
  readonly runId: string;
  /** Null for a task that is not mapped. */
  readonly mapIndex: number | null;
  readonly taskId: string;
  readonly params: unknown;
  readonly logicalDate: Date | null;
  readonly note: string;
  /** How it ended; "queued" for one of a DAG that is not among the option `dags`. */
  readonly state: RunStateName;
};
