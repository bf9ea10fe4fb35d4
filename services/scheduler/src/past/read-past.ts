/** Reads what the runs before some runs say of tasks that depend on the past: many in a few statements. */

import {
  listVersionsBefore,
  readPastTasks,
  readRunsBefore,
  type BeforeQuery,
  type PastTask,
} from "@millrace/db";
import { TaskState, type CompiledDag, type PastOfTask } from "@millrace/engine";
import type { Owner } from "../owner.ts";
import type { Versions } from "../shards/versions.ts";
import type { Before, PastRead, PastSubject } from "./look.ts";

const nothing: PastRead = { before: null, tasks: new Map(), elsewhere: new Set() };

/** Answers in the order of the subjects. Each has a logical date. */
export async function readPast(
  parts: { readonly owner: Owner; readonly versions: Versions },
  subjects: readonly PastSubject[],
): Promise<PastRead[]> {
  const { owner, versions } = parts;
  const queries = subjects.map(queryOf);
  const found = await readRunsBefore(owner.db, queries);
  await versions.load(found.flatMap((row) => (row === null ? [] : [row.dagVersionId])));
  const befores = found.map((row) => {
    const version = row === null ? undefined : versions.get(row.dagVersionId);
    return row === null || version === undefined ? null : { ...row, version };
  });
  const asked = subjects.flatMap((subject, at) => tasksAsked(subject, befores[at] ?? null));
  const states = await readPastTasks(owner.db, asked);
  const byRun = Map.groupBy(states, ({ runId }) => runId);
  return Promise.all(
    subjects.map(async (subject, at) => {
      const before = befores[at] ?? null;
      if (before === null) return nothing;
      const tasks = tasksOf(before, byRun.get(before.id) ?? []);
      const elsewhere = await findElsewhere(parts, subject, queries[at]!, before);
      return { before, tasks, elsewhere };
    }),
  );
}

function queryOf({ dagId, facts, compiled }: PastSubject): BeforeQuery {
  return { dagId, logicalAt: facts.logicalAt ?? 0, isWithoutManual: compiled.spec.catchup };
}

/** The tasks of a DAG that depend on the past, and those after them that count. */
function watchedTasks({ tasks, taskIds, children, childOffsets }: CompiledDag): Set<string> {
  const watched = new Set<string>();
  for (const [ix, task] of tasks.entries()) {
    if (!task.dependsOnPast) continue;
    watched.add(task.id);
    if (!task.waitForDownstream) continue;
    for (const child of children.subarray(childOffsets[ix], childOffsets[ix + 1]))
      watched.add(taskIds[child]!);
  }
  return watched;
}

function tasksAsked({ compiled }: PastSubject, before: Before | null) {
  if (before === null) return [];
  const { ixOf } = before.version.compiled;
  return [...watchedTasks(compiled)].flatMap((taskId) => {
    const ix = ixOf.get(taskId);
    return ix === undefined ? [] : [{ runId: before.id, ix }];
  });
}

function tasksOf({ version }: Before, states: readonly PastTask[]): Map<string, PastOfTask> {
  return new Map(
    states.map((state) => [version.compiled.taskIds[state.ix] ?? "", pastOfRows(state)]),
  );
}

/** What has no row has not started. */
function pastOfRows({ fine, other, length }: PastTask): PastOfTask {
  if (other !== null) return other;
  return fine >= Math.max(1, length ?? 0) ? "fine" : { mapIx: -1, state: TaskState.none };
}

/** Looked for only where the answer counts. */
async function findElsewhere(
  { owner, versions }: { readonly owner: Owner; readonly versions: Versions },
  { compiled }: PastSubject,
  query: BeforeQuery,
  { version }: Before,
): Promise<Set<string>> {
  const elsewhere = new Set<string>();
  const lacking = new Set(
    compiled.tasks
      .filter((task) => task.dependsOnPast && task.ignoreFirstDependsOnPast)
      .map((task) => task.id)
      .filter((id) => !version.compiled.ixOf.has(id)),
  );
  if (lacking.size === 0) return elsewhere;
  for (const id of await listVersionsBefore(owner.db, query)) {
    await versions.load([id]);
    const ixOf = versions.get(id)?.compiled.ixOf;
    for (const taskId of lacking) if (ixOf?.has(taskId)) elsewhere.add(taskId);
    if (elsewhere.size === lacking.size) break;
  }
  return elsewhere;
}
