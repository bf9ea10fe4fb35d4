/** What a DAG is to the engine: plain data, the same facts as `proto/millrace/v1/dag.proto`. */

import type { AssetExpression, AssetOrAlias } from "../assets/asset.ts";
import type { InputsSpec } from "../inputs/input.ts";
import type { CronPartition, PartitionedAssetSchedule } from "../partitions/mapper.ts";

export type EpochMs = number;

/** Which outcomes of the tasks before it let a task run; `rules.ts` says what each means. */
export const triggerRules = [
  "all_success",
  "all_failed",
  "all_done",
  "all_done_min_one_success",
  "all_done_setup_success",
  "one_success",
  "one_failed",
  "one_done",
  "none_failed",
  "none_failed_min_one_success",
  "none_skipped",
  "all_skipped",
  "always",
] as const;
export type TriggerRule = (typeof triggerRules)[number];

/**
 * One dimension of a mapping. Each source is an expression, JSON text as in arguments: a JSON array, a task reference or
 * a run reference. Several sources are walked together, as long as the shortest of them.
 */
export type MapAxis = { readonly sources: readonly string[] };

/** What a branch may choose. */
export type BranchCase = {
  readonly name: string;
  /** The tasks that this case goes on with; directly after the branch, or later. */
  readonly taskIds: readonly string[];
};

/** How a sensor looks. The worker keeps the loop; semantics 9.1-9.2. */
export type SensorSpec = {
  readonly mode: "poke" | "reschedule";
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Skips instead of failing when the time is over. */
  readonly softFail: boolean;
  /** Doubles the interval from look to look. */
  readonly backoff: boolean;
  readonly maxIntervalMs: number | null;
};

/** Something a worker does when a task or a run ends in a certain way (semantics 12.1-12.2). */
export type CallbackSpec = {
  readonly on: "success" | "failure" | "retry" | "skipped" | "deadline_missed" | "deadline_at_risk";
  /** Of the bundle: the name its SDK loads it by. External: what a worker announces. */
  readonly handler: string;
  readonly isExternal: boolean;
  /** Codec JSON, or empty: what it is told beside what happened. */
  readonly config: string;
  /** For people, such as "slack". */
  readonly name: string;
};

/** Something of another DAG: tasks and groups of it, or, where neither is named, its runs as a whole. */
export type ExternalRef = {
  readonly dagId: string;
  readonly taskIds: readonly string[];
  readonly groupIds: readonly string[];
};

/** A moment by which a run, or a task of it, is to have succeeded (semantics 12.5). */
export type DeadlineSpec = {
  /** For people; unique among those of the DAG, or of the task. */
  readonly name: string;
  readonly reference: DeadlineReference;
  /** How long after that; before it when negative. */
  readonly intervalMs: number;
};

