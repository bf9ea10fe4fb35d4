/** Every limit and interval of the front door, by name. Milliseconds where the name says `Ms`. */
export const apiLimits = {
  requestIdLength: 200,
  noteLength: 1_000,
  /** Instances of each name of the inputs of a run. */
  inputInstancesShown: 1_000,
  searchLength: 200,
  tagsFilterMax: 32,
  folderLength: 250,
  fileLength: 1_000,
  /** DAGs in one registration. */
  dagsMax: 5_000,
  /** Import errors in one registration. */
  importErrorsMax: 5_000,
  importErrorLength: 16_000,
  bundleBytesMax: 32 * 1024 * 1024,
  bundlePieceBytes: 1024 * 1024,
  paramsBytesMax: 64 * 1024,
  paramsDepthMax: 32,
  valueBytesMax: 256 * 1024,
  /** Lists, objects, maps and sets inside each other. */
  valueDepthMax: 100,
  taskTokenLength: 500,
  /** Of values that are stored elsewhere, those that a list shows whole: each, and all together. */
  listedBlobBytesEach: 1024 * 1024,
  listedBlobBytes: 4 * 1024 * 1024,
  pageDefault: 50,
  pageMax: 500,
  taskInstancePageDefault: 100,
  taskInstancePageMax: 1_000,
  /** Forms that wait for an answer; nobody needs to know of more at a glance. */
  openInputsCounted: 1_000,
  /** Task instances that one request may name. */
  selectionMax: 1_000,
  /** Runs that one request may change. */
  changedRunsMax: 10_000,
  /** Runs read, and then changed, at a time. */
  changedRunsPerBatch: 200,
  changedRunsAtOnce: 8,
  /** So many times a clear goes on from one DAG to another. */
  markDepth: 10,
  /** Task instances in an answer about a change; the rest is only counted. */
  affectedMax: 1_000,
  backfillPageDefault: 25,
  backfillPageMax: 100,
  backfillDatePageDefault: 100,
  backfillDatePageMax: 1_000,
  /** Dates of a timetable worked out before others get their turn. */
  backfillDatesPerTurn: 100,
  /** Runs read at a time to see which dates have one, and how much time a read looks at. */
  datedRunsPerRead: 5_000,
  datedRunsSpanMs: 400 * 24 * 60 * 60 * 1_000,
  /** Runs that an event made, in a list of events. */
  madeRunsMax: 100,
  /** Partitions, and events that belong to none, in an answer about what a DAG waits for beside its page. */
  partitionReasonsMax: 20,
  unmappedMax: 20,
  /** Newest events of an asset that are looked at for some that a DAG passes over. */
  newestEventsLooked: 100,
  /** Who makes and uses an asset, in an answer about it. */
  assetUsesMax: 1_000,
  /** What DAGs name, read for the graph; and its nodes. */
  assetGraphUsesMax: 20_000,
  assetGraphNodesMax: 2_000,
  recentRunsMax: 25,
  gridRunsDefault: 25,
  gridRunsMax: 100,
  logPageDefault: 1_000,
  logPageMax: 5_000,
  /** Rows of single reads that are gathered into one. */
  readsPerBatch: 500,
  /** Chunks of a log read from the database at a time. */
  logChunksPerRead: 50,
  /** Compiled DAG versions kept in memory, counted in tasks. */
  compiledTasksMax: 1_000_000,
  /** Rows about old requests that one turn of the cleaning deletes. */
  requestsDeletedPerTurn: 5_000,
  cleanEveryMs: 60 * 60 * 1_000,
  /** How long a credential that was found is believed without looking again. */
  credentialCacheMs: 5_000,
  credentialCacheMax: 10_000,
  loginTokenTtlMs: 15 * 60 * 1_000,
  /** For this long a repeated login gets the session of the first. */
  loginRepeatMs: 60_000,
  consoleSessionTtlMs: 12 * 60 * 60 * 1_000,
  /** A console session in use is prolonged at most this often. */
  consoleSessionSlideMs: 60_000,
  /** How long a command looks for its owner. */
  ownerSearchMs: 5_000,
  /** How long an owner may take to change a run, which it may have to read first. */
  changeAnswerMs: 60_000,
  /** How long an owner may take to end a wait: it gives a task that still runs 25 s to begin waiting. */
  endWaitAnswerMs: 30_000,
  /** How long a question looks for its owner: that there is none is an answer too. */
  explainSearchMs: 1_000,
  /** Days of one calendar of runs. */
  calendarDaysMax: 366,
  /** How long an owner may take to say what a custom timetable plans: it asks a worker, for 5 s at most. */
  planAnswerMs: 8_000,
  /** First and longest wait before the owner is looked for again. */
  ownerRetryMs: { first: 50, max: 400 },
  /** This node says that workers can attach to it this often. */
  nodeBeatMs: 1_000,
  /** A node that has not been heard of for this long is no owner. */
  nodeSilenceMs: 3_500,
  /** The shard rows are read at most this often when beats are missing. */
  ownersReadMs: 200,
  /** A followed run sends at most one message in this time. */
  watchEveryMs: 250,
  /** The instances of mapped tasks of a followed run are counted at most this often, … */
  watchCountEveryMs: 500,
  /** … and not before so many times the time has passed that counting took. */
  watchCountShare: 20,
  /** A followed run, and a followed log, are read again this often, whatever the bus says. */
  watchSafetyMs: 3_000,
} as const;

