/** The options of a DAG: their types and their readers. */

import {
  MillraceError,
  dagLimits,
  type DagSpec,
  inputOrders,
  type DeadlineSpec,
  type InputOrder,
  type InputTerm,
  type KeyBusyRule,
} from "@millrace/engine";
import {
  callbackSpecs,
  runCallbackReaders,
  type ReadCallbacks,
  type RunCallbackOptions,
} from "../callback/callback-options.ts";
import type { Body } from "../wiring/body.ts";
import type { WiredParts } from "../wiring/compile.ts";
import { readDeadlines, type Deadlines } from "./deadline.ts";
import type { Duration } from "../options/duration.ts";
import { readInputs, type Inputs } from "./inputs.ts";
import type { Instant } from "../options/instant.ts";
import { readConcurrencyKey } from "./concurrency-key.ts";
import { paramsSchemaText, type ParamsOf, type ParamsSchema } from "./params.ts";
import {
  flag,
  instant,
  integer,
  oneOf,
  positiveDuration,
  readOptions,
  refuseOption,
} from "../options/read-options.ts";
import { text, texts, type Read } from "../options/read-options.ts";
import type { ParamRefs } from "../wiring/run-refs.ts";
import { inZone, readSchedule, type ScheduleOption, type ScheduleValue } from "./schedule.ts";
import { askedTimetable, type TimetableFunction } from "./timetable.ts";
import { readDefaults, type TaskDefaults, type TaskSettings } from "../task/task-options.ts";

export type DagOptions<S = undefined> = RunCallbackOptions & {
  /** When runs are made. Default null: by hand only. */
  readonly schedule?: ScheduleOption | null;
  /**
   * Dated instances of assets that runs wait for and are given, by name: `{ clicks: instances(clicks, { from: -23 }) }`. Needs a
   * schedule that a clock decides. While a run waits it takes no place of `maxActiveRuns`.
   */
  readonly inputs?: Inputs;
  /** A run that waits for its inputs for longer fails. Default: no limit. */
  readonly inputTimeout?: Duration;
  /**
   * Of scheduled runs whose inputs are there: which starts first, "oldest" or "newest". With "last" those older than the newest
   * that has its inputs are left out, with "none" those that could not start within a minute. Default "oldest".
   */
  readonly inputOrder?: InputOrder;
  /** No automated run is due, or with intervals is about anything, before this. */
  readonly startDate?: Instant;
  /** No automated run is due, or with intervals begins to be about anything, after this. */
  readonly endDate?: Instant;
  /** Whether runs missed since the start date are made up, oldest first; else only the newest counts. Default false. */
  readonly catchup?: boolean;
  /**
   * What a tick does while an automated run is not final: makes another one ("allow"), is left out ("forbid"), or cancels that
   * run and makes another ("replace"). Default "allow".
   */
  readonly overlap?: DagSpec["overlap"];
  /** A tick that is later than this when it could become a run is left out. Default: no limit. */
  readonly startingDeadline?: Duration;
  /** So many automated runs that fail in a row pause the DAG. Default 0: never. */
  readonly maxConsecutiveFailedRuns?: number;
  /**
   * How many finished runs are kept, of each run type: the newest. Older ones are deleted with their task instances, values and
   * logs. Default: all.
   */
  readonly history?: { readonly successful?: number; readonly failed?: number };
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
  /** Running tasks over all runs. Default: no limit. */
  readonly maxActiveTasksPerDag?: number;
  /** One run at a time for each value of this: of a param, or of several as a list. `(params) => params.customer`. */
  concurrencyKey?(params: ParamRefs<ParamsOf<S>>): unknown;
  /**
   * What becomes of a run whose key another run has: it waits ("queue"), it is cancelled ("cancelNewest"), or the others are
   * cancelled and it starts when they have ended ("cancelOldest"). Default "queue".
   */
  readonly whenKeyBusy?: "queue" | "cancelNewest" | "cancelOldest";
  /** A run that takes longer fails. Default: no limit. */
  readonly dagrunTimeout?: Duration;
  /** By when a run is to have succeeded. Default: no deadline. */
  readonly deadline?: Deadlines;
  /** Whether the first task that fails for good ends the run. Default false. */
  readonly failFast?: boolean;
  /** Whether a new DAG starts paused. Default false. */
  readonly paused?: boolean;
  /** The line in which callbacks of its runs wait for a worker. Default "default". */
  readonly callbackQueue?: string;
};

/** Options as read; names as people write them, values as the engine wants them. */
type ReadDag = {
  schedule: ScheduleValue | null;
  inputs: InputTerm;
  inputTimeout: number;
  inputOrder: InputOrder;
  startDate: number;
  endDate: number;
  catchup: boolean;
  overlap: DagSpec["overlap"];
  startingDeadline: number;
  maxConsecutiveFailedRuns: number;
  history: { readonly successful?: number; readonly failed?: number };
  timezone: string;
  tags: readonly string[];
  owner: string;
  description: string;
  docs: string;
  params: string;
  defaults: Partial<TaskSettings>;
  maxActiveRuns: number;
  maxActiveTasks: number;
  maxActiveTasksPerDag: number;
  concurrencyKey: string;
  whenKeyBusy: "queue" | "cancelNewest" | "cancelOldest";
  dagrunTimeout: number;
  deadline: readonly DeadlineSpec[];
  failFast: boolean;
  paused: boolean;
  onSuccess: NonNullable<ReadCallbacks["onSuccess"]>;
  onFailure: NonNullable<ReadCallbacks["onFailure"]>;
  onDeadlineMissed: NonNullable<ReadCallbacks["onDeadlineMissed"]>;
  onDeadlineAtRisk: NonNullable<ReadCallbacks["onDeadlineAtRisk"]>;
  callbackQueue: string;
};

