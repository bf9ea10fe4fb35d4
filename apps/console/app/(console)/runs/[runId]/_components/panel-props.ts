import type { DagSpec } from "@millrace/wire/v1";
import type { Change } from "../../../../../lib/changes.ts";
import type { Choosing } from "../../../../../lib/choosing.ts";
import type { RunLive } from "../../../../../lib/run-live.ts";

/** What every panel about a task is given. */
export type PanelProps = {
  readonly live: RunLive;
  /** Null while it is read. */
  readonly spec: DagSpec | null;
  readonly taskId: string;
  readonly choosing: Choosing;
  readonly onChange: (change: Change) => void;
  readonly onClose: () => void;
};
