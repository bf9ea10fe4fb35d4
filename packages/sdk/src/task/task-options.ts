/** The options of a task: their types, their readers, and how those of several levels merge. */

import {
  dagLimits,
  defaultPool,
  triggerRules,
  weightRules,
  type AssetOrAlias,
  type ExternalRef,
  type DeadlineSpec,
  type RateLimit,
  type TaskSpec,
  type TriggerRule,
  type WeightRule,
} from "@millrace/engine";
import { assetList, type Asset, type AssetAlias } from "../assets/asset.ts";
import { dagParts, dagRefs, type DagPart, type DagRef } from "../across/dag-ref.ts";
import type { Body } from "../wiring/body.ts";
import {
  taskCallbackReaders,
  type ReadCallbacks,
  type TaskCallbackOptions,
} from "../callback/callback-options.ts";
import type { PastDecider } from "../dag/past.ts";
import { readDeadlines, type Deadlines } from "../dag/deadline.ts";
import type { Duration } from "../options/duration.ts";
import {
  duration,
  flag,
  integer,
  oneOf,
  positiveDuration,
  readOptions,
  refuseOption,
} from "../options/read-options.ts";
import { text, textsByName, type Read } from "../options/read-options.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { TaskTarget } from "./target.ts";

/** Options every task has, whoever implements it. */
export type SharedTaskOptions = TaskCallbackOptions & {
  /** Attempts after the first. Default 0, at most 1000. */
  readonly retries?: number;
  /** Wait before the first retry. Default "5m". */
  readonly retryDelay?: Duration;
  /** Factor from one retry to the next: 1 keeps the delay, 2 doubles it. Default 1. */
  readonly retryBackoff?: number;
  /** No wait between attempts is longer. Default "24h". */
  readonly maxRetryDelay?: Duration;
  /** An attempt that takes longer fails. Default: no limit. */
  readonly executionTimeout?: Duration;
  /**
   * Which outcomes of the tasks directly before it let it run. Default "all_success"; "none_failed_min_one_success" for a
   * task after all cases of a branch, and "all_done_setup_success", the only choice, for what a `setup` releases with.
   */
  readonly triggerRule?: TriggerRule;
  /**
   * Names an instance of a mapped task for people: a Liquid template over the facts of the run and what the body left,
   * at most 250 characters when rendered. Default: its index.
   */
  readonly mapIndexTemplate?: string;
  /** The line its instances wait in. Default "default". */
  readonly queue?: string;
  /** Higher goes first within a DAG. Default 1. */
  readonly priorityWeight?: number;
  /** The DAGs of which its body may make runs with `context().triggerDag`. */
  readonly triggers?: DagRef | readonly DagRef[];
  /** What of other DAGs it waits for: for the graph of DAGs, and for people. */
  readonly waitsFor?: DagRef | DagPart | readonly (DagRef | DagPart)[];
  /** Tasks of other DAGs that are cleared when it is cleared together with what comes after it. */
  readonly clears?: DagPart | readonly DagPart[];
  /**
   * Whether it starts only when it has succeeded, or was skipped, in the run before; or a function that decides that, asked
   * once in a run, and only where the past would hold the task. Default false.
   */
  readonly dependsOnPast?: boolean | PastDecider;
  /**
   * Whether it starts only when, in the run before, the tasks directly after it have succeeded or were skipped as well; means
   * `dependsOnPast`. Default false.
   */
  readonly waitForDownstream?: boolean;
  /**
   * Whether a task that is new in its DAG does not wait for a run before that was made without it; else such a run holds it
   * back. Default false.
   */
  readonly ignoreFirstDependsOnPast?: boolean;
  /** By when it is to have succeeded. Default: no deadline. */
  readonly deadline?: Deadlines;
  /**
   * Whose weights count beside its own: those of everything after it ("downstream"), of everything before it ("upstream"), or
   * nobody's ("absolute"). Default "downstream".
   */
  readonly weightRule?: WeightRule;
  /** The pool whose slots it takes while it runs. Default "default_pool". */
  readonly pool?: string;
  /** How many slots of its pool it takes. Default 1. */
  readonly poolSlots?: number;
  /** Its instances at a time over all runs of the DAG; deferred ones count. Default: no limit. */
  readonly maxActiveTis?: number;
  /** Its instances at a time within a run; deferred ones count. Default: no limit. */
  readonly maxActiveTisPerRun?: number;
  /** At most `limit` starts in any `per`, among all tasks of all DAGs that name the key. Default: no limit. */
  readonly rateLimit?: RateLimitOption;
  /** Markdown shown on the task's page. */
  readonly docs?: string;
  /** Who answers for it. Default: the DAG's owner. */
  readonly owner?: string;
  /** What it makes: each asset gets an event when an instance succeeds. At most 100. */
  readonly outlets?: readonly (Asset | AssetAlias)[];
  /** Whose events its body may read with `context().inletEvents`. At most 100. */
  readonly inlets?: readonly (Asset | AssetAlias)[];
};