const busyRules = {
  queue: "queue",
  cancelNewest: "cancel_newest",
  cancelOldest: "cancel_oldest",
} as const satisfies Record<ReadDag["whenKeyBusy"], KeyBusyRule>;

const defaultsReader: Read<Partial<TaskSettings>> = (value, name) => {
  if (typeof value !== "object" || value === null) refuseOption(name, value, "task options");
  return readDefaults(value, name);
};

const kept = integer(0, dagLimits.keptRuns);
const historyReader: Read<ReadDag["history"]> = (value, name) => {
  if (typeof value !== "object" || value === null)
    return refuseOption(name, value, "such as { successful: 100, failed: 20 }");
  return readOptions(value, { successful: kept, failed: kept }, name);
};

const readers: { readonly [K in keyof ReadDag]: Read<ReadDag[K]> } = {
  schedule: readSchedule,
  inputs: readInputs,
  inputTimeout: positiveDuration,
  inputOrder: oneOf<InputOrder>(...inputOrders),
  startDate: instant,
  endDate: instant,
  catchup: flag,
  overlap: oneOf<DagSpec["overlap"]>("allow", "forbid", "replace"),
  startingDeadline: positiveDuration,
  maxConsecutiveFailedRuns: integer(0, dagLimits.failedRuns),
  history: historyReader,
  timezone: text,
  tags: texts,
  owner: text,
  description: text,
  docs: text,
  params: paramsSchemaText,
  defaults: defaultsReader,
  maxActiveRuns: integer(1, dagLimits.activeRuns),
  maxActiveTasks: integer(1, dagLimits.activeTasks),
  maxActiveTasksPerDag: integer(1, dagLimits.activeTasks),
  concurrencyKey: readConcurrencyKey,
  whenKeyBusy: oneOf<ReadDag["whenKeyBusy"]>("queue", "cancelNewest", "cancelOldest"),
  dagrunTimeout: positiveDuration,
  deadline: readDeadlines,
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
  /** Functions that the control plane asks, by the option that holds them. */
  readonly called: Readonly<Record<string, Body>>;
  /** The function of a timetable of its own. */
  readonly timetable: TimetableFunction | null;
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
  if (read.whenKeyBusy !== undefined && read.concurrencyKey === undefined) {
    throw new MillraceError(
      "DAG_INVALID",
      `DAG "${dagId}": option "whenKeyBusy" needs option "concurrencyKey"; write (params) => params.customer`,
    );
  }
  for (const name of ["inputTimeout", "inputOrder"] as const)
    if (read[name] !== undefined && read.inputs === undefined)
      throw new MillraceError(
        "DAG_INVALID",
        `DAG "${dagId}": option "${name}" needs option "inputs"; say what runs wait for, or leave it out`,
      );
  const { onSuccess = [], onFailure = [], onDeadlineMissed = [], onDeadlineAtRisk = [] } = read;
  const callbacks = { onSuccess, onFailure, onDeadlineMissed, onDeadlineAtRisk };
  const spec: DagSettings["spec"] = {
    dagId,
    schedule: inZone(schedule, timezone),
    description: read.description ?? "",
    docs: read.docs ?? "",
    tags: read.tags ?? [],
    owner: read.owner ?? "",
    paramsSchema: read.params ?? null,
    maxActiveRuns: read.maxActiveRuns ?? 16,
    maxActiveTasks: read.maxActiveTasks ?? 16,
    maxActiveTasksPerDag: read.maxActiveTasksPerDag ?? null,
    concurrencyKey:
      read.concurrencyKey === undefined
        ? null
        : { expression: read.concurrencyKey, whenBusy: busyRules[read.whenKeyBusy ?? "queue"] },
    dagrunTimeoutMs: read.dagrunTimeout ?? null,
    failFast: read.failFast ?? false,
    callbacks: callbackSpecs("", callbacks),
    callbackQueue: read.callbackQueue ?? "default",
    deadlines: read.deadline ?? [],
    inputs:
      read.inputs === undefined
        ? null
        : {
            term: read.inputs,
            timeoutMs: read.inputTimeout ?? null,
            order: read.inputOrder ?? "oldest",
          },
    startDate,
    endDate,
    catchup: read.catchup ?? false,
    overlap: read.overlap ?? "allow",
    startingDeadlineMs: read.startingDeadline ?? null,
    maxConsecutiveFailedRuns: read.maxConsecutiveFailedRuns ?? 0,
    keptSuccessfulRuns: read.history?.successful ?? null,
    keptFailedRuns: read.history?.failed ?? null,
    startPaused: read.paused ?? false,
  };
  return {
    defaults: read.defaults ?? {},
    callbacks,
    called: schedule?.kind === "custom" ? { schedule: askedTimetable(schedule.next, spec) } : {},
    timetable: schedule?.kind === "custom" ? schedule.next : null,
    spec,
  };
}
