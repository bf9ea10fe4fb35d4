/** What `context().xcom.pull` asks for and gives back: the table of docs/xcoms.md, as functions of nothing else. */

import { MillraceError } from "@millrace/engine";
import { xcomKeyCharsMax, pulledTasksMax } from "../limits.ts";

/** The key of what a body returned. */
export const returnKey = "return_value";

export type PullOptions = {
  /** Whose values: one task's, or those of several. Default: those of this task; of this instance when it is mapped. */
  readonly tasks?: string | readonly string[] | undefined;
  /** Under which key they were left. Default "return_value": what the body returned. */
  readonly key?: string | undefined;
  /** Only of these instances; null is the one of a task that is not mapped. Default: of all. */
  readonly mapIndexes?: number | null | readonly (number | null)[] | undefined;
  /** Stands for a value that was not left. Default undefined. */
  readonly default?: unknown;
  /**
   * Takes each task's values from the newest run in which it left any, among the present one and those with no later
   * logical date. Default false: from this run alone.
   */
  readonly includePriorDates?: boolean | undefined;
  /** The run to look into. Default: this one. Not together with `includePriorDates`. */
  readonly runId?: string | undefined;
  /** The DAG to look into; only with `runId` or `includePriorDates`. Default: this one. */
  readonly dagId?: string | undefined;
};

/** Who asks. `mapIndex` is null for a task that is not mapped. */
export type PullingTask = { readonly id: string; readonly mapIndex: number | null };

/** What the server is asked. Indexes are -1 for tasks that are not mapped; none means all. */
export type PullRequest = {
  readonly taskIds: readonly string[];
  readonly key: string;
  readonly mapIndexes: readonly number[];
  readonly runId: string | null;
  readonly includePriorDates: boolean;
  readonly dagId: string;
};

export type Pulled = {
  readonly xcoms: readonly {
    readonly taskId: string;
    readonly mapIndex: number;
    readonly value: unknown;
  }[];
  readonly mappedTaskIds: readonly string[];
};

const notMapped = -1;

type Meant = {
  readonly taskIds: readonly string[];
  readonly isOneTask: boolean;
  /** Null: all that there are. */
  readonly mapIndexes: readonly number[] | null;
  readonly isOneIndex: boolean;
};

/** Null when nothing is asked for. @throws MillraceError FIELD_INVALID naming the option and its value. */
export function pullRequestOf(options: PullOptions, own: PullingTask): PullRequest | null {
  const { taskIds, mapIndexes } = meantBy(options, own);
  const { key = returnKey, runId, includePriorDates = false, dagId } = options;
  if (key === "" || key.length > xcomKeyCharsMax)
    throw invalid("key", key, `must have 1 to ${xcomKeyCharsMax} characters`);
  if (runId !== undefined && includePriorDates)
    throw invalid("runId", runId, "goes without includePriorDates; leave one of them out");
  if (dagId !== undefined && runId === undefined && !includePriorDates)
    throw invalid("dagId", dagId, "needs runId or includePriorDates, which say in which run");
  const asked = [...new Set(taskIds)];
  if (asked.length > pulledTasksMax)
    throw invalid("tasks", asked.length, `may name at most ${pulledTasksMax} tasks`);
  if (asked.length === 0 || mapIndexes?.length === 0) return null;
  return {
    taskIds: asked,
    key,
    mapIndexes: [...new Set(mapIndexes)],
    runId: runId ?? null,
    includePriorDates,
    dagId: dagId ?? "",
  };
}

/**
 * One task, all its instances: what it left; of a mapped task the list of what its instances left, however many they are.
 * Several tasks: one list of all that, in the order of the tasks. With indexes: one value for each task and index, a list
 * unless one task and one index were asked for. What is missing is `default`, also where nothing was left by a task that
 * is not mapped; a null that was left is a null.
 */
export function pulledValue(options: PullOptions, own: PullingTask, pulled: Pulled): unknown {
  const { taskIds, isOneTask, mapIndexes, isOneIndex } = meantBy(options, own);
  const byTask = new Map<string, Map<number, unknown>>();
  for (const { taskId, mapIndex, value } of pulled.xcoms) {
    const values = byTask.get(taskId) ?? new Map<number, unknown>();
    byTask.set(taskId, values.set(mapIndex, value));
  }
  const at = (taskId: string, mapIndex: number): unknown => {
    const values = byTask.get(taskId);
    return values?.has(mapIndex) === true ? values.get(mapIndex) : options.default;
  };
  if (mapIndexes !== null) {
    const list = taskIds.flatMap((taskId) => mapIndexes.map((mapIndex) => at(taskId, mapIndex)));
    return isOneTask && isOneIndex ? list[0] : list;
  }
  const mapped = new Set(pulled.mappedTaskIds);
  const all = (taskId: string): unknown[] =>
    [...(byTask.get(taskId) ?? [])].toSorted(([one], [other]) => one - other).map(([, it]) => it);
  const [only = ""] = taskIds;
  if (isOneTask) return mapped.has(only) ? all(only) : at(only, notMapped);
  return taskIds.flatMap((taskId) => (mapped.has(taskId) ? all(taskId) : [at(taskId, notMapped)]));
}

function meantBy({ tasks, mapIndexes }: PullOptions, own: PullingTask): Meant {
  const isOneTask = tasks === undefined || typeof tasks === "string";
  const taskIds = tasks === undefined ? [own.id] : typeof tasks === "string" ? [tasks] : tasks;
  if (!Array.isArray(taskIds) || taskIds.some((id) => typeof id !== "string" || id === ""))
    throw invalid("tasks", tasks, "must be the id of a task, or a list of them");
  // A mapped task means its own instance when it speaks of itself.
  if (mapIndexes === undefined && (tasks !== undefined || own.mapIndex === null))
    return { taskIds, isOneTask, mapIndexes: null, isOneIndex: false };
  const given = mapIndexes === undefined ? own.mapIndex : mapIndexes;
  const isOneIndex = !Array.isArray(given);
  const indexes = (isOneIndex ? [given] : given) as readonly (number | null)[];
  return { taskIds, isOneTask, mapIndexes: indexes.map(indexOf), isOneIndex };
}

function indexOf(given: number | null): number {
  if (given === null) return notMapped;
  if (Number.isSafeInteger(given) && given >= 0) return given;
  throw invalid(
    "mapIndexes",
    given,
    "must be whole numbers from 0, or null for tasks that are not mapped",
  );
}

function invalid(option: string, value: unknown, rule: string): MillraceError {
  const shown = JSON.stringify(value) ?? String(value);
  return new MillraceError(
    "FIELD_INVALID",
    `option "${option}" of xcom.pull is ${shown.slice(0, 200)}: it ${rule}`,
    { metadata: { field: option } },
  );
}
