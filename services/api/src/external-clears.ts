/** A clear that goes on to other DAGs: where it reaches a task that marks tasks elsewhere (semantics 11.2). */

import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { getRuns, listExternalRuns } from "@millrace/db";
import { isMillraceError, shardOf, type ExternalRef } from "@millrace/engine";
import { runKeyOf } from "@millrace/wire";
import { InstanceSelectionSchema, type AffectedInstance } from "@millrace/wire/v1";
import type { SendOptions } from "./commands.ts";
import type { ApiContext } from "./context.ts";
import { changeRuns, type ChangeAsked, type Changed } from "./instance-changes.ts";
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
): Promise<Changed> {
  if (asked.kind !== "clearInstances" || asked.selection?.downstream !== true) return first;
  const affected = [...first.affected];
  let { affectedCount } = first;
  const seen = new Set(affected.map(keyOf));
  let frontier: readonly AffectedInstance[] = affected;
  for (let level = 1; level <= apiLimits.markDepth && frontier.length > 0; level += 1) {
    const next: AffectedInstance[] = [];
    for (const target of await targetsOf(context, frontier)) {
      const taskIds = target.taskIds.filter((id) => !seen.has(`${target.run.id} ${id}`));
      if (taskIds.length === 0) continue;
      const changed = await clearOne(context, options, { ...target, taskIds }, asked);
      const fresh = changed.affected.filter((one) => !seen.has(keyOf(one)));
      for (const one of fresh) seen.add(keyOf(one));
      next.push(...fresh);
      affectedCount += changed.affectedCount;
    }
    affected.push(...next.slice(0, Math.max(0, apiLimits.affectedMax - affected.length)));
    frontier = next;
  }
  return { affected, affectedCount };
}

/** Of a mapped task one is as good as all. */
function keyOf({ runId, taskId }: Pick<AffectedInstance, "runId" | "taskId">): string {
  return `${runKeyOf(runId) ?? 0} ${taskId}`;
}

async function targetsOf(
  { db, versions }: Pick<ApiContext, "db" | "versions">,
  affected: readonly AffectedInstance[],
): Promise<Target[]> {
  const keys = [...new Set(affected.map(({ runId }) => runKeyOf(runId) ?? 0))];
  const wanted: { readonly mark: ExternalRef; readonly logicalAt: number }[] = [];
  for (const run of await getRuns(db, keys)) {
    if (run.logical_at === null) continue;
    const { dag } = await versions.get(run.dag_version_id);
    const tasks = new Set(
      affected.filter(({ runId }) => runKeyOf(runId) === run.id).map(({ taskId }) => taskId),
    );
    for (const taskId of tasks) {
      const task = dag.tasks[dag.ixOf.get(taskId) ?? -1];
      for (const mark of task?.marks ?? [])
        wanted.push({ mark, logicalAt: run.logical_at.getTime() });
    }
  }
  if (wanted.length === 0) return [];
  const rows = await listExternalRuns(
    db,
    wanted.map(({ mark: { dagId }, logicalAt }, at) => ({ at, dagId, logicalAt })),
  );
  return rows.map(({ at, id, dag_id }) => ({
    run: { id, shard: shardOf(dag_id) },
    taskIds: wanted[at]?.mark.taskIds ?? [],
  }));
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
    return { affected: [], affectedCount: 0 };
  }
}
