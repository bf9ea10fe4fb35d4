/** What people write DAGs with. */

export { dag } from "./dag/dag.ts";
export type { DagDefinition } from "./dag/dag.ts";
export type { DagOptions } from "./dag/dag-options.ts";
export { task } from "./task/task.ts";
export type { Task as TaskOf } from "./task/task.ts";
export { branch, choice } from "./task/branch.ts";
export type { Choice } from "./task/branch.ts";
export { shortCircuit, gate } from "./task/short-circuit.ts";
export type {
  Gate,
  ShortCircuit as ShortCircuitOf,
  ShortCircuitOptions,
} from "./task/short-circuit.ts";
export { sensor } from "./task/sensor.ts";
export type { Sensor as SensorOf, SensorOptions } from "./task/sensor.ts";
export { defer } from "./waiting/deferral.ts";
export type { Deferred, DeferOptions } from "./waiting/deferral.ts";
export { trigger } from "./waiting/trigger.ts";
export type {
  FileEvent,
  FileTriggerOptions,
  HttpEvent,
  HttpTriggerOptions,
  Trigger,
} from "./waiting/trigger.ts";
export type { InputAnswer, InputOptions } from "./waiting/form.ts";
export type { ParamsGivenOf, ParamsOf, ParamsSchema } from "./dag/params.ts";
export type { DagPart, DagRef } from "./across/dag-ref.ts";
export type { EndedRun, EndState, RunsOptions } from "./across/runs-trigger.ts";
export type { TriggeredRun, TriggerRunOptions } from "./across/trigger-request.ts";
export { done } from "./task/answers.ts";
export type { BranchAnswer, Done, SensorAnswer } from "./task/answers.ts";
export { setup } from "./task/setup.ts";
export type { SetupOptions } from "./task/setup.ts";
export type { ReadableTarget, Target, TargetFor, Targets } from "./task/target.ts";
export type { RateLimitOption, TaskDefaults, TaskOptions } from "./task/task-options.ts";
export { externalTask } from "./task/external-task.ts";
export type { ExternalTask, ExternalTaskOptions } from "./task/external-task.ts";
export type { Arg } from "./wiring/carried.ts";
export type { Handle, MappedHandle, Ref } from "./wiring/handle.ts";
export { each, zip } from "./task/each.ts";
export type { Each, ListOf, Zipped } from "./task/each.ts";
export type { Ordered } from "./wiring/order.ts";
export { chain, label } from "./task/chain.ts";
export type { Label } from "./task/chain.ts";
export { group } from "./task/group.ts";
export type { GroupOptions } from "./task/group.ts";
export type { PastDecider, PastFacts, PastRun } from "./dag/past.ts";
export { deadline } from "./dag/deadline.ts";
export type {
  AverageDeadlineOptions,
  Deadline,
  DeadlineOptions,
  Deadlines,
} from "./dag/deadline.ts";
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
} from "./dag/schedule.ts";
export type {
  CronOptions,
  ScheduleOption,
  ScheduleValue,
  TimeOption,
  TimetableOptions,
} from "./dag/schedule.ts";
export { anyOf, asset, assetAlias, assetNamed, atLeast } from "./assets/asset.ts";
export type {
  Asset,
  AssetAlias,
  AssetCondition,
  AssetConditions,
  AssetOptions,
  AssetRule,
} from "./assets/asset.ts";
export { allOf, combine, dated, firstOf, instances, latest } from "./dag/inputs.ts";
export type {
  DatedAsset,
  DatedOptions,
  EnoughOptions,
  Inputs,
  InputTerm,
  InstancesOptions,
  LatestOptions,
  NamedInputs,
} from "./dag/inputs.ts";
export {
  allowedKeys,
  byPartition,
  chainOf,
  fanOut,
  fixedKey,
  productOf,
  rollup,
  sameKey,
  toDay,
  toHour,
  toMonth,
  toQuarter,
  toWeek,
  toYear,
} from "./assets/partition.ts";
export type {
  ByPartitionOptions,
  KeyDateOptions,
  KeyMapper,
  KeyWindowOptions,
} from "./assets/partition.ts";
export type {
  AssetEvent,
  AssetEventFilter,
  AssetEvents,
  OutletOptions,
} from "./assets/asset-events.ts";
export type {
  TimetableAnswer,
  TimetableFunction,
  TimetableInterval,
  TimetableRestriction,
} from "./dag/timetable.ts";
export { durationMs } from "./options/duration.ts";
export type { Duration } from "./options/duration.ts";
export type { Instant } from "./options/instant.ts";

export { Branch, Dag, Sensor, ShortCircuit, Task } from "./dag/decorators.ts";
export type { Tasks } from "./dag/decorators.ts";
export type { Run } from "./wiring/run-refs.ts";

export { context } from "./context/context.ts";
export type { TaskContext, TaskLog } from "./context/context.ts";
export type { PullOptions } from "./context/xcom-pull.ts";
export type { InputInstance, RunInputs, RunValue } from "./context/run-facts.ts";
export { externalCallback, notifier } from "./callback/callback.ts";
export type {
  Callback,
  CallbackDeadline,
  CallbackEvent,
  CallbackFunction,
  Callbacks,
  ExternalCallback,
  Notifier,
  NotifyFunction,
} from "./callback/callback.ts";
export type { RunCallbackOptions, TaskCallbackOptions } from "./callback/callback-options.ts";
export { FailTask, RetryTask, SkipTask } from "./context/outcome.ts";
export type { RetryTaskOptions } from "./context/outcome.ts";
export type { RetryDecision, RetryPolicy } from "./task/retry-policy.ts";

export { decodeValue, encodeValue } from "./codec/codec.ts";
export { MillraceError, isMillraceError } from "@millrace/engine";
export { wiredDag } from "./wiring/wiring.ts";
export type { Wired as WiredDag } from "./wiring/wiring.ts";
export { nextRuns } from "./dag/next-runs.ts";
export type { NextRunsOptions, PlannedRun } from "./dag/next-runs.ts";

export { Client } from "./client/client.ts";
export type { ClientOptions, TriggerOptions } from "./client/client.ts";
export type { AssetEventSnapshot, AssetSnapshot } from "./client/asset-snapshots.ts";
export type {
  AssetWait,
  PartitionWait,
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
