import { readTaskStates, recentRuns, summarizeMappedTasks } from "@millrace/db";
import type { TaskState } from "@millrace/engine";
import type { Handler } from "@millrace/service";
import type { DagRunService } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { requireDag } from "../dag-reading.ts";
import { apiLimits } from "../limits.ts";
import { runSummary } from "../messages/dag.ts";
import { pageSizeOf } from "../paging.ts";
import { isMappedTask, runStatesOf } from "../task-instances.ts";

const limits = { default: apiLimits.gridRunsDefault, max: apiLimits.gridRunsMax };

/** Runs of older versions are shown in the rows of the newest: tasks are matched by id. One state stands for a mapped task. */
export function getDagGrid(context: ApiContext): Handler<typeof DagRunService.method.getDagGrid> {
  return async (request) => {
    const count = pageSizeOf(request.runCount, limits);
    const head = await requireDag(context, request.dagId);
    const { dag: newest } = await context.versions.get(head.dag_version_id);
    const runs = await recentRuns(context.db, [head.dag_id], count);
    const versions = await context.versions.getAll(runs.map((run) => run.dag_version_id));
    const runKeys = runs.map((run) => run.id);
    const isAnyMapped = [...versions.values()].some(({ dag }) =>
      dag.tasks.some((_, ix) => isMappedTask(dag, ix)),
    );
    const [rows, mapped] = await Promise.all([
      readTaskStates(context.db, runKeys),
      isAnyMapped ? summarizeMappedTasks(context.db, runKeys, null) : new Map<number, []>(),
    ]);
    const columns = runs.map((run) => {
      const dag = versions.get(run.dag_version_id)?.dag;
      const known = {
        states: rows.get(run.id) ?? { ixs: [], states: [] },
        mapped: mapped.get(run.id) ?? [],
        runState: run.state,
      };
      const states = dag && runStatesOf(dag, known).states;
      const stateOf = (taskId: string): TaskState | 0 => {
        const ix = dag?.ixOf.get(taskId);
        return ix === undefined ? 0 : ((states?.[ix] ?? 0) as TaskState | 0);
      };
      return { run: runSummary(run), states: newest.taskIds.map(stateOf) };
    });
    return { taskIds: [...newest.taskIds], columns };
  };
}
