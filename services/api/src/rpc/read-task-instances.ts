import { listEarlierAttempts, listXComs, viewTaskInstance } from "@millrace/db";
import type { Handler } from "@millrace/service";
import { TaskState, type TaskInstanceService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { apiLimits } from "../limits.ts";
import { attemptMessage, taskInstanceMessage } from "../messages/task-instance.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import {
  readStates,
  readTaskInstances,
  requireRun,
  requireTaskInstance,
} from "../task-instance-reading.ts";
import { enumField } from "./read-dag-runs.ts";

const limits = { default: apiLimits.taskInstancePageDefault, max: apiLimits.taskInstancePageMax };

/** In topological order, which is the order of the graph's numbers. */
export function listTaskInstances(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.listTaskInstances> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, limits);
    const wanted = enumField("states", request.states, TaskState);
    const filters = ["task_instances", request.runId, wanted];
    const afterIx = positionOf(request.pageToken, filters, isCount) ?? -1;
    const found = await requireRun(context, request.runId);
    const states = await readStates(context, found);
    const ixs: number[] = [];
    for (let ix = afterIx + 1; ix < states.length && ixs.length <= limit; ix++) {
      if (wanted.length === 0 || wanted.includes(states[ix] as TaskState)) ixs.push(ix);
    }
    const { rows: page, last } = cutPage(ixs, limit);
    return {
      taskInstances: await readTaskInstances(context, found, { ixs: page, states }),
      nextPageToken: last === null ? "" : tokenAfter(filters, last),
    };
  };
}

export function getTaskInstance(
  context: ApiContext,
): Handler<typeof TaskInstanceService.method.getTaskInstance> {
  return async (request) => {
    const found = await requireTaskInstance(context, request);
    const row = await viewTaskInstance(context.db, found.key);
    if (row === null) {
      const states = await readStates(context, found);
      const [taskInstance] = await readTaskInstances(context, found, {
        ixs: [found.key.ix],
        states,
      });
      return taskInstance === undefined ? {} : { taskInstance };
    }
    const earlier = await listEarlierAttempts(context.db, found.key);
    const attempts =
      row.attempt === 0
        ? earlier
        : [...earlier.filter(({ attempt }) => attempt < row.attempt), row];
    return {
      taskInstance: taskInstanceMessage(found.dag, found.key.runKey, row),
      attempts: attempts.map(attemptMessage),
    };
  };
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
    return {
      xcoms: [...returned, ...others].map(({ key: name, value }) => ({
        key: name,
        value: { data: Uint8Array.from(value) },
      })),
    };
  };
}
