/** The options of a DAG: their types and their readers. */

import { MillraceError, dagLimits, type DagSpec } from "@millrace/engine";
import {
  callbackSpecs,
  runCallbackReaders,
  type ReadCallbacks,
  type RunCallbackOptions,
} from "./callback-options.ts";
import type { WiredParts } from "./compile.ts";
import type { Duration } from "./duration.ts";
import type { Instant } from "./instant.ts";
import { paramsSchemaText, type ParamsSchema } from "./params.ts";
import {
  flag,
  instant,
  integer,
  positiveDuration,
  readOptions,
  refuseOption,
} from "./read-options.ts";
import { text, texts, type Read } from "./read-options.ts";
import { presets, readSchedule, type CronSchedule, type ScheduleOption } from "./schedule.ts";
import { readDefaults, type TaskDefaults, type TaskSettings } from "./task-options.ts";

export type DagOptions<S = undefined> = RunCallbackOptions & {
  /** When runs are made. Default null: by hand only. */
  readonly schedule?: ScheduleOption | null;
  /** No scheduled run has a logical date before this. */
  readonly startDate?: Instant;
  /** No scheduled run has a logical date after this. */
  readonly endDate?: Instant;
  /** Whether ticks missed while nobody looked are made up. Default, and so far the only choice: false. */
  readonly catchup?: false;
  /** IANA zone of the schedule. Default "UTC". */
  readonly timezone?: string;
  /** Labels to filter by. */
  readonly tags?: readonly string[];
  /** Who answers for it. */
  readonly owner?: string;
  /** One line for lists. */
  readonly description?: string;
  /** Markdown for the DAG's page. Default: the file's leading doc comment. */
  readonly docs?: string;
  /** What a run may be given: a Standard Schema that can give JSON Schema, or JSON Schema itself. */
  readonly params?: S;
  /** Options of all tasks, unless a group or the task says otherwise. */
  readonly defaults?: TaskDefaults;
  /** Runs at a time. Default 16. */
  readonly maxActiveRuns?: number;
  /** Running tasks per run. Default 16. */
  readonly maxActiveTasks?: number;
  /** A run that takes longer fails. Default: no limit. */
  readonly dagrunTimeout?: Duration;
  /** Whether the first task that fails for good ends the run. Default false. */
  readonly failFast?: boolean;
  /** Whether a new DAG starts paused. Default false. */
  readonly paused?: boolean;
  /** The line in which callbacks of its runs wait for a worker. Default "default". */
  readonly callbackQueue?: string;
};

/** Options as read; names as people write them, values as the engine wants them. */
type ReadDag = {
  schedule: CronSchedule | null;
  startDate: number;
  endDate: number;
  catchup: boolean;
  timezone: string;
  tags: readonly string[];
  owner: string;
  description: string;
  docs: string;
  params: string;
  defaults: Partial<TaskSettings>;
  maxActiveRuns: number;
  maxActiveTasks: number;
  dagrunTimeout: number;
  failFast: boolean;
  paused: boolean;
  onSuccess: NonNullable<ReadCallbacks["onSuccess"]>;
  onFailure: NonNullable<ReadCallbacks["onFailure"]>;
  callbackQueue: string;
};

const scheduleReader: Read<CronSchedule | null> = (value, name) =>
  value === null
    ? null
    : (readSchedule(value) ??
      refuseOption(name, value, `null, a cron expression, ${presets.join(", ")} or cron(…)`));

const catchupReader: Read<boolean> = (value, name) =>
  value === false ? false : refuseOption(name, value, "false: missed ticks are not made up yet");

const defaultsReader: Read<Partial<TaskSettings>> = (value, name) => {
  if (typeof value !== "object" || value === null) refuseOption(name, value, "task options");
  return readDefaults(value, name);
};

const readers: { readonly [K in keyof ReadDag]: Read<ReadDag[K]> } = {
  schedule: scheduleReader,
  startDate: instant,
  endDate: instant,
  catchup: catchupReader,
  timezone: text,
  tags: texts,
  owner: text,
  description: text,
  docs: text,
  params: paramsSchemaText,
  defaults: defaultsReader,
  maxActiveRuns: integer(1, dagLimits.activeRuns),
  maxActiveTasks: integer(1, dagLimits.activeTasks),
  dagrunTimeout: positiveDuration,
  failFast: flag,
  paused: flag,
  ...runCallbackReaders,
  callbackQueue: text,
};

/** Everything of a spec that options decide, and the settings they give to tasks. */
export type DagSettings = {
  readonly spec: Omit<DagSpec, keyof WiredParts | "file" | "source" | "bundleDigest">;
  readonly defaults: Partial<TaskSettings>;
  readonly callbacks: ReadCallbacks;
};

/** @throws MillraceError DAG_INVALID naming the option and its value. */
export function readDagOptions(
  dagId: string,
  options: DagOptions<ParamsSchema | undefined>,
): DagSettings {
  const read = readOptions<ReadDag>(options, readers, `DAG "${dagId}"`);
  const { schedule = null, timezone = "UTC", startDate = null, endDate = null } = read;
  if (startDate !== null && endDate !== null && endDate < startDate) {
    throw new MillraceError(
      "DAG_INVALID",
      `DAG "${dagId}": option "endDate" is before option "startDate"; swap them`,
    );
  }
  const { onSuccess = [], onFailure = [] } = read;
  const callbacks = { onSuccess, onFailure };
  return {
    defaults: read.defaults ?? {},
    callbacks,
    spec: {
      dagId,
      schedule: schedule && { ...schedule, timezone: schedule.timezone ?? timezone },
      description: read.description ?? "",
      docs: read.docs ?? "",
      tags: read.tags ?? [],
      owner: read.owner ?? "",
      paramsSchema: read.params ?? null,
      maxActiveRuns: read.maxActiveRuns ?? 16,
      maxActiveTasks: read.maxActiveTasks ?? 16,
      dagrunTimeoutMs: read.dagrunTimeout ?? null,
      failFast: read.failFast ?? false,
      callbacks: callbackSpecs("", callbacks),
      callbackQueue: read.callbackQueue ?? "default",
      startDate,
      endDate,
      catchup: false,
      startPaused: read.paused ?? false,
    },
  };
}
