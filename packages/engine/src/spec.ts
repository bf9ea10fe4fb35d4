/** What a DAG is to the engine: plain data, the same facts as `proto/millrace/v1/dag.proto`. */

export type EpochMs = number;

export type TaskSpec = {
  readonly id: string;
  readonly groupId: string | null;
  readonly kind: "bundle" | "external";
  readonly handler: string;
  /** The argument expression, JSON text; the engine reads only which tasks it refers to. */
  readonly args: string;
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly retryBackoff: number;
  readonly maxRetryDelayMs: number;
  readonly executionTimeoutMs: number | null;
  readonly triggerRule: "all_success";
  readonly queue: string;
  readonly priorityWeight: number;
  readonly isolation: "thread" | "process";
  readonly env: Readonly<Record<string, string>>;
  readonly docs: string;
  readonly owner: string;
  readonly resultSchema: string | null;
  readonly argSchemas: readonly (string | null)[];
};

export type GroupSpec = {
  readonly id: string;
  readonly parentId: string | null;
  readonly tooltip: string;
};

export type Schedule = {
  readonly kind: "cron";
  readonly expression: string;
  readonly timezone: string;
};

export type DagSpec = {
  readonly dagId: string;
  readonly tasks: readonly TaskSpec[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly groups: readonly GroupSpec[];
  readonly schedule: Schedule | null;
  readonly description: string;
  readonly docs: string;
  readonly tags: readonly string[];
  readonly owner: string;
  /** JSON Schema text, or null for any object. */
  readonly paramsSchema: string | null;
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  readonly dagrunTimeoutMs: number | null;
  readonly startDate: EpochMs | null;
  readonly endDate: EpochMs | null;
  readonly catchup: boolean;
  readonly startPaused: boolean;
  readonly file: string;
  readonly source: string;
  readonly bundleDigest: string | null;
};