/** How often tasks that share a key may start. */
export type RateLimitOption = {
  readonly key: string;
  readonly limit: number;
  /** From a second to 31 days. */
  readonly per: Duration;
};

/** Options of a task whose body is TypeScript. */
export type TaskOptions = SharedTaskOptions & {
  /** Default: the function's name. */
  readonly id?: string;
  /** Where the body runs: a worker thread, or a process of its own that can be killed whatever it does. Default "thread". */
  readonly isolation?: "thread" | "process";
  /** Environment variables of the body's process; needs `isolation: "process"`. Replaces those of outer levels. */
  readonly env?: Readonly<Record<string, string>>;
  /** Asked, where the body ran, whether and when an error is worth another try. It cannot give more than `retries`. */
  readonly retryPolicy?: RetryPolicy;
};

/** Options that a DAG or a group gives its tasks. */
export type TaskDefaults = Omit<TaskOptions, "id" | "outlets" | "inlets">;

/** Options as the engine wants them, and what stays with the worker, or needs the task's place in the DAG. */
export type TaskSettings = SpecSettings & {
  readonly retryPolicy?: RetryPolicy;
  readonly resume?: Body;
  readonly decidePast?: Body | undefined;
  readonly target?: TaskTarget;
} & ReadCallbacks;

export type SpecSettings = Pick<
  TaskSpec,
  | "retries"
  | "retryDelayMs"
  | "retryBackoff"
  | "maxRetryDelayMs"
  | "executionTimeoutMs"
  | "triggerRule"
  | "mapIndexTemplate"
  | "queue"
  | "priorityWeight"
  | "dependsOnPast"
  | "waitForDownstream"
  | "ignoreFirstDependsOnPast"
  | "pastDecider"
  | "deadlines"
  | "weightRule"
  | "pool"
  | "poolSlots"
  | "maxActiveTis"
  | "maxActiveTisPerRun"
  | "rateLimit"
  | "isolation"
  | "env"
  | "triggersDagIds"
  | "waitsFor"
  | "marks"
  | "docs"
  | "owner"
  | "outlets"
  | "inlets"
>;

const builtIn: SpecSettings = {
  retries: 0,
  retryDelayMs: 300_000,
  retryBackoff: 1,
  maxRetryDelayMs: 86_400_000,
  executionTimeoutMs: null,
  triggerRule: "all_success",
  mapIndexTemplate: "",
  queue: "default",
  priorityWeight: 1,
  dependsOnPast: false,
  waitForDownstream: false,
  ignoreFirstDependsOnPast: false,
  pastDecider: null,
  deadlines: [],
  weightRule: "downstream",
  pool: defaultPool,
  poolSlots: 1,
  maxActiveTis: null,
  maxActiveTisPerRun: null,
  rateLimit: null,
  isolation: "thread",
  env: {},
  triggersDagIds: [],
  waitsFor: [],
  marks: [],
  docs: "",
  owner: "",
  outlets: [],
  inlets: [],
};

/** What can be read of options; `Settings` of the engine under the options' own names. */
type ReadTask = {
  id: string;
  retries: number;
  retryDelay: number;
  retryBackoff: number;
  maxRetryDelay: number;
  executionTimeout: number;
  triggerRule: TriggerRule;
  mapIndexTemplate: string;
  queue: string;
  priorityWeight: number;
  dependsOnPast: boolean | PastDecider;
  waitForDownstream: boolean;
  ignoreFirstDependsOnPast: boolean;
  deadline: readonly DeadlineSpec[];
  weightRule: WeightRule;
  pool: string;
  poolSlots: number;
  maxActiveTis: number;
  maxActiveTisPerRun: number;
  rateLimit: RateLimit;
  isolation: "thread" | "process";
  env: Readonly<Record<string, string>>;
  retryPolicy: RetryPolicy;
  resume: Body;
  triggers: readonly string[];
  waitsFor: readonly ExternalRef[];
  clears: readonly ExternalRef[];
  docs: string;
  owner: string;
  outlets: readonly AssetOrAlias[];
  inlets: readonly AssetOrAlias[];
} & { -readonly [K in keyof ReadCallbacks]-?: NonNullable<ReadCallbacks[K]> };

const backoff: Read<number> = (value, name) =>
  typeof value === "number" && value >= 1 && value <= dagLimits.retryBackoff
    ? value
    : refuseOption(
        name,
        value,
        `a number from 1 (the same delay each time) to ${dagLimits.retryBackoff}`,
      );

const policy: Read<RetryPolicy> = (value, name) =>
  typeof value === "function"
    ? (value as RetryPolicy)
    : refuseOption(name, value, "a function of the error and the number of the try");

const resume: Read<Body> = (value, name) =>
  typeof value === "function"
    ? (value as Body)
    : refuseOption(
        name,
        value,
        "a function of the trigger's event and the state that was given to defer",
      );

const flagOrDecider: Read<boolean | PastDecider> = (value, name) =>
  typeof value === "boolean" || typeof value === "function"
    ? (value as boolean | PastDecider)
    : refuseOption(name, value, "true, false, or a function that decides it");
