/** Names one task instance in calls. */
export type TaskRequest = { readonly runId: string; readonly taskId: string };
