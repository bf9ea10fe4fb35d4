/** Names one task instance in calls. Left out, the index means a task that is not mapped, or all of a mapped one. */
export type TaskRequest = {
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex?: number;
};

/** As people read it. */
export function instanceName({ taskId, mapIndex }: Omit<TaskRequest, "runId">): string {
  return mapIndex === undefined ? taskId : `${taskId} [${mapIndex}]`;
}
