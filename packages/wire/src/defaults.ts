/** What unset fields of a spec mean; the same figures as in the comments of `dag.proto`. */

export const specDefaults = {
  maxActiveRuns: 16,
  maxActiveTasks: 16,
  retryDelayMs: 5 * 60_000,
  retryBackoff: 1,
  maxRetryDelayMs: 24 * 3_600_000,
  queue: "default",
  priorityWeight: 1,
  timezone: "UTC",
  averagedRuns: 10,
  sensorIntervalMs: 60_000,
  sensorTimeoutMs: 7 * 24 * 3_600_000,
} as const;
