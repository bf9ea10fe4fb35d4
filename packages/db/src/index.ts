export { claimFile } from "./server/claim-file.ts";
export { openDatabase, type Database, type DatabaseOptions } from "./database.ts";
export { hasSqlState, isRefusedStatement } from "./errors.ts";
export { barFlush, flush, shardLockClass, type FlushAnswer, type Missed } from "./flush.ts";
export {
  newFlushBatch,
  type AnswerRow,
  type AssetEventRow,
  type CallbackRow,
  type EventRow,
  type ExpansionRow,
  type FinishedRow,
  type FlushBatch,
  type InputRow,
  type RunUpdate,
  type SettledRow,
  type ShardFence,
  type StartedRow,
  type Waited,
  type XcomRow,
} from "./flush-batch.ts";
export type { Lane } from "./lane.ts";
export type { DbLog } from "./log.ts";
export { migrate, migrationStatus, type MigrateOptions, type MigrationStatus } from "./migrate.ts";
export {
  claimShards,
  releaseShards,
  releaseShardsOfNode,
  renewShards,
  type ShardRow,
  type ShardsAnswer,
} from "./shards.ts";
export {
  listActiveRuns,
  listExpansions,
  listTaskInstances,
  readOwnedRuns,
  type ActiveRunRow,
  type BackfillPlace,
  type TaskInstanceRow,
} from "./task-rows.ts";
export {
  readMappedOutputs,
  readTaskOutputs,
  type InstanceRange,
  type TaskKey,
  type TaskOutput,
} from "./task-values.ts";
export { readOutcomes, type AttemptKey, type AttemptOutcome } from "./task-outcomes.ts";
export {
  adoptRuns,
  advanceBackfill,
  BackfillState,
  createBackfill,
  listOwnedBackfills,
  readDatesTaken,
  setBackfillState,
  type BackfillPlan,
  type DatePlace,
  type DateTaken,
  type OwnedBackfillRow,
} from "./backfills.ts";
export {
  getBackfill,
  listBackfillDates,
  listBackfills,
  listRunDates,
  type BackfillDateRow,
  type BackfillRow,
  type RunDateRow,
} from "./backfills-read.ts";
export type { RunBirth } from "./run-birth.ts";
export {
  createRuns,
  deleteDag,
  pauseAfterFailures,
  setNextRuns,
  skipTick,
  takeRunIds,
  type NextRun,
  type RunCreation,
  type RunToCreate,
} from "./runs-write.ts";
export {
  keepDeadlines,
  deleteKeptDeadlines,
  listDeadlines,
  listDeadlinesOfFailedRuns,
  listDeadlinesOfRuns,
  listEndedRuns,
  listTaskSpans,
  markDeadline,
  putDeadlines,
  type DeadlineKey,
  type DeadlineRow,
  type DeadlineToPut,
  type EndedRun,
  type OpenDeadline,
} from "./deadlines.ts";
export {
  listVersionsBefore,
  readPastTasks,
  readRunsBefore,
  type BeforeQuery,
  type PastTask,
  type RunBefore,
} from "./past-reads.ts";
export {
  countPendingEvents,
  forgetPendingEvents,
  listPendingDags,
  type AssetRef,
  type PendingQuestion,
  type Waiting,
} from "./asset-pending.ts";
export {
  countKeyedEvents,
  countPartitions,
  listPartitionKeys,
  listUnmappedEvents,
  readUnsortedEvents,
  sortPendingEvents,
} from "./asset-partitions.ts";
export type {
  KeyedCount,
  PartitionCount,
  SortedEvent,
  UnmappedEvent,
  UnsortedEvent,
} from "./asset-partitions.ts";
export {
  failAssetWatcher,
  fireAssetWatcher,
  listAssetWatchers,
  replaceAssetWatchers,
  viewAssetWatchers,
  type AssetWatcherFire,
  type AssetWatcherRow,
  type AssetWatcherView,
  type AssetWatcherWrite,
  type FiredWatcher,
} from "./asset-watchers.ts";
export { deleteOldAssetEvents } from "./asset-retention.ts";
export {
  findAssetUsers,
  findNamedAssets,
  findTakenNames,
  forgetPendingOf,
  lockAssets,
  readChainDags,
  replaceAssetUses,
  type AssetUse,
  type AssetUseKind,
  type NameTaken,
} from "./asset-registry.ts";
export {
  countAssets,
  createAssetEvent,
  findAsset,
  listAliasesOf,
  listAssetEventRows,
  listAssetRows,
  listAssetUses,
  listMadeRuns,
  readAssetEventRows,
  readAssetGraph,
  type AssetEventFilter,
  type AssetEventListRow,
  type AssetEventMade,
  type AssetEventReading,
  type AssetFilter,
  type AssetListRow,
  type AssetRow,
  type AssetUseRow,
  type GraphAssetRow,
  type GraphUseRow,
  type MadeRunRow,
} from "./assets-read.ts";
export {
  findDeadSessions,
  grantAmnesty,
  listOwnedDags,
  listSupply,
  readDagVersions,
  readRunPlace,
  readSessionNames,
  type DagVersionRow,
  type OwnedDagRow,
  type RunPlace,
  type SupplyRow,
} from "./owner-reads.ts";
export { missingBundles, readBundlePiece, storeBundle } from "./bundles.ts";
export {
  addCredential,
  deleteCredential,
  deleteExpiredCredentials,
  findCredential,
  isConsoleSessionYoung,
  loginTokenState,
  slideConsoleSession,
  tradeLoginToken,
  type CredentialKind,
  type CredentialRow,
  type NewCredential,
} from "./credentials.ts";
export {
  countDags,
  deactivateMissingDags,
  findDagVersion,
  getDags,
  lastIntervalOf,
  listDags,
  listDagVersions,
  listImportErrors,
  lockDagHeads,
  readDagSpecs,
  replaceImportErrors,
  setDagPaused,
  writeDags,
  type DagFilter,
  type DagHead,
  type DagRow,
  type DagVersionFile,
  type DagVersionHead,
  type DagVersionWrite,
  type DagWrite,
  type ImportErrorRow,
} from "./dags.ts";
export {
  deliveryPositionOf,
  listCallbackDeliveries,
  type CallbackDeliveryRow,
  type DeliveryKey,
  type DeliveryPosition,
  type DeliveryStateCode,
} from "./callback-deliveries.ts";
export {
  listPendingDeliveries,
  readDeliveryFacts,
  writeDeliveryOutcomes,
  type DeliveryFacts,
  type DeliveryOutcome,
  type PendingDelivery,
  type PendingQuery,
  type RunDeliveryKey,
} from "./callback-owner.ts";
export {
  countOpenInputRequests,
  listInputRequests,
  newestInputRequest,
  type InputRequestFilter,
  type InputRequestPosition,
  type InputRequestRow,
  type InputRequestState,
} from "./input-requests.ts";
export {
  appendLogChunks,
  readLogChunks,
  readLogState,
  type LogChunk,
  type LogKey,
  type LogState,
} from "./logs.ts";
export {
  answerRequestOnce,
  claimRequest,
  deleteOldRequests,
  findAnswer,
  requestKeptDays,
  requestReused,
  settleRequest,
  type RequestKey,
  type Transaction,
} from "./requests.ts";
export {
  countActiveRuns,
  countRunsByDay,
  getRun,
  getRuns,
  listRuns,
  listRunsByDate,
  readShardOwners,
  recentRuns,
  type DatedRunRow,
  type DateRange,
  type ListedRun,
  type RecentRunRow,
  type RunFilter,
  type RunPosition,
  type RunDayRow,
  type RunRow,
} from "./runs-read.ts";
export { deleteRuns, listExcessRuns, type KeptRuns } from "./run-history.ts";
export { readSigningKey } from "./signing-keys.ts";
export {
  countLiveSessions,
  endAbandonedSessions,
  endSession,
  getSession,
  listLiveSessions,
  openSession,
  renewSessions,
  type LiveSessionRow,
  type NewSession,
  type SessionRow,
} from "./sessions.ts";
export {
  listMappedInstances,
  readSpanStates,
  summarizeMappedTasks,
  type MappedPage,
  type MappedTask,
  type RowlessInstance,
  type SpanStates,
} from "./mapped-tasks-read.ts";
export {
  listAttempts,
  listXComs,
  readTaskStates,
  viewTaskInstance,
  viewTaskInstances,
  type AttemptRow,
  type TaskInstanceKey,
  type TaskInstanceView,
  type TaskStates,
} from "./task-instances-read.ts";
export { asUnavailable } from "./unavailable.ts";
export {
  dependencyKinds,
  listDependencies,
  replaceDependencies,
  type DependencyPosition,
  type DependencyRow,
  type DependencyWrite,
} from "./dag-dependencies.ts";
export {
  giveUpTriggered,
  listRunChildren,
  listRunParents,
  readTriggerChain,
  readTriggerState,
  takeTriggered,
  type ChildPosition,
  type RunLinkRow,
  type RunParent,
  type TriggerState,
} from "./run-triggers.ts";
export {
  listExternalRuns,
  listExternalTasks,
  type ExternalRunQuery,
  type ExternalRunRow,
  type ExternalTaskRow,
} from "./external-runs.ts";
export { existingRuns, readBlobReferences } from "./blob-references.ts";
export {
  findXComs,
  listRunsBefore,
  pullXComs,
  readAttemptHolder,
  type AttemptHolder,
  type DatedRun,
  type PulledRow,
  type PulledXComs,
  type TasksOfRuns,
  type WhichXComs,
} from "./xcom-pulls.ts";

export {
  createPool,
  deletePool,
  listPoolGrants,
  listPoolPage,
  listPools,
  readPoolVersion,
  settlePools,
  updatePool,
} from "./pools.ts";
export type {
  PoolChange,
  PoolPageRow,
  PoolRow,
  PoolSettlement,
  PoolUse,
  ShardGrant,
} from "./pools.ts";
export { takeStarts } from "./rates.ts";
export type { RateAnswer } from "./rates.ts";
export {
  decideInputs,
  findInstances,
  newestWithInputs,
  readRunInputs,
  type InstanceFound,
  type RunInputsDecision,
} from "./run-inputs.ts";
