/** Every limit and interval of the scheduler, by name. Milliseconds unless the name says otherwise. */

export type SchedulerSettings = typeof defaultSettings;

export const defaultSettings = {
  /** A shard belongs to its owner this long after the last renewal. */
  shardTtlMs: 10_000,
  /** All shards of a node are renewed this often, in one statement. */
  shardRenewMs: 3_000,
  /** A node that has not been heard of for this long takes no part in sharing. */
  nodeSilenceMs: 3_500,
  /** A node says who it is this often. */
  nodeBeatMs: 1_000,
  /** Turns of the event loop that a flush waits for slots just asked for: an api node in this process needs two. */
  slotTurnsMax: 2,
  /** Rows of task instances in one flush. */
  flushRowsMax: 1_000,
  /** A run whose flushes fail this often in a row is set aside until its shard is taken over. */
  flushFailuresMax: 3,
  /** First and longest wait before rows are read again after the database failed. */
  reloadDelayMs: { first: 50, max: 2_000 },
  /** Changes that wait for their flush; above it results are refused until lanes have caught up. */
  pendingRowsMax: 200_000,
  /** Runs read at a time at take-over. */
  loadRunsMax: 500,
  /** Runs of one DAG that wait for max_active_runs; more are refused. */
  queuedRunsMax: 100_000,
  /** Params of a waiting run above this size are not kept in memory but read again when it starts. */
  queuedParamsBytesMax: 4_096,
  /** Compiled DAG versions kept besides those in use. */
  versionsMax: 1_000,
  /** Runs made by triggers in one transaction. */
  triggersPerFlushMax: 1_000,
  /** Triggers that wait for their transaction; more are refused. */
  triggersWaitingMax: 50_000,
  /** Runs of a backfill that wait to start, besides as many as it lets run at a time: further dates wait until these start. */
  backfillQueuedMax: 200,
  /** Dates of a backfill decided at a time. */
  backfillPageMax: 250,
  /** Waiting runs of a backfill cancelled at a time. */
  backfillCancelsMax: 16,
  /** It is estimated at most this often, by itself, whether a run will keep its deadlines. */
  deadlineLookMs: 10_000,
  /** Timers handled in one turn of the event loop. */
  timersPerTurnMax: 500,
  /** Grants made in one turn of the event loop, before others get their turn. */
  grantsPerTurnMax: 2_000,
  /** Tasks of a shard that are counted when it asks for slots of a pool. */
  poolWaitingMax: 10_000,
  /** A shard keeps slots of a pool that it was given for so long before it must have used one. */
  poolKeepMs: 1_000,
  /** A shard that did not asks for none for so long, while others do; twice as long each time, up to the most. */
  poolMuteMs: { first: 1_000, most: 30_000 },
  /** A shard that lacks slots says so again after this, for the case that nobody heard. */
  poolAskMs: 5_000,
  /** What people see of pools is refreshed at most this often; so often owners look again whether slots are to be had. */
  poolTellMs: 1_000,
  /** Demand is said at most this often. */
  demandEveryMs: 5,
  /** Demand that lasts is repeated this often. */
  demandRepeatMs: 1_000,
  /** The most a line of demand says; what is above it is said when that is met. */
  demandCountMax: 2_000,
  /** Messages to api nodes are cut at about this many bytes. */
  dispatchBytesMax: 4 * 1024 * 1024,
  /** A run tells of its changes, and refreshes its summary, at most this often. */
  runFeedMs: 250,
  /** How long a first change waits for company before it is told. */
  runFeedFirstMs: 10,
  /** Task instances in one message of changes. */
  runFeedTasksMax: 5_000,
  sweepMs: 1_000,
  /** Sessions in one look. */
  sweepRowsMax: 500,
  /** A worker session lives this long after a renewal; for so long after its start a scheduler takes none for dead. */
  sessionTtlMs: 30_000,
  /** When no scheduler was alive for longer than this, expiries of sessions are moved. */
  amnestyGapMs: 6_000,
  /** An attempt missing from this many inventories in a row is lost. */
  inventoryMissesMax: 2,
  /** Inventories closer together than this waited somewhere, and count as one: they may be older than the attempt. */
  inventoryGapMs: 3_000,
  /** A callback is tried so often; then it counts as failed. */
  callbackTriesMax: 5,
  /** First wait before a callback is tried again; it doubles from try to try. */
  callbackRetryMs: 30_000,
  /** How long one try of a callback may take. */
  callbackTimeoutMs: 10 * 60_000,
  /** Pending callbacks read at a time at take-over. */
  loadCallbacksMax: 2_000,
  /** Callbacks whose rows are read in one statement before they are sent. */
  callbacksPerReadMax: 200,
  /** Outcomes of callbacks in one statement. */
  callbackOutcomesPerWriteMax: 500,
  /** A question whose function has lost so many workers has failed. */
  callLossesMax: 3,
  /** How much longer than its function may take a question waits for what its worker says. */
  callPatienceMs: 30_000,
  /** Bytes of an answer. */
  callAnswerBytesMax: 64 * 1024,
  /** Questions without an answer; more have failed at once. */
  callsWaitingMax: 100_000,
  /** How long the function of a timetable may take. */
  timetableTimeoutMs: 10_000,
  /** First and longest wait before a timetable is asked again that gave no answer, or one that makes no sense. */
  timetableRetryMs: { first: 10_000, max: 600_000 },
  /** How long people wait for what a timetable says of its next runs, and how many runs it is asked for at most. */
  timetableListWaitMs: 5_000,
  timetableListMax: 500,
  /** Rows of DAGs in which one statement notes when the next run is due. */
  nextRunsPerWriteMax: 1_000,
  /** Finished runs that a DAG does not keep are looked for at most this often. */
  historyEveryMs: 10_000,
  /** Such runs in one look. */
  historyRunsPerLook: 500,
  /** A wait whose triggerer gave it back, or lost it, is given to another after this. */
  watchAgainMs: 1_000,
  /** What begins to wait for another DAG, or is rung for, within this time is looked for together. */
  externalLookDelayMs: 20,
  /** Waits for other DAGs that are looked for with one set of statements. */
  externalLooksMax: 500,
  /** All waits for other DAGs are looked for this often, for the case that a message was lost. */
  externalSafetyMs: 60_000,
  /** Which DAGs are waited for is repeated this often. */
  awaitedRepeatMs: 10_000,
  /** A DAG that was not named for this long is not waited for any more. */
  awaitedForgetMs: 30_000,
  /** That something of DAGs has ended is said at most this often. */
  endedEveryMs: 100,
  /** How long a watcher of an asset rests after a failure: the first time; then doubled, up to the last. */
  assetWatcherRestMs: { first: 5_000, max: 300_000 },
  /** How long whoever ends a wait with a token is kept waiting while the body still runs. */
  endWaitHoldMs: 25_000,
  /** DAGs whose assets are looked at in one statement. */
  assetDagsPerLookMax: 200,
  /** Events of assets whose doorbell was lost are looked for this often. */
  assetPollMs: 30_000,
  /** Changes of DAGs are looked for this often, besides doorbells. */
  dagPollMs: 2_000,
  /** Registrations commit out of order: changes this far below the newest are looked at again. */
  dagPollOverlap: 1_000,
  /** Results of tasks, kept for those that refer to them; beyond it they are read again when needed. */
  outputCacheBytesMax: 256 * 1024 * 1024,
  /** Bytes of the values that one assignment brings; a task that needs more fails. Workers take messages of 64 MiB. */
  assignmentBytesMax: 16 * 1024 * 1024,
  /** Values read in one statement for assignments; each has at most 256 KiB. */
  valuesPerReadMax: 200,
  /** Names of workers, for people. */
  workerNamesMax: 10_000,
  /** How long a stopping scheduler waits for its flushes. */
  stopDrainMs: 5_000,
};

/** Settings with some changed; for tests and small installations. */
export function settingsWith(changes: Partial<SchedulerSettings> = {}): SchedulerSettings {
  return { ...defaultSettings, ...changes };
}
