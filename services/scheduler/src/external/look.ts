/** Looks for runs of other DAGs that tasks wait for: many waits with three statements. */

import {
  getDags,
  listExternalRuns,
  listExternalTasks,
  type Database,
  type ExternalRunQuery,
  type ExternalRunRow,
  type ExternalTaskRow,
} from "@millrace/db";
import {
  runStateName,
  taskStateName,
  type CompiledDag,
  type ExternalFound,
  type ExternalPart,
  type ExternalRun,
  type ExternalWait,
} from "@millrace/engine";
import { runIdOf, runKeyOf } from "@millrace/wire";
import type { Versions } from "../shards/versions.ts";

type LookParts = { readonly db: Database; readonly versions: Versions };

/** What there is of each, in order. */
export async function lookFor(
  { db, versions }: LookParts,
  waits: readonly ExternalWait[],
): Promise<ExternalFound[]> {
  const [heads, rows] = await Promise.all([
    getDags(db, [...new Set(waits.map(({ dagId }) => dagId))]),
    listExternalRuns(db, waits.flatMap(queriesOf)),
  ]);
  const byDag = new Map(heads.map((head) => [head.dag_id, head]));
  const newestOf = ({ dagId }: ExternalWait): number[] => {
    const head = byDag.get(dagId);
    return head === undefined ? [] : [head.dag_version_id];
  };
  const withParts = waits.filter(hasParts);
  const partRows = rows.filter(({ at }) => hasParts(waits[at]!));
  await versions.load([
    ...withParts.flatMap(newestOf),
    ...partRows.map((row) => row.dag_version_id),
  ]);
  const dagOf = (row: ExternalRunRow): CompiledDag | null =>
    versions.get(row.dag_version_id)?.compiled ?? null;
  const asked = partRows.flatMap((row) => tasksIn(waits[row.at]!, row, dagOf(row)));
  const tasks = Map.groupBy(await listExternalTasks(db, distinct(asked)), (row) =>
    keyOf(row.run_id, row.ix),
  );
  const byWait = Map.groupBy(rows, ({ at }) => at);
  return waits.map((wait, at) => {
    const head = byDag.get(wait.dagId);
    const newest = hasParts(wait) ? versions.get(head?.dag_version_id ?? 0)?.compiled : undefined;
    const ofDag = (byWait.get(at) ?? []).filter((row) => row.dag_id === wait.dagId);
    return {
      dag: head === undefined ? "missing" : head.is_active ? "there" : "inactive",
      ...unknownIn(wait, newest),
      runs: ofDag.map((row) => runOf(wait, row, dagOf(row), tasks)),
    };
  });
}

function hasParts({ taskIds, groupIds }: ExternalWait): boolean {
  return taskIds.length + groupIds.length > 0;
}

function queriesOf({ dagId, runId, logicalDates }: ExternalWait, at: number): ExternalRunQuery[] {
  if (runId === null) return logicalDates.map((logicalAt) => ({ at, dagId, logicalAt }));
  const runKey = runKeyOf(runId);
  return runKey === null ? [] : [{ at, runKey }];
}

function unknownIn(
  { taskIds, groupIds }: ExternalWait,
  dag: CompiledDag | undefined,
): Pick<ExternalFound, "unknownTaskIds" | "unknownGroupIds"> {
  if (dag === undefined) return { unknownTaskIds: [], unknownGroupIds: [] };
  const groups = new Set(dag.spec.groups.map(({ id }) => id));
  return {
    unknownTaskIds: taskIds.filter((id) => !dag.ixOf.has(id)),
    unknownGroupIds: groupIds.filter((id) => !groups.has(id)),
  };
}

type Task = { readonly runKey: number; readonly ix: number };

function tasksIn(wait: ExternalWait, { id }: ExternalRunRow, dag: CompiledDag | null): Task[] {
  if (dag === null) return [];
  const ixs = [
    ...wait.taskIds.flatMap((taskId) => dag.ixOf.get(taskId) ?? []),
    ...wait.groupIds.flatMap((groupId) => ixsOfGroup(dag, groupId)),
  ];
  return ixs.map((ix) => ({ runKey: id, ix }));
}

function distinct(tasks: readonly Task[]): Task[] {
  return [...new Map(tasks.map((task) => [keyOf(task.runKey, task.ix), task])).values()];
}

function keyOf(runKey: number, ix: number): string {
  return `${runKey} ${ix}`;
}

/** The tasks of a group and of those inside it. */
function ixsOfGroup({ spec, tasks }: CompiledDag, groupId: string): number[] {
  const inside = new Set([groupId]);
  // Parents come before children.
  for (const { id, parentId } of spec.groups)
    if (parentId !== null && inside.has(parentId)) inside.add(id);
  return tasks.flatMap((task, ix) =>
    task.groupId !== null && inside.has(task.groupId) ? [ix] : [],
  );
}

function runOf(
  wait: ExternalWait,
  row: ExternalRunRow,
  dag: CompiledDag | null,
  tasks: ReadonlyMap<string, readonly ExternalTaskRow[]>,
): ExternalRun {
  const part = (kind: ExternalPart["kind"], id: string, ixs: readonly number[]): ExternalPart => ({
    kind,
    id,
    exists: ixs.length > 0,
    counts: countsOf(ixs.map((ix) => tasks.get(keyOf(row.id, ix)) ?? [])),
  });
  const { taskIds, groupIds } = wait;
  return {
    runId: runIdOf(row.id),
    runName: row.run_name,
    logicalDate: row.logical_at?.getTime() ?? null,
    state: runStateName(row.state),
    // A version that cannot be read here has nothing that could be looked at.
    parts: [
      ...taskIds.map((id) => part("task", id, ixIn(dag, id))),
      ...groupIds.map((id) => part("group", id, dag === null ? [] : ixsOfGroup(dag, id))),
    ],
  };
}

function ixIn(dag: CompiledDag | null, taskId: string): number[] {
  const ix = dag?.ixOf.get(taskId);
  return ix === undefined ? [] : [ix];
}

/** By state, over tasks; instances without a row have not begun. */
function countsOf(tasks: readonly (readonly ExternalTaskRow[])[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (state: string, count: number): void => {
    if (count > 0) counts[state] = (counts[state] ?? 0) + count;
  };
  for (const rows of tasks) {
    let begun = 0;
    for (const { state, count } of rows) {
      if (state === null) continue;
      begun += count;
      add(taskStateName(state), count);
    }
    add("none", (rows[0]?.length ?? 1) - begun);
  }
  return counts;
}
