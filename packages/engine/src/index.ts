/** The rules of DAG runs, pure: no input or output, no clock, no randomness. */

export { TaskState, RunState, isFinal, runStateName, taskStateName } from "./spec/states.ts";
export type { RunStateName, TaskStateName } from "./spec/states.ts";
export { MillraceError, isMillraceError, reasons } from "./errors.ts";
export type { ReasonInfo, ReasonName } from "./errors.ts";
export { defaultPool, keyBusyRules, triggerRules, weightRules } from "./spec/spec.ts";
export type {
  BranchCase,
  CallbackSpec,
  ConcurrencyKey,
  CronTriggerSchedule,
  CustomSchedule,
  DagSpec,
  DeadlineReference,
  DeadlineSpec,
  Edge,
  EpochMs,
  ExternalRef,
  GroupSpec,
  KeyBusyRule,
  MapAxis,
  RateLimit,
  Schedule,
  SensorSpec,
  TaskSpec,
  TimeSchedule,
  TriggerRule,
  WeightRule,
} from "./spec/spec.ts";

export { assetKey, assetLimits, assetText, defaultAssetGroup } from "./assets/asset.ts";
export type {
  AssetAliasDefinition,
  AssetDefinition,
  AssetExpression,
  AssetOrAlias,
  AssetWatcher,
} from "./assets/asset.ts";
export { assetExpressionText } from "./assets/asset-text.ts";
export { assetLoopOf } from "./assets/loops.ts";
export type { AssetDag, AssetLoop } from "./assets/loops.ts";
export { partitionKeyProblem, partitionLimits } from "./partitions/key.ts";
export { defaultPartitionFormat, partitionKeyAt } from "./partitions/fire-key.ts";
export { partitionHolds, partitionProgress, partitionReasons } from "./partitions/hold.ts";
export type { PartitionHave, PartitionHaves } from "./partitions/hold.ts";
export { mapPartition } from "./partitions/map.ts";
export type { MappedPartition, PartitionTarget } from "./partitions/map.ts";
export { mapperOf, partitionUnits, waitsForMany } from "./partitions/mapper.ts";
export type {
  AssetPartitionMapping,
  CronPartition,
  PartitionDates,
  PartitionedAssetSchedule,
  PartitionMapper,
  PartitionUnit,
} from "./partitions/mapper.ts";
export { assetNamesOf, withNamedAssets } from "./assets/named.ts";
export { outletEvents, outletProblem } from "./assets/outlets.ts";
export type { OutletEvent, OutletSaid } from "./assets/outlets.ts";
export { assetNeeds, assetsHold } from "./assets/hold.ts";
export type { AssetCounts, AssetNeed } from "./assets/hold.ts";
export { assetProgress, assetReasons } from "./assets/progress.ts";
export type { AssetProgress } from "./assets/progress.ts";
export {
  askedInstances,
  askInputs,
  inputReference,
  keyOf as instanceKeyOf,
  type Asked,
} from "./inputs/ask.ts";
export { inputLimits, inputOrders } from "./inputs/input.ts";
export type {
  DatedAsset,
  DatedInstance,
  InputOrder,
  InputsSpec,
  InputTerm,
  RunInstances,
} from "./inputs/input.ts";
export { setText } from "./inputs/input-reasons.ts";
export { instanceDate } from "./inputs/instance-key.ts";
export { foundIn, judgeInputs, noInstances } from "./inputs/judge.ts";
export type { InputJudgement, InputsWait, InputState, SetProgress } from "./inputs/judge.ts";
export { assetsOfInputs, datedOfName, waitingRunsMax } from "./inputs/terms.ts";
export { assetsOf, timeOf } from "./timetable/clock.ts";

export { dagLimits } from "./spec/dag-limits.ts";
export { deferralLimits } from "./events/deferral-limits.ts";
export type { Problem } from "./spec/problems.ts";
export { validateDagSpec } from "./validate/validate.ts";
export { compileDag } from "./graph/graph.ts";
export type { CompiledDag } from "./graph/graph.ts";