export type DeadlineReference =
  | { readonly kind: "logical_date" }
  /** When the run was made, or opened again. */
  | { readonly kind: "queued_at" }
  | { readonly kind: "fixed"; readonly at: EpochMs }
  /** As long after the run was made as the newest runs took on average, if so many have ended. */
  | { readonly kind: "average_runtime"; readonly maxRuns: number; readonly minRuns: number };

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
  readonly triggerRule: TriggerRule;
  /** Setups make what a scope needs, teardowns remove it (semantics 7.7). */
  readonly role: "work" | "setup" | "teardown";
  /** Of a teardown: whether its failure fails the run. */
  readonly failsRun: boolean;
  /**
   * Whether its outcome chooses what follows: a branch goes on with the cases it names; a short circuit with everything
   * or nothing.
   */
  readonly control: "none" | "branch" | "short_circuit";
  /** Of a branch, at least one; else empty. */
  readonly cases: readonly BranchCase[];
  /** Of a short circuit: skips only the tasks directly after it, and lets trigger rules decide about the rest. */
  readonly skipsDirectOnly: boolean;
  /** Dimensions of its mapping, the last varying fastest; empty when it is not mapped by itself. */
  readonly each: readonly MapAxis[];
  /** Names an instance for people; a template, rendered by the worker. Empty means the index. */
  readonly mapIndexTemplate: string;
  readonly sensor: SensorSpec | null;
  readonly queue: string;
  readonly priorityWeight: number;
  /** Starts only when it has succeeded or was skipped in the run before (semantics 5.1). */
  readonly dependsOnPast: boolean;
  /** Starts only when the tasks directly after it have, too; means `dependsOnPast`. */
  readonly waitForDownstream: boolean;
  /** Does not wait for a run before that lacks the task, when no earlier run has it either. */
  readonly ignoreFirstDependsOnPast: boolean;
  /** The function of the bundle that is asked, where the past would hold it, whether that matters. Null: it does. */
  readonly pastDecider: string | null;
  readonly deadlines: readonly DeadlineSpec[];
  /** Whose weights count beside its own (semantics 5.5): `weights.ts`. */
  readonly weightRule: WeightRule;
  /** The budget of slots that it shares, and how many of them an instance takes while it runs. */
  readonly pool: string;
  readonly poolSlots: number;
  /** Instances at a time over all runs, and within a run; null for no limit. Deferred ones count (semantics 5.2). */
  readonly maxActiveTis: number | null;
  readonly maxActiveTisPerRun: number | null;
  readonly rateLimit: RateLimit | null;
  readonly isolation: "thread" | "process";
  readonly env: Readonly<Record<string, string>>;
  readonly docs: string;
  readonly owner: string;
  readonly callbacks: readonly CallbackSpec[];
  /** The DAGs of which it may make runs. */
  readonly triggersDagIds: readonly string[];
  /** What of other DAGs it waits for, for people. */
  readonly waitsFor: readonly ExternalRef[];
  /** Tasks of other DAGs that are cleared with it, in the run of the same logical date. */
  readonly marks: readonly ExternalRef[];
  /** What it makes: each gets an event when an instance succeeds. */
  readonly outlets: readonly AssetOrAlias[];
  /** Whose events its body may read. */
  readonly inlets: readonly AssetOrAlias[];
  readonly resultSchema: string | null;
  readonly argSchemas: readonly (string | null)[];
};

export const weightRules = ["downstream", "upstream", "absolute"] as const;
export type WeightRule = (typeof weightRules)[number];

/** At most `limit` starts in any `perMs` among all tasks, of whatever DAG, that name the key and the same `perMs`. */
export type RateLimit = { readonly key: string; readonly limit: number; readonly perMs: number };

/** The pool of tasks that name none. It is always there, and unlimited until somebody sets its slots. */
export const defaultPool = "default_pool";

export const keyBusyRules = ["queue", "cancel_newest", "cancel_oldest"] as const;
/** What becomes of a run whose key another run has: it waits, it is cancelled, or those before it are. */
export type KeyBusyRule = (typeof keyBusyRules)[number];

/** One run at a time for each value of the expression, which refers to params only: JSON text as in arguments. */
export type ConcurrencyKey = { readonly expression: string; readonly whenBusy: KeyBusyRule };

export type GroupSpec = {
  readonly id: string;
  readonly parentId: string | null;
  readonly tooltip: string;
  /** Dimensions over which the whole group is mapped; empty when it is not. */
  readonly each: readonly MapAxis[];
};

export type Edge = {
  readonly from: string;
  readonly to: string;
  /** A word for people; empty for none. */
  readonly label: string;
};

/** When runs are made: a timetable (semantics 3.2-3.4). `timetable/` has the rules. */
export type Schedule =
  | TimeSchedule
  /** When events of assets have come (semantics 10.3). */
  | { readonly kind: "assets"; readonly expression: AssetExpression }
  /** The same for each partition by itself (semantics 10.6). */
  | PartitionedAssetSchedule
  /** Both, each as if it were alone (semantics 10.5). */
  | {
      readonly kind: "asset_or_time";
      readonly expression: AssetExpression;
      /** What only a worker can tell has no place here yet. */
      readonly time: Exclude<TimeSchedule, CustomSchedule>;
    };