const rateReaders = {
  key: text,
  limit: integer(1, dagLimits.rateLimit),
  per: positiveDuration,
};

const rateLimit: Read<RateLimit> = (value, name) => {
  if (typeof value !== "object" || value === null)
    refuseOption(name, value, '{ key: "api", limit: 10, per: "1m" }');
  type ReadRate = { key: string; limit: number; per: number };
  const { key, limit, per } = readOptions<ReadRate>(value, rateReaders, name);
  if (key === undefined || limit === undefined || per === undefined)
    return refuseOption(name, value, '{ key: "api", limit: 10, per: "1m" }');
  return { key, limit, perMs: per };
};

const sharedReaders = {
  retries: integer(0, dagLimits.retries),
  retryDelay: duration,
  retryBackoff: backoff,
  maxRetryDelay: duration,
  executionTimeout: positiveDuration,
  triggerRule: oneOf<TriggerRule>(...triggerRules),
  mapIndexTemplate: text,
  queue: text,
  priorityWeight: integer(1, dagLimits.priorityWeight),
  triggers: dagRefs,
  waitsFor: dagParts,
  clears: dagParts,
  dependsOnPast: flagOrDecider,
  waitForDownstream: flag,
  ignoreFirstDependsOnPast: flag,
  deadline: readDeadlines,
  weightRule: oneOf<WeightRule>(...weightRules),
  pool: text,
  poolSlots: integer(1, dagLimits.poolSlots),
  maxActiveTis: integer(1, dagLimits.activeTis),
  maxActiveTisPerRun: integer(1, dagLimits.activeTis),
  rateLimit,
  docs: text,
  owner: text,
  ...taskCallbackReaders,
};
const bundleReaders = {
  ...sharedReaders,
  isolation: oneOf<"thread" | "process">("thread", "process"),
  env: textsByName,
  retryPolicy: policy,
};

/** What a DAG or a group cannot give its tasks. */
const ownReaders = { outlets: assetList, inlets: assetList };

/** Settings that a DAG or a group gives its tasks. @throws MillraceError DAG_INVALID */
export function readDefaults(options: object, what: string): Partial<TaskSettings> {
  type ReadTaskDefaults = Omit<ReadTask, "id" | "resume" | "outlets" | "inlets">;
  return settingsOf(readOptions<ReadTaskDefaults>(options, bundleReaders, what));
}

/** Settings of a task in TypeScript. @throws MillraceError DAG_INVALID */
export function readTaskOptions(options: object, what: string): Partial<TaskSettings> {
  const readers = { ...bundleReaders, ...ownReaders, id: text, resume };
  return settingsOf(readOptions<ReadTask>(options, readers, what));
}

/** Settings of a task in another language. @throws MillraceError DAG_INVALID */
export function readExternalOptions(options: object, what: string): Partial<TaskSettings> {
  type ReadExternal = Omit<ReadTask, "isolation" | "env" | "retryPolicy" | "resume"> & {
    handler: string;
  };
  const readers = { ...sharedReaders, ...ownReaders, id: text, handler: text };
  return settingsOf(readOptions<ReadExternal>(options, readers, what));
}

/** Later levels win: DAG, groups from the outside in, task. */
export function mergeSettings(levels: readonly Partial<TaskSettings>[]): Partial<TaskSettings> {
  return Object.assign({}, ...levels) as Partial<TaskSettings>;
}

/** What of the settings the engine knows, with what nobody said filled in. */
export function completeSettings(given: Partial<TaskSettings>): SpecSettings {
  const {
    retryPolicy: _workers,
    resume: _too,
    decidePast: _that,
    target: _three,
    onSuccess: _success,
    onFailure: _failure,
    onRetry: _retry,
    onSkipped: _skipped,
    onDeadlineMissed: _missed,
    onDeadlineAtRisk: _atRisk,
    ...inSpec
  } = given;
  const settings = { ...builtIn, ...inSpec };
  return settings.waitForDownstream ? { ...settings, dependsOnPast: true } : settings;
}

function settingsOf(read: Partial<ReadTask>): Partial<TaskSettings> {
  const {
    id: _id,
    retryDelay,
    maxRetryDelay,
    executionTimeout,
    triggers,
    clears,
    deadline,
    dependsOnPast,
    ...same
  } = read;
  const { handler: _handler, ...settings } = same as typeof same & { handler?: string };
  return {
    ...settings,
    ...(triggers !== undefined && { triggersDagIds: triggers }),
    ...(clears !== undefined && { marks: clears }),
    ...(retryDelay !== undefined && { retryDelayMs: retryDelay }),
    ...(maxRetryDelay !== undefined && { maxRetryDelayMs: maxRetryDelay }),
    ...(executionTimeout !== undefined && { executionTimeoutMs: executionTimeout }),
    ...(deadline !== undefined && { deadlines: deadline }),
    ...(dependsOnPast !== undefined && {
      dependsOnPast: dependsOnPast !== false,
      decidePast: typeof dependsOnPast === "function" ? (dependsOnPast as Body) : undefined,
    }),
  };
}