export { createRun } from "./run/create-run.ts";
export { clearEffects, isRunFinal, newEffects } from "./run/run.ts";
export type {
  Change,
  Deferral,
  Effects,
  Expansion,
  Failure,
  InstanceRef,
  ReadySpan,
  Run,
  RunEvent,
  RunInputs,
  RunRow,
  TaskRow,
  Timer,
  Verdict,
} from "./run/run.ts";
export { eachInstance, instanceState, isMapped, refOf, slotOf, stateAt } from "./run/instances.ts";
export { instanceCount } from "./run/lengths.ts";
export { inputsOf, itemsOf } from "./run/items.ts";
export type { InstanceInput, InstanceItem, ItemSource } from "./run/items.ts";
export { transition } from "./events/transition.ts";
export { deferralOf, isWaiting, isWaitState, keepsDeferral } from "./run/waits.ts";
export { callbacksOf, callbacksOfRun } from "./events/callbacks.ts";
export type { DueCallback } from "./events/callbacks.ts";
export { selectInstances } from "./events/select.ts";
export type { Selected, Selection } from "./events/select.ts";
export { restoreRun } from "./restore/restore.ts";
export { recount } from "./run/tallies.ts";
export { retryDelayMs } from "./events/retry.ts";
export type { RetrySeed } from "./events/retry.ts";
export { lossesMax, lossWaitMs } from "./run/failures.ts";
export { executionTimeoutGraceMs, isAwaited } from "./events/attempt.ts";
export { cancelTimeoutMs } from "./events/cancel.ts";
export { restartTimeoutMs } from "./events/restart.ts";

export { admit, admitRun, explain } from "./admission/admission.ts";
export { triggerHandler } from "./admission/deferral-reasons.ts";
export { mayRun } from "./judge/may-run.ts";
export type { StateCounts } from "./judge/may-run.ts";
export { judgeExternal, type ExternalVerdict } from "./external/judge-external.ts";
export {
  endStates,
  type EndState,
  type ExternalFound,
  type ExternalPart,
  type ExternalRun,
  type ExternalWait,
} from "./external/wait.ts";
export type { BackfillLimits } from "./admission/limits.ts";
export {
  admitDate,
  backfillActiveRuns,
  backfillDatesMax,
  DateOutcome,
  estimateLeftMs,
  outcomeOf,
  Reprocess,
  taskOnPast,
} from "./admission/backfill.ts";
export type { NextDateLimits } from "./admission/backfill.ts";
export { isFine, mayBePrevious, pastHold, pastOfTask } from "./past/past.ts";
export type { PastHold, PastLook, PastOfTask, PreviousRun } from "./past/past.ts";
export { deadlineAt } from "./deadlines/due.ts";
export type { DeadlineFacts } from "./deadlines/due.ts";
export { criticalPath, forecast } from "./deadlines/forecast.ts";
export type { Forecast } from "./deadlines/forecast.ts";
export { nothingElse, unlimitedPool } from "./admission/limits.ts";
export type { Limits, PoolView, RateWait, Slots } from "./admission/limits.ts";
export { checkPool } from "./admission/pool.ts";
export type { PoolSettings } from "./admission/pool.ts";
export { settleGrants } from "./admission/pool-grants.ts";
export type { OwnPoolUse, PoolGrantRow } from "./admission/pool-grants.ts";
export { concurrencyKeyOf } from "./spec/concurrency-key.ts";
export { activeCount as activeCountOf, noOwner } from "./admission/reasons.ts";
export type { Reason, ReasonKind } from "./admission/reasons.ts";

export { isZone, startOfDay } from "./timetable/zone.ts";
export { manualInterval } from "./timetable/manual.ts";
export { dateAnchor, datelessWhy, datesWithin } from "./timetable/dates.ts";
export type { DateRange, DateSource } from "./timetable/dates.ts";
export { nextRuns } from "./timetable/next-runs.ts";
export {
  nextCustomRuns,
  planCustom,
  timetableProblem,
  type TimetableQuestion,
} from "./timetable/custom.ts";
export { scheduleText } from "./timetable/schedule-text.ts";
export { scheduleReasons, type ScheduleFacts } from "./timetable/schedule-reasons.ts";
export { planNext } from "./timetable/plan.ts";
export type { NextRunsOptions } from "./timetable/next-runs.ts";
export type { DataInterval, PlannedRun } from "./timetable/planned.ts";
export { runName, RunType, runTypeName } from "./timetable/run-name.ts";
export type { RunTypeName } from "./timetable/run-name.ts";
export { shardCount, shardOf } from "./shard.ts";
