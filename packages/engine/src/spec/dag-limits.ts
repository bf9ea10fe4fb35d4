/** How large the parts of a DAG may be. The messages of `validateDagSpec` name these numbers. */

export const dagLimits = {
  idLength: 250,
  tasks: 100_000,
  edges: 1_000_000,
  groups: 10_000,
  tags: 32,
  tagLength: 100,
  retries: 1000,
  retryBackoff: 100,
  /** Ten years; longer ones are mistakes of unit. */
  durationMs: 3_653 * 86_400_000,
  /** Also the limit of any value that crosses an edge. */
  argsBytes: 256 * 1024,
  argsDepth: 100,
  schemaBytes: 256 * 1024,
  sourceBytes: 1024 * 1024,
  docsLength: 256 * 1024,
  lineLength: 1000,
  /** Expressions of one cron schedule. */
  cronExpressions: 16,
  /** Runs of a delta schedule come at least so far apart. */
  everyMs: 1000,
  jitterMs: 86_400_000,
  /** Runs whose failures are counted in a row. */
  failedRuns: 1000,
  /** Finished runs that a DAG keeps, of each state and run type. */
  keptRuns: 100_000,
  /** Moments of an events schedule. */
  events: 10_000,
  envEntries: 100,
  envLength: 32 * 1024,
  priorityWeight: 1_000_000,
  poolSlots: 1_000_000,
  poolDescriptionLength: 1000,
  rateLimit: 1_000_000,
  rateKeyLength: 250,
  /** A window of a rate limit is not shorter, nor longer. */
  ratePerMs: { least: 1000, most: 31 * 86_400_000 },
  keyExpressionBytes: 4096,
  activeTis: 100_000,
  activeRuns: 10_000,
  activeTasks: 100_000,
  /** Instances of a mapped task. */
  mapLength: 100_000,
  /** Dimensions of a mapping, and sources that are walked together in one. */
  axes: 16,
  sources: 16,
  /** Characters of a list that is written out; each element is a value, with the limit of values. */
  sourceLength: 1024 * 1024,
  /** Mapped groups inside each other. */
  mapDepth: 8,
  templateLength: 1000,
  cases: 1000,
  /** Names of cases and labels of edges. */
  labelLength: 250,
  /** Of one task, or of the DAG. */
  callbacks: 20,
  callbackNameLength: 100,
  /** UTF-8 bytes of what a callback is told beside what happened. */
  callbackConfigBytes: 16 * 1024,
  /** DAGs that one task triggers, waits for, or clears tasks of; and tasks or groups of one of them. */
  externalRefs: 100,
  /** Of one task, or of the DAG. */
  deadlines: 20,
  deadlineNameLength: 100,
  /** Runs that an average is taken over. */
  averagedRuns: 1000,
  /** Arrows looked at to find what comes after what, over all questions that the checks of one DAG ask. */
  reachSteps: 50_000_000,
  /** Problems reported at a time. */
  problems: 100,
} as const;
