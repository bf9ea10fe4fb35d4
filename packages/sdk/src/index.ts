/** What people write DAGs with. */

export { dag } from "./dag.ts";
export type { DagDefinition } from "./dag.ts";
export type { DagOptions } from "./dag-options.ts";
export { task } from "./task.ts";
export type { Task as TaskOf } from "./task.ts";
export { branch, choice } from "./branch.ts";
export type { Choice } from "./branch.ts";
export { shortCircuit, gate } from "./short-circuit.ts";
export type { Gate, ShortCircuit as ShortCircuitOf, ShortCircuitOptions } from "./short-circuit.ts";
export { sensor } from "./sensor.ts";
export type { Sensor as SensorOf, SensorOptions } from "./sensor.ts";
export { defer } from "./deferral.ts";
export type { Deferred, DeferOptions } from "./deferral.ts";
export { trigger } from "./trigger.ts";
export type {
  FileEvent,
  FileTriggerOptions,
  HttpEvent,
  HttpTriggerOptions,
  Trigger,
} from "./trigger.ts";
export type { InputAnswer, InputOptions } from "./form.ts";
export type { ParamsGivenOf, ParamsOf, ParamsSchema } from "./params.ts";
export type { DagPart, DagRef } from "./across/dag-ref.ts";
export type { EndedRun, EndState, RunsOptions } from "./across/runs-trigger.ts";
export type { TriggeredRun, TriggerRunOptions } from "./across/trigger-request.ts";
export { done } from "./answers.ts";
export type { BranchAnswer, Done, SensorAnswer } from "./answers.ts";
export { setup } from "./setup.ts";
export type { SetupOptions } from "./setup.ts";
export type { ReadableTarget, Target, TargetFor, Targets } from "./target.ts";
export type { RateLimitOption, TaskDefaults, TaskOptions } from "./task-options.ts";
export { externalTask } from "./external-task.ts";
export type { ExternalTask, ExternalTaskOptions } from "./external-task.ts";
export type { Arg } from "./carried.ts";
export type { Handle, MappedHandle, Ref } from "./handle.ts";
export { each, zip } from "./each.ts";
export type { Each, ListOf, Zipped } from "./each.ts";
export type { Ordered } from "./order.ts";
export { chain, label } from "./chain.ts";
export type { Label } from "./chain.ts";
export { group } from "./group.ts";
export type { GroupOptions } from "./group.ts";
export type { PastDecider, PastFacts, PastRun } from "./past.ts";
export { deadline } from "./deadline.ts";
export type { AverageDeadlineOptions, Deadline, DeadlineOptions, Deadlines } from "./deadline.ts";
export {
  continuous,
  cron,
  cronInterval,
  delta,
  deltaInterval,
  events,
  once,
  orTime,
  timetable,
} from "./schedule.ts";
export type {
  CronOptions,
  ScheduleOption,
  ScheduleValue,
  TimeOption,
  TimetableOptions,
} from "./schedule.ts";
export { allOf, anyOf, asset, assetAlias, atLeast } from "./asset.ts";
export type {
  Asset,
  AssetAlias,
  AssetCondition,
  AssetConditions,
  AssetOptions,
  AssetRule,
} from "./asset.ts";
export type { AssetEvent, AssetEventFilter, AssetEvents } from "./asset-events.ts";
export type {
  TimetableAnswer,
  TimetableFunction,
  TimetableInterval,
  TimetableRestriction,
} from "./timetable.ts";
export { durationMs } from "./duration.ts";
export type { Duration } from "./duration.ts";
export type { Instant } from "./instant.ts";

export { Branch, Dag, Sensor, ShortCircuit, Task } from "./decorators.ts";
export type { Tasks } from "./decorators.ts";
export type { Run } from "./run-refs.ts";

export { context } from "./context.ts";
export type { TaskContext, TaskLog } from "./context.ts";
export type { PullOptions } from "./xcom-pull.ts";
export type { RunValue } from "./run-facts.ts";
export { externalCallback, notifier } from "./callback.ts";
export type {
  Callback,
  CallbackDeadline,
  CallbackEvent,
  CallbackFunction,
  Callbacks,
  ExternalCallback,
  Notifier,
  NotifyFunction,
} from "./callback.ts";
export type { RunCallbackOptions, TaskCallbackOptions } from "./callback-options.ts";
export { FailTask, RetryTask, SkipTask } from "./outcome.ts";
export type { RetryTaskOptions } from "./outcome.ts";
export type { RetryDecision, RetryPolicy } from "./retry-policy.ts";

export { decodeValue, encodeValue } from "./codec.ts";
export { MillraceError, isMillraceError } from "@millrace/engine";
export { wiredDag } from "./wiring.ts";
export type { Wired as WiredDag } from "./wiring.ts";
export { nextRuns } from "./next-runs.ts";
export type { NextRunsOptions, PlannedRun } from "./next-runs.ts";

export { Client } from "./client/client.ts";
export type { ClientOptions, TriggerOptions } from "./client/client.ts";
export type { AssetEventSnapshot, AssetSnapshot } from "./client/asset-snapshots.ts";
export type {
  AssetWait,
  ClientAssets,
  ListAssetEventsOptions,
  ListAssetsOptions,
} from "./client/client-assets.ts";
export type { ClientRun } from "./client/client-run.ts";
export type { BackfillDateSnapshot, BackfillSnapshot } from "./client/backfill-snapshots.ts";
export type { BackfillOptions, ClientBackfill } from "./client/client-backfill.ts";
export type { CallOptions } from "./client/link.ts";
export type { DagSnapshot, RunSnapshot, RunUpdate, TaskSnapshot } from "./client/snapshots.ts";
export type {
  CallbackSnapshot,
  FormSnapshot,
  InputRef,
  InputSnapshot,
  InputStateName,
  TokenFailureOptions,
  WaitSnapshot,
} from "./client/waits.ts";
