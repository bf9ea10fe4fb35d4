/** What a DAG says of others, as its rows have it. */

import { dependencyKinds, type DependencyWrite } from "@millrace/db";
import type { DagSpec } from "@millrace/engine";

export function dependenciesOf({ dagId, tasks }: DagSpec): DependencyWrite[] {
  return tasks.flatMap((task) => {
    const row = (kind: number, otherId: string): DependencyWrite => ({
      dag_id: dagId,
      kind,
      other_id: otherId,
      task_id: task.id,
    });
    return [
      ...task.triggersDagIds.map((other) => row(dependencyKinds.triggers, other)),
      ...task.waitsFor.map((ref) => row(dependencyKinds.waitsFor, ref.dagId)),
      ...task.marks.map((ref) => row(dependencyKinds.clears, ref.dagId)),
    ];
  });
}
