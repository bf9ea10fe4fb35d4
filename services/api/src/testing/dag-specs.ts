/** Small DAG specs for tests. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { DagSpecSchema, TaskKind, type DagSpec } from "@millrace/wire/v1";

/** A chain of external tasks: each waits for the one before. */
export function chainSpec(
  dagId: string,
  taskIds: readonly string[],
  more: MessageInitShape<typeof DagSpecSchema> = {},
): DagSpec {
  return create(DagSpecSchema, {
    dagId,
    file: `${dagId}.ts`,
    source: `// ${dagId}`,
    tasks: taskIds.map((taskId) => ({
      taskId,
      kind: TaskKind.EXTERNAL,
      handler: "test",
      args: new TextEncoder().encode("[]"),
    })),
    edges: taskIds
      .slice(1)
      .map((toTaskId, index) => ({ fromTaskId: taskIds[index] ?? "", toTaskId })),
    ...more,
  });
}

let serial = 0;

/** A request id that no other call has. */
export function requestId(): string {
  serial += 1;
  return `test-${serial}`;
}