/** Limits of what workers do. */
export const workerLimits = {
  protocol: 1,
  sessionTtlMs: 30_000,
  renewIntervalMs: 10_000,
  workerNameLength: 200,
  sdkLength: 100,
  namesMax: 1_000,
  slotsMax: 10_000,
  resultsPerMessage: 1_000,
  xcomsPerResult: 100,
  /** Of one pull: tasks, values and their bytes. */
  tasksPerPull: 1_000,
  xcomsPerPull: 10_000,
  bytesPerPull: 16 * 1024 * 1024,
  /** Runs that a pull from prior dates looks at, and tasks of runs that one statement does. */
  priorRunsMax: 1_000,
  priorTasksPerRead: 500,
  /** How many runs may have triggered one another: unless the task says, and at most. Of a chain, what a message shows. */
  triggerDepth: 10,
  triggerDepthMax: 100,
  triggerChainShown: 10,
  /** Of one value that is stored elsewhere. */
  blobBytesMax: 64 * 1024 * 1024,
  /** Of the values that one session sends at a time. */
  blobBytesInFlight: 128 * 1024 * 1024,
  /** Of a piece of such a value: of one that is sent here at most, of one that is sent from here. */
  blobPieceBytesMax: 1024 * 1024,
  blobPieceBytes: 256 * 1024,
  xcomKeyLength: 512,
  /** Events of assets in one answer. */
  assetEventsDefault: 100,
  assetEventsMax: 1_000,
  /** Cases that a branch chose, and lengths that were measured. */
  choicesPerResult: 1_000,
  caseLength: 250,
  mapIndexLabelLength: 250,
  /** Of all that a deferral holds: a state, a form or a config, each of which its owner measures. */
  deferralBytesMax: 768 * 1024,
  failureMessageLength: 4_096,
  failureStackLength: 16_384,
  /** Answers that a session's calls of one method can be given again, and for how long. */
  repeatsKept: 16,
  repeatsKeptMs: 10_000,
  leaseWaitMaxMs: 30_000,
  leaseMax: 1_000,
  /** Sessions renewed in one statement. */
  renewalsPerBatch: 5_000,
  /** Results in one message to an owner. */
  resultsPerBatch: 1_000,
  resultBatchBytes: 8 * 1024 * 1024,
  /** Messages with results that an owner may have unanswered from this node. */
  resultBatchesInFlight: 4,
  /** How long an owner may take to answer results: a flush under load. */
  resultsTimeoutMs: 15_000,
  /** Wait before results whose owner did not answer are sent again. */
  resultsRetryMs: 200,
  inventoryTimeoutMs: 3_000,
  /** An owner that has not said what it needs for this long needs nothing. */
  demandSilenceMs: 3_500,
  /** Slots granted and neither used nor returned for this long were lost on the way. */
  grantLostMs: 10_000,
  /** Sessions this long beyond their time are ended for good. */
  abandonedAfterMs: 24 * 60 * 60 * 1_000,
  /** Sessions that nobody used through this node for this long are forgotten here. */
  sessionIdleMs: 90_000,
  logLinesPerAppend: 1_000,
  logBytesPerAppend: 1024 * 1024,
  logLineLength: 16 * 1024,
  logBytesPerAttempt: 10 * 1024 * 1024,
  logChunksPerBatch: 500,
  /** Attempts whose stored length is remembered. */
  logStatesMax: 20_000,
} as const;
