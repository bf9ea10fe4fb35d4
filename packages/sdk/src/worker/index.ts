/** `@millrace/sdk/worker`: runs the tasks of DAGs, and external tasks written in TypeScript. */

export { runWorker } from "./run-worker.ts";
export type { WorkerHandle } from "./start-session.ts";
export { runTriggerer } from "../triggerer/run-triggerer.ts";
export type { TriggererOptions } from "../triggerer/run-triggerer.ts";
export { fired } from "../triggerer/fired.ts";
export type { Fired } from "../triggerer/fired.ts";
export type { CustomTrigger } from "../triggerer/custom.ts";
export type { ExternalHandler, WorkerOptions } from "./options.ts";
export type { ServerOptions } from "./connection.ts";
export type { WorkerLog } from "./log.ts";
