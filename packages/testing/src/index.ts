/** Runs DAGs in memory, for tests. */

export { runDag } from "./run-dag.ts";
export type { RunDagOptions } from "./run-dag.ts";
export type { RunResult, TaskResult } from "./result.ts";
export type { LogLine } from "./run-body.ts";
