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
  envEntries: 100,
  envLength: 32 * 1024,
  priorityWeight: 1_000_000,
  activeRuns: 10_000,
  activeTasks: 100_000,
  /** Problems reported at a time. */
  problems: 100,
} as const;
