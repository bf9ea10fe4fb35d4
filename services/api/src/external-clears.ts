/** A clear that goes on to other DAGs: where it reaches a task that marks tasks elsewhere (semantics 11.2). */

import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { getRuns, listExternalRuns } from "@millrace/db";
import { isMillraceError, shardOf, type ExternalRef } from "@millrace/engine";
import { runKeyOf } from "@millrace/wire";
import { InstanceSelectionSchema, type AffectedInstance } from "@millrace/wire/v1";
import type { SendOptions } from "./commands.ts";
import type { ApiContext } from "./context.ts";
import { changeRuns, type ChangeAsked, type Changed, type Marking } from "./instance-changes.ts";
import { apiLimits } from "./limits.ts";
import type { RunRef } from "./runs-meant.ts";

/** Tasks of one run of another DAG. */
type Target = { readonly run: RunRef; readonly taskIds: readonly string[] };

/**
 * Clears, or tries to, what the cleared tasks mark in the runs of other DAGs with the same logical date, with what comes
 * after it, from DAG to DAG to a depth of `apiLimits.markDepth`. Answers everything together. Only of a clear with
 * downstream; runs and tasks that do not exist are passed over.
 */
export async function clearMarked(
  context: ApiContext,
  options: SendOptions,
  first: Changed,
  asked: ChangeAsked,
): Promise<Pick<Changed, "affected" | "affectedCount">> {
  if (asked.kind !== "clearInstances" || asked.selection?.downstream !== true) return first;
  const affected = [...first.affected];
  let { affectedCount } = first;
  /** What was cleared or asked for already, by run and task: circles end. */
  const seen = new Set(affected.map(keyOf));
  let frontier = first.marking;
  for (let level = 1; level <= apiLimits.markDepth && frontier.length > 0; level += 1) {
    const next: Marking[] = [];
    for (const marking of chunks(frontier, apiLimits.changedRunsPerBatch)) {
      const targets = freshOf(await targetsOf(context, marking), seen);
      for (const some of chunks(targets, apiLimits.changedRunsAtOnce)) {
        const clear = (target: Target) => clearOne(context, options, target, asked);
        for (const changed of await Promise.all(some.map(clear))) {
          next.push(...changed.marking);
          for (const one of changed.affected) seen.add(keyOf(one));
          affected.push(...changed.affected.slice(0, apiLimits.affectedMax - affected.length));
          affectedCount += changed.affectedCount;
        }
      }
    }
    frontier = next;
  }
  return { affected, affectedCount };
}

/** Of a mapped task one is as good as all. */
function keyOf({ runId, taskId }: AffectedInstance): string {
  return `${runKeyOf(runId) ?? 0} ${taskId}`;
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

/** What was not asked for yet; it counts as asked for from now on. */
function freshOf(targets: readonly Target[], seen: Set<string>): Target[] {
  return targets.flatMap(({ run, taskIds }) => {
    const fresh = taskIds.filter((id) => !seen.has(`${run.id} ${id}`));
    for (const id of fresh) seen.add(`${run.id} ${id}`);
    return fresh.length > 0 ? [{ run, taskIds: fresh }] : [];
  });
}

/** One for each run, whatever marks it. */
async function targetsOf(
  { db, versions }: Pick<ApiContext, "db" | "versions">,
  marking: readonly Marking[],
): Promise<Target[]> {
  const keys = marking.map(({ runKey }) => runKey);
  const runs = new Map((await getRuns(db, keys)).map((run) => [run.id, run]));
  const wanted: { readonly mark: ExternalRef; readonly logicalAt: number }[] = [];
  for (const { runKey, taskIds } of marking) {
    const run = runs.get(runKey);
    if (run === undefined || run.logical_at === null) continue;
    const { dag } = await versions.get(run.dag_version_id);
    for (const taskId of taskIds)
      for (const mark of dag.tasks[dag.ixOf.get(taskId) ?? -1]?.marks ?? [])
        wanted.push({ mark, logicalAt: run.logical_at.getTime() });
  }
  if (wanted.length === 0) return [];
  const rows = await listExternalRuns(
    db,
    wanted.map(({ mark: { dagId }, logicalAt }, at) => ({ at, dagId, logicalAt })),
  );
  const targets = new Map<number, { run: RunRef; taskIds: Set<string> }>();
  // In one order always: a call that is repeated asks the same.
  for (const { at, id, dag_id } of rows.toSorted((a, b) => a.at - b.at)) {
    const known = targets.get(id) ?? { run: { id, shard: shardOf(dag_id) }, taskIds: new Set() };
    for (const taskId of wanted[at]?.mark.taskIds ?? []) known.taskIds.add(taskId);
    targets.set(id, known);
  }
  return [...targets.values()].map(({ run, taskIds }) => ({ run, taskIds: [...taskIds] }));
}

async function clearOne(
  context: ApiContext,
  options: SendOptions,
  { run, taskIds }: Target,
  asked: ChangeAsked,
): Promise<Changed> {
  const selection = create(InstanceSelectionSchema, {
    instances: taskIds.map((taskId) => ({ taskId })),
    downstream: true,
    states: asked.selection?.states ?? [],
  });
  // A run may be reached by several ways, each of which clears other tasks of it.
  const suffix = createHash("sha256").update(taskIds.join("\u0000")).digest("base64url");
  const requestIdFor = (runKey: number) => `${asked.requestIdFor(runKey)}/${suffix.slice(0, 22)}`;
  try {
    return await changeRuns(context, options, [run], { ...asked, selection, requestIdFor });
  } catch (error) {
    const isGone =
      isMillraceError(error) && ["TASK_NOT_FOUND", "RUN_NOT_FOUND"].includes(error.reason);
    if (!isGone) throw error;
    return { affected: [], affectedCount: 0, marking: [] };
  }
}
