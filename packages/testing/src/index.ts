/** Runs DAGs in memory, for tests. */

export { runDag } from "./run-dag.ts";
export { startDag } from "./start-dag.ts";
export { after, defers, fail, lost, ok, skip } from "./outcomes.ts";
export type { RunDagOptions, StartDagOptions } from "./run-options.ts";
export type { StartedRun } from "./start-dag.ts";
export type { Outcome, OutcomeOrFunction, Outcomes } from "./outcomes.ts";
export type { AwaitedTask, WaitEvent, WaitEvents } from "./events.ts";
export type { AnswerOptions } from "./bring.ts";
export type { Handlers } from "./bodies.ts";
export type { CallbackResult, DeadlineResult, RunResult, TaskResult } from "./result.ts";
export type {
  ChangedTask,
  ClearOptions,
  MarkOptions,
  RunOutcome,
  TaskChoice,
  TaskOutcome,
} from "./people.ts";
export type { TriggeredResult } from "./triggered-result.ts";
export type { GivenAssetEvent, MadeAssetEvent } from "./asset-events.ts";
export type { LogLine } from "./records.ts";
