import type { DagRun } from "@millrace/wire/v1";
import type { Change, ChangeTarget } from "../../../../../lib/changes.ts";
import type { InstanceKey } from "../../../../../lib/choosing.ts";

/** Some task instances of a run, or with no keys all of it. */
export function targetOf(run: DagRun, keys: readonly InstanceKey[]): ChangeTarget {
  return {
    runId: run.runId,
    runName: run.runName,
    keys,
    hasLogicalDate: run.logicalDate !== undefined,
  };
}

/** A change of these task instances of a run. */
export function changeOf(
  kind: Change["kind"],
  {
    run,
    keys,
    subject,
  }: {
    readonly run: DagRun;
    readonly keys: readonly InstanceKey[];
    readonly subject: string;
  },
): Change {
  return { kind, targets: [targetOf(run, keys)], subject };
}