/** A schedule that a clock decides. */
export type TimeSchedule =
  | CronTriggerSchedule
  /** At the ends of the intervals between two fires; the logical date is the start of the interval. */
  | { readonly kind: "cron_interval"; readonly expression: string; readonly timezone: string }
  /** So long after the run before; the first at the start date, or at once. The logical date is that moment. */
  | { readonly kind: "delta"; readonly everyMs: number }
  /** At the ends of intervals so long; the logical date is the start of the interval. */
  | { readonly kind: "delta_interval"; readonly everyMs: number }
  /** One run in all. */
  | { readonly kind: "once" }
  /** The next run as soon as the one before has ended. */
  | { readonly kind: "continuous" }
  /** At these moments, ascending. */
  | { readonly kind: "events"; readonly at: readonly EpochMs[] }
  | CustomSchedule;

/** When a function of the bundle says; a worker is asked, never the control plane (`timetable/custom.ts`). */
export type CustomSchedule = {
  readonly kind: "custom";
  /** For people. */
  readonly name: string;
  readonly handler: string;
};

/** At the fires of one or several cron expressions; what they fire at once makes one run. */
export type CronTriggerSchedule = {
  readonly kind: "cron";
  readonly expressions: readonly string[];
  readonly timezone: string;
  /** How long before the fire the data interval begins, whose start is the logical date. Default 0. */
  readonly intervalMs: number;
  /** Runs begin up to this long after the fire; how long is the DAG's own and always the same for one fire. */
  readonly jitterMs: number;
  /**
   * Whether a DAG without a start date begins with the newest fire that has passed: always, when it passed at most this many
   * milliseconds ago, or, with null, when that is little beside the time to the next.
   */
  readonly runImmediately: true | number | null;
  /** Gives runs partition keys. Left out where it gives none. */
  readonly partition?: CronPartition;
};

export type DagSpec = {
  readonly dagId: string;
  readonly tasks: readonly TaskSpec[];
  readonly edges: readonly Edge[];
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
  /** Running task instances over all runs; null for no limit. */
  readonly maxActiveTasksPerDag: number | null;
  readonly concurrencyKey: ConcurrencyKey | null;
  readonly dagrunTimeoutMs: number | null;
  /** The first task that fails for good ends the run (semantics 4.8). */
  readonly failFast: boolean;
  /** The task whose value is the run's result; null for none. */
  readonly resultTaskId: string | null;
  /** When a run ends: `success` and `failure` only. */
  readonly callbacks: readonly CallbackSpec[];
  /** The line in which these wait. */
  readonly callbackQueue: string;
  readonly deadlines: readonly DeadlineSpec[];
  /** What its runs wait for, and are given; null for nothing. */
  readonly inputs: InputsSpec | null;
  readonly startDate: EpochMs | null;
  readonly endDate: EpochMs | null;
  readonly catchup: boolean;
  /** What a tick does while an automated run of the DAG is not final: makes another one, is left out, or replaces that run. */
  readonly overlap: "allow" | "forbid" | "replace";
  /** A tick that is later than this when it could become a run is left out; null for no limit. */
  readonly startingDeadlineMs: number | null;
  /** So many of the DAG's newest finished runs are kept, older ones deleted; null for all. */
  readonly keptSuccessfulRuns: number | null;
  readonly keptFailedRuns: number | null;
  /** So many automated runs that fail in a row pause the DAG; 0 for never. */
  readonly maxConsecutiveFailedRuns: number;
  readonly startPaused: boolean;
  readonly file: string;
  readonly source: string;
  readonly bundleDigest: string | null;
};
