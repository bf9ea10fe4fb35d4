/** What bodies pull from other tasks of a run in memory: there is no other run. */

import {
  instanceCount,
  instanceState,
  isMapped,
  TaskState,
  type ReasonName,
} from "@millrace/engine";
import type { Answer, Ask } from "@millrace/sdk/spec";
import type { Sources } from "./values.ts";

type PullRequest = Extract<Ask, { kind: "pull" }>["request"];
type Pulled = Extract<Answer, { kind: "pulled" }>;

export function pullFrom(from: Sources, request: PullRequest): Answer {
  const { run, facts } = from;
  const { runId, dagId, taskIds } = request;
  if (runId !== null && runId !== facts.id)
    return refused(
      "RUN_NOT_FOUND",
      `There is no run "${runId}": in a test there is only this one.`,
    );
  if (dagId !== "" && dagId !== facts.dagId)
    return refused("RUN_NOT_FOUND", `There is no run of DAG "${dagId}" in a test of another.`);
  const xcoms: Pulled["xcoms"][number][] = [];
  const mappedTaskIds: string[] = [];
  for (const taskId of taskIds) {
    const ix = run.dag.ixOf.get(taskId);
    if (ix === undefined)
      return refused("TASK_NOT_FOUND", `DAG "${facts.dagId}" has no task "${taskId}".`);
    if (isMapped(run, ix)) mappedTaskIds.push(taskId);
    xcoms.push(...leftBy(from, { taskId, ix }, request));
  }
  return { kind: "pulled", xcoms, mappedTaskIds };
}

function leftBy(
  { run, records }: Sources,
  { taskId, ix }: { readonly taskId: string; readonly ix: number },
  { key, mapIndexes }: PullRequest,
): Pulled["xcoms"][number][] {
  const all = isMapped(run, ix)
    ? Array.from({ length: instanceCount(run, ix) }, (_, mapIx) => mapIx)
    : [-1];
  const asked = mapIndexes.length === 0 ? all : all.filter((mapIx) => mapIndexes.includes(mapIx));
  return asked.flatMap((mapIx) => {
    const { out, xcoms } = records.peek({ ix, mapIx });
    const isThere = instanceState(run, ix, mapIx) !== TaskState.removed;
    const data = key === "return_value" ? out : xcoms[key];
    return isThere && data ? [{ taskId, mapIndex: mapIx, data }] : [];
  });
}

function refused(reason: ReasonName, message: string): Answer {
  return { kind: "refused", reason, message };
}
