/** What several handlers need to answer about task instances. */

import { create } from "@bufbuild/protobuf";
import {
  getRun,
  readTaskStates,
  summarizeMappedTasks,
  viewTaskInstance,
  viewTaskInstances,
  type RunRow,
  type TaskInstanceKey,
  type TaskInstanceView,
} from "@millrace/db";
import { MillraceError, TaskState, type CompiledDag } from "@millrace/engine";
import { MappedSummarySchema, type TaskInstance } from "@millrace/wire/v1";
import type { ApiContext } from "./context.ts";
import { runIdField, runNotFound, shown } from "./fields.ts";
import {
  mappedTaskMessage,
  taskInstanceMessage,
  unstartedTaskInstance,
} from "./messages/task-instance.ts";
import { isMappedTask, parentsOf, runStatesOf, type RunStates } from "./task-instances.ts";

type Reading = Pick<ApiContext, "db" | "versions">;

export type RunWithDag = { readonly run: RunRow; readonly dag: CompiledDag };

/** @throws MillraceError RUN_NOT_FOUND */
export async function requireRun({ db, versions }: Reading, runId: string): Promise<RunWithDag> {
  const run = await getRun(db, runIdField(runId));
  if (run === null) throw runNotFound(runId);
  const { dag } = await versions.get(run.dag_version_id);
  return { run, dag };
}

/** A task of a run, found or refused. */
export type Found = RunWithDag & { readonly key: TaskInstanceKey };

type Asked = {
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex?: number | undefined;
};

/** @throws MillraceError RUN_NOT_FOUND, TASK_NOT_FOUND */
export async function requireTask(
  context: Reading,
  { runId, taskId }: Pick<Asked, "runId" | "taskId">,
): Promise<RunWithDag & { readonly ix: number }> {
  const found = await requireRun(context, runId);
  const ix = found.dag.ixOf.get(taskId);
  if (ix === undefined) throw taskNotFound({ runId, taskId }, "The run has no task $.");
  return { ...found, ix };
}

/**
 * One task instance. Of a mapped task the index must be given, and be one of its instances; what stands for all of them
 * is no instance, and found only `asWhole`.
 *
 * @throws MillraceError RUN_NOT_FOUND, TASK_NOT_FOUND
 */
export async function requireTaskInstance(
  context: Reading,
  request: Asked,
  { asWhole = false }: { readonly asWhole?: boolean } = {},
): Promise<Found> {
  const { run, dag, ix } = await requireTask(context, request);
  const mapIx = request.mapIndex ?? notMapped;
  const key = { runKey: run.id, ix, mapIx };
  if (!isMappedTask(dag, ix)) {
    if (mapIx === notMapped) return { run, dag, key };
    const what = `is not mapped and has no instance with map_index ${mapIx}; leave map_index out.`;
    throw taskNotFound(request, `The task $ ${what}`);
  }
  if (asWhole && mapIx === notMapped) return { run, dag, key };
  // Instances that were removed are beyond the length; what they did is history all the same.
  if (mapIx >= 0 && (await viewTaskInstance(context.db, key)) !== null) return { run, dag, key };
  const length = await lengthOf(context, run.id, ix);
  if (mapIx === notMapped ? length === 0 : mapIx >= 0 && mapIx < length) return { run, dag, key };
  throw taskNotFound(request, mappedProblem(mapIx, length));
}

/** How many instances a mapped task has for certain; 0 before it is expanded. */
async function lengthOf({ db }: Reading, runKey: number, ix: number): Promise<number> {
  const [task] = (await summarizeMappedTasks(db, [runKey], [ix])).get(runKey) ?? [];
  if (task === undefined) return 0;
  return task.length ?? [...task.counts.values()].reduce((sum, count) => sum + count, 0);
}

function mappedProblem(mapIx: number, length: number): string {
  if (length === 0) return `The mapped task $ has no instance with map_index ${mapIx} yet.`;
  if (mapIx === notMapped)
    return `The task $ is mapped; say which of its instances with map_index, 0 to ${length - 1}.`;
  return `The mapped task $ has no instance with map_index ${mapIx}; it has 0 to ${length - 1}.`;
}

function taskNotFound({ runId, taskId, mapIndex }: Asked, message: string): MillraceError {
  return new MillraceError(
    "TASK_NOT_FOUND",
    message.replace("$", () => shown(taskId)),
    {
      metadata: {
        run_id: runId,
        task_id: taskId.slice(0, 250),
        ...(mapIndex === undefined ? {} : { map_index: String(mapIndex) }),
      },
    },
  );
}

/** What the wire means by a task that is not mapped. */
const notMapped = -1;

/** The states of a run's tasks, and of the instances of mapped ones in numbers. */
export async function readStates({ db }: Reading, { run, dag }: RunWithDag): Promise<RunStates> {
  const [states, mapped] = await Promise.all([
    readTaskStates(db, [run.id]),
    summarizeMappedTasks(db, [run.id], null),
  ]);
  return runStatesOf(dag, {
    states: states.get(run.id) ?? { ixs: [], states: [] },
    mapped: mapped.get(run.id) ?? [],
    runState: run.state,
  });
}

/** One entry for each of these tasks, in their order; for mapped ones it stands for all instances. */
export async function readTasks(
  { db }: Reading,
  { run, dag }: RunWithDag,
  { ixs, states: known }: { readonly ixs: readonly number[]; readonly states: RunStates },
): Promise<TaskInstance[]> {
  const { states, mapped } = known;
  const ready = ixs.filter((ix) => states[ix] === TaskState.scheduled && !mapped.has(ix));
  const single = [...ixs, ...ready.flatMap((ix) => [...parentsOf(dag, ix)])];
  const wanted = [...new Set(single)].filter((ix) => !mapped.has(ix));
  const rows = wanted.length === 0 ? [] : await viewTaskInstances(db, run.id, wanted);
  const rowOf = new Map(rows.map((row) => [row.ix, row]));
  const endOf = (ix: number) => mapped.get(ix)?.endedAt ?? rowOf.get(ix)?.ended_at ?? null;
  return ixs.map((ix) => {
    const state = (states[ix] ?? TaskState.none) as TaskState;
    const instances = mapped.get(ix);
    if (instances !== undefined)
      return mappedTaskMessage(dag, run.id, ix, { state, mapped: instances });
    const readyAt = state === TaskState.scheduled ? lastEnd(run, dag, ix, endOf) : null;
    const row = rowOf.get(ix);
    const message =
      row !== undefined && row.state !== TaskState.removed
        ? taskInstanceMessage(dag, run.id, row, waitingOf(row, { state, readyAt }))
        : unstartedTaskInstance(dag, run.id, { ix, mapIx: notMapped, state, readyAt });
    if (!isMappedTask(dag, ix)) return message;
    const length = known.expanded.get(ix)?.length ?? null;
    message.mapped = create(MappedSummarySchema, length === null ? {} : { length });
    return message;
  });
}

/** What is derived goes before a row that was cleared. */
export function waitingOf<W>(row: Pick<TaskInstanceView, "state">, waiting: W): W | null {
  return row.state === TaskState.none ? waiting : null;
}

/** When the last of the tasks before one ended. */
export function lastEnd(
  run: RunRow,
  dag: CompiledDag,
  ix: number,
  endOf: (ix: number) => Date | null,
): Date | null {
  const ends = [...parentsOf(dag, ix)].map((parent) => endOf(parent)?.getTime() ?? 0);
  const last = Math.max(0, ...ends);
  return last === 0 ? run.started_at : new Date(last);
}
