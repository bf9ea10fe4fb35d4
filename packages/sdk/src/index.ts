/** What people write DAGs with. */

export { dag } from "./dag.ts";
export type { DagDefinition } from "./dag.ts";
export type { DagOptions } from "./dag-options.ts";
export { task } from "./task.ts";
export type { Task as TaskOf } from "./task.ts";
export type { TaskDefaults, TaskOptions } from "./task-options.ts";
export { externalTask } from "./external-task.ts";
export type { ExternalTask, ExternalTaskOptions } from "./external-task.ts";
export type { Arg } from "./carried.ts";
export type { Handle, Ref } from "./handle.ts";
export type { Ordered } from "./order.ts";
export { chain } from "./chain.ts";
export { group } from "./group.ts";
export type { GroupOptions } from "./group.ts";
export { cron } from "./schedule.ts";
export type { CronSchedule } from "./schedule.ts";
export type { Duration } from "./duration.ts";
export type { Instant } from "./instant.ts";

export { Dag, Task } from "./decorators.ts";
export type { Tasks } from "./decorators.ts";
export type { Run } from "./run-refs.ts";

export { context } from "./context.ts";
export type { TaskContext, TaskLog } from "./context.ts";
export type { RunValue } from "./run-facts.ts";
export { FailTask, SkipTask } from "./outcome.ts";

export { decodeValue, encodeValue } from "./codec.ts";
export { MillraceError, isMillraceError } from "@millrace/engine";
export { nextRuns } from "./next-runs.ts";
export type { NextRunsOptions, PlannedRun } from "./next-runs.ts";

export { Client } from "./client/client.ts";
export type { ClientOptions, TriggerOptions } from "./client/client.ts";
export type { ClientRun } from "./client/client-run.ts";
export type { CallOptions } from "./client/link.ts";
export type { DagSnapshot, RunSnapshot, RunUpdate, TaskSnapshot } from "./client/snapshots.ts";
