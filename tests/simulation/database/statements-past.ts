/** Statements about earlier runs, for tasks that depend on the past. */

import type { RunRow } from "./rows.ts";
import { at, type Statements } from "./statement.ts";
import type { Tables } from "./tables.ts";

const fine: readonly number[] = [6, 8];
const removed = 10;

export const pastStatements: Statements = {
  past_run_before({ tables }, columns) {
    const [dagIds, dates, withoutManual] = columns as [string[], string[], boolean[]];
    return dagIds.flatMap((dagId, index) => {
      const [run] = before(tables, dagId, Date.parse(dates[index]!), withoutManual[index]!);
      if (run === undefined) return [];
      const { id, dag_version_id: versionId, run_name: name, logical_at: logicalAt } = run;
      return [
        {
          ord: index + 1,
          id,
          dag_version_id: versionId,
          run_name: name,
          logical_at: at(logicalAt!),
        },
      ];
    });
  },
  past_task_states({ tables }, columns) {
    const [runIds, ixs] = columns as [number[], number[]];
    return runIds.map((runId, index) => {
      const ix = ixs[index]!;
      const data = tables.dataOf(runId);
      const rows = [...data.instances.values()].filter((row) => row.ix === ix);
      const other = rows
        .filter(({ state }) => !fine.includes(state) && state !== removed)
        .toSorted((a, b) => b.map_ix - a.map_ix)[0];
      return {
        ...{ run_id: runId, ix },
        fine: rows.filter(({ state }) => fine.includes(state)).length,
        other_map_ix: other?.map_ix ?? null,
        other_state: other?.state ?? null,
        length: data.expansions.get(ix)?.length ?? null,
      };
    });
  },
  past_versions_before({ tables }, [dagId, date, withoutManual]) {
    const runs = before(
      tables,
      dagId as string,
      Date.parse(date as string),
      withoutManual as boolean,
    );
    const ids = new Set(runs.map((run) => run.dag_version_id));
    return [...ids].toSorted((a, b) => b - a).map((id) => ({ dag_version_id: id }));
  },
};

/** Newest logical date first. */
function before(
  tables: Tables,
  dagId: string,
  logicalAt: number,
  withoutManual: boolean,
): RunRow[] {
  return [...tables.runs.values()]
    .filter(
      (run) =>
        run.dag_id === dagId &&
        run.logical_at !== null &&
        run.logical_at < logicalAt &&
        !(withoutManual && run.run_type === 2),
    )
    .toSorted((a, b) => b.logical_at! - a.logical_at!);
}
