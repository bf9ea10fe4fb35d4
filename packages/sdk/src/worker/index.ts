/** `@millrace/sdk/worker`: runs the tasks of DAGs, and external tasks written in TypeScript. */

export { runWorker } from "./run-worker.ts";
export type { WorkerHandle } from "./run-worker.ts";
export type { ExternalHandler, WorkerOptions } from "./options.ts";
export type { ServerOptions } from "./connection.ts";
export type { WorkerLog } from "./log.ts";
