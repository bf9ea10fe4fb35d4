/** The rules of DAG runs, pure: no input or output, no clock, no randomness. */

export { TaskState, RunState, isFinal, runStateName, taskStateName } from "./states.ts";
export type { RunStateName, TaskStateName } from "./states.ts";
export { MillraceError, isMillraceError, reasons } from "./errors.ts";
export type { ReasonInfo, ReasonName } from "./errors.ts";
export type { DagSpec, EpochMs, GroupSpec, Schedule, TaskSpec } from "./spec.ts";

export { dagLimits } from "./dag-limits.ts";
export type { Problem } from "./problems.ts";
export { validateDagSpec } from "./validate.ts";
export { compileDag } from "./graph.ts";
export type { CompiledDag } from "./graph.ts";

export { clearEffects, createRun, isRunFinal, newEffects, taskStateOf } from "./run.ts";
export type {
  Change,
  Effects,
  Failure,
  Run,
  RunEvent,
  RunRow,
  TaskRow,
  Timer,
  Verdict,
} from "./run.ts";
export { transition } from "./transition.ts";
export { restoreRun } from "./restore.ts";
export { retryDelayMs } from "./retry.ts";
export type { RetrySeed } from "./retry.ts";
export { lossesMax } from "./failures.ts";
export { executionTimeoutGraceMs } from "./attempt.ts";
export { cancelTimeoutMs } from "./cancel.ts";

export { admit, admitRun, explain } from "./admission.ts";
export type { Limits, Slots } from "./limits.ts";
export { noOwner } from "./reasons.ts";
export type { Reason, ReasonKind } from "./reasons.ts";

export { lastFire, nextFire, nextRuns } from "./timetable.ts";
export type { NextRunsOptions, PlannedRun } from "./timetable.ts";
export { runName } from "./run-name.ts";
export type { RunTypeName } from "./run-name.ts";
export { shardCount, shardOf } from "./shard.ts";
