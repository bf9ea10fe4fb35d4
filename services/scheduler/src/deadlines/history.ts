/** How long the newest runs of a DAG took, and their tasks: what averages and estimates are made of. */

import { listEndedRuns, listTaskSpans, type EndedRun } from "@millrace/db";
import type { DagSpec, DeadlineSpec } from "@millrace/engine";
import type { Owner } from "../owner.ts";
import type { Version } from "../runs/run.ts";
import type { Versions } from "../shards/versions.ts";
import type { History } from "./deadline.ts";

/** Runs that durations are taken from. */
const estimatedRuns = 10;
/** Task instances looked at for them, about: of wide DAGs fewer runs count. */
const rowsMax = 200_000;

export function hasDeadlines({ deadlines, tasks }: DagSpec): boolean {
  return deadlines.length > 0 || tasks.some((task) => task.deadlines.length > 0);
}

export async function readHistory(
  { owner, versions }: { readonly owner: Owner; readonly versions: Versions },
  { compiled: { spec } }: Version,
): Promise<History> {
  const ofTasks = Math.max(estimatedRuns, ...spec.tasks.map((task) => averaged(task.deadlines)));
  const ofRuns = Math.max(ofTasks, averaged(spec.deadlines));
  const runs = await listEndedRuns(owner.db, spec.dagId, ofRuns);
  const room = Math.max(1, Math.floor(rowsMax / spec.tasks.length));
  const looked = runs.slice(0, Math.min(ofTasks, room));
  await versions.load(looked.map((run) => run.dagVersionId));
  const spans = await listTaskSpans(
    owner.db,
    looked.map((run) => run.id),
  );
  const byRun = Map.groupBy(spans, (span) => span.runId);
  const taskEnds = new Map<string, number[]>();
  const durations = new Map<string, number[]>();
  for (const run of looked)
    for (const { ix, startedAt, endedAt } of byRun.get(run.id) ?? []) {
      const taskId = taskIdOf(versions, run, ix);
      if (taskId === undefined) continue;
      add(taskEnds, taskId, endedAt - run.startedAt);
      add(durations, taskId, endedAt - startedAt);
    }
  return {
    runtimes: runs.map((run) => run.endedAt - run.startedAt),
    taskEnds,
    durations: new Map(
      [...durations].map(([taskId, all]) => [taskId, median(all.slice(0, estimatedRuns))]),
    ),
  };
}

/** How many runs the averages of these are over. */
function averaged(deadlines: readonly DeadlineSpec[]): number {
  const counts = deadlines.map(({ reference }) =>
    reference.kind === "average_runtime" ? reference.maxRuns : 0,
  );
  return Math.max(0, ...counts);
}

/** Tasks have other numbers in other versions. */
function taskIdOf(versions: Versions, run: EndedRun, ix: number): string | undefined {
  return versions.get(run.dagVersionId)?.compiled.taskIds[ix];
}

function add(lists: Map<string, number[]>, key: string, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function median(all: readonly number[]): number {
  const sorted = all.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
