/** `@millrace/worker`: a process that compiles a DAG folder, loads bundles and runs the SDK's worker. */

export { startWorker } from "./start.ts";
export type { StartedWorker, StartWorkerOptions, WorkerAccess } from "./start.ts";
