import { listAttempts, listXComs, viewTaskInstance } from "@millrace/db";
import { TaskState as State } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import { TaskState, type TaskInstance, type TaskInstanceService } from "@millrace/wire/v1";
import { listedValues } from "../blobs/whole-value.ts";
import type { ApiContext } from "../context.ts";
import { apiLimits } from "../limits.ts";
import { readInstances } from "../mapped-instances.ts";
import { attemptMessage, taskInstanceMessage } from "../messages/task-instance.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import {
  readStates,
  readTasks,
  requireRun,
  requireTask,
  requireTaskInstance,
  type Found,
} from "../task-instance-reading.ts";
import { isMappedTask, type RunStates } from "../task-instances.ts";
import { enumField } from "./read-dag-runs.ts";

const limits = { default: apiLimits.taskInstancePageDefault, max: apiLimits.taskInstancePageMax };

type ListRequest = Parameters<Handler<typeof TaskInstanceService.method.listTaskInstances>>[0];
type Page = { readonly taskInstances: TaskInstance[]; readonly nextPageToken: string };

/** Tasks in topological order, which is the order of the graph's numbers; or the instances of one, by index. */
export function listTaskInstances(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.listTaskInstances> {
  return (request) =>
    request.taskId === "" ? listTasks(context, request) : listInstances(context, request);
}

async function listTasks(context: ApiContext, request: ListRequest): Promise<Page> {
  const limit = pageSizeOf(request.pageSize, limits);
  const wanted = statesField(request);
  const filters = ["task_instances", request.runId, wanted];
  const afterIx = positionOf(request.pageToken, filters, isCount) ?? -1;
  const found = await requireRun(context, request.runId);
  const states = await readStates(context, found);
  const ixs: number[] = [];
  for (let ix = afterIx + 1; ix < states.states.length && ixs.length <= limit; ix++) {
    if (wanted.length === 0 || wanted.some((state) => isAnyIn(states, ix, state))) ixs.push(ix);
  }
  const { rows: page, last } = cutPage(ixs, limit);
  return {
    taskInstances: await readTasks(context, found, { ixs: page, states }),
    nextPageToken: last === null ? "" : tokenAfter(filters, last),
  };
}

/** Whether any instance of a task is in a state. */
function isAnyIn({ mapped, states }: RunStates, ix: number, state: State): boolean {
  const instances = mapped.get(ix);
  return instances === undefined ? states[ix] === state : (instances.counts[state] ?? 0) > 0;
}

async function listInstances(context: ApiContext, request: ListRequest): Promise<Page> {
  const limit = pageSizeOf(request.pageSize, limits);
  const wanted = statesField(request);
  const filters = ["mapped_instances", request.runId, request.taskId, wanted];
  const afterMapIx = positionOf(request.pageToken, filters, isCount) ?? -1;
  const { ix, ...found } = await requireTask(context, request);
  const states = await readStates(context, found);
  if (!isMappedTask(found.dag, ix)) {
    const isWanted = wanted.length === 0 || wanted.some((state) => isAnyIn(states, ix, state));
    const ixs = isWanted ? [ix] : [];
    return { taskInstances: await readTasks(context, found, { ixs, states }), nextPageToken: "" };
  }
  const page = { ix, wanted, afterMapIx, limit };
  const { instances, last } = await readInstances(context, found, states, page);
  return {
    taskInstances: instances,
    nextPageToken: last === null ? "" : tokenAfter(filters, last),
  };
}

function statesField({ states }: ListRequest): State[] {
  return enumField("states", states, TaskState) as number[] as State[];
}

export function getTaskInstance(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.getTaskInstance> {
  return async (request) => {
    const found = await requireTaskInstance(context, request, { asWhole: true });
    const [row, attempts] = await Promise.all([
      viewTaskInstance(context.db, found.key),
      listAttempts(context.db, found.key),
    ]);
    const isWhole = found.key.mapIx < 0 && isMappedTask(found.dag, found.key.ix);
    const taskInstance =
      row !== null && row.state !== State.none && !isWhole
        ? taskInstanceMessage(found.dag, found.key.runKey, row)
        : await readOne(context, found);
    return { ...(taskInstance && { taskInstance }), attempts: attempts.map(attemptMessage) };
  };
}

/** One of which the rows of others have to tell. */
async function readOne(context: ApiContext, found: Found): Promise<TaskInstance | undefined> {
  const { ix, mapIx } = found.key;
  const states = await readStates(context, found);
  if (mapIx < 0) return (await readTasks(context, found, { ixs: [ix], states }))[0];
  const page = { ix, wanted: [], afterMapIx: mapIx - 1, limit: 1 };
  return (await readInstances(context, found, states, page)).instances[0];
}

/** The state of a task instance, whether it has a row or not. */
export async function stateOf(context: ApiContext, found: Found): Promise<State> {
  return ((await readOne(context, found))?.state ?? State.none) as State;
}

export function listXComsOf(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.listXComs> {
  return async (request) => {
    const { key } = await requireTaskInstance(context, request);
    const [row, others] = await Promise.all([
      viewTaskInstance(context.db, key),
      listXComs(context.db, key),
    ]);
    const returned = row?.out ? [{ key: "return_value", value: row.out }] : [];
    const all = [...returned, ...others];
    const values = await listedValues(
      context.blobs.store,
      all.map(({ value }) => value),
    );
    return {
      xcoms: values.map(({ data, size }, index) => ({
        key: all[index]?.key ?? "",
        ...(data !== null && { value: { data } }),
        size: BigInt(size),
      })),
    };
  };
}
