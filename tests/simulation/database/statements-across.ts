/** Statements about what tasks want of other DAGs: runs that they wait for, and runs that they trigger. */

import type { Parameter } from "./binary.ts";
import { at, atOrNull, type Statements } from "./statement.ts";
import { instanceKey, type Tables } from "./tables.ts";

export const acrossStatements: Statements = {
  run_get({ tables }, [ids]) {
    return (ids as number[]).flatMap((id) => tables.runs.get(id) ?? []);
  },
  external_run_list({ tables }, [ats, dagIds, dates, keyAts, runKeys]) {
    const byDate = (ats as number[]).flatMap((place, index) => {
      const [dagId, date] = [(dagIds as string[])[index], Date.parse((dates as string[])[index]!)];
      const runs = [...tables.runs.values()];
      const run = runs.find((one) => one.dag_id === dagId && one.logical_at === date);
      return run === undefined ? [] : [{ place, run }];
    });
    const byKey = (keyAts as number[]).flatMap((place, index) => {
      const run = tables.runs.get((runKeys as number[])[index]!);
      return run === undefined ? [] : [{ place, run }];
    });
    return [...byDate, ...byKey].map(({ place, run }) => ({
      ...{ at: place, id: run.id, dag_id: run.dag_id, dag_version_id: run.dag_version_id },
      ...{ run_name: run.run_name, logical_at: atOrNull(run.logical_at), state: run.state },
    }));
  },
  external_task_list({ tables }, [runKeys, ixs]) {
    return (runKeys as number[]).flatMap((runId, index): object[] => {
      const ix = (ixs as number[])[index]!;
      const expanded = tables.dataOf(runId).expansions.get(ix)?.length ?? 0;
      const length = expanded > 0 ? expanded : null;
      const rows = [...tables.dataOf(runId).instances.values()].filter(
        (row) =>
          row.ix === ix &&
          (length === null ? row.map_ix === -1 : row.map_ix >= 0 && row.map_ix < length),
      );
      if (rows.length === 0) return [{ run_id: runId, ix, length, state: null, count: 0 }];
      const states = Map.groupBy(rows, ({ state }) => state);
      return [...states].map(([state, all]) => ({
        ...{ run_id: runId, ix, length, state, count: all.length },
      }));
    });
  },
  attempt_holder({ tables, now }, [runKey, ix, mapIx]) {
    const run = tables.runs.get(runKey as number);
    if (run === undefined) return [];
    const key = instanceKey(ix as number, mapIx as number);
    const row = tables.dataOf(run.id).instances.get(key);
    const session = tables.sessions.get(row?.session_key ?? -1);
    const { dag_id: dagId, dag_version_id: versionId } = run;
    return [
      {
        ...{ dag_id: dagId, dag_version_id: versionId, logical_at: atOrNull(run.logical_at) },
        ...{ run_after: at(run.run_after), state: row?.state ?? null },
        ...{ attempt: row?.attempt ?? null, session_key: row?.session_key ?? null },
        worker_name: session?.worker_name ?? null,
        is_session_over:
          session === undefined || session.ended_at !== null || session.expires_at <= now,
      },
    ];
  },
  run_trigger_state({ tables }, [runId, ix, mapIx, dagId]) {
    const own = tables.triggers.filter(
      (row) =>
        row.parent_run_id === runId &&
        row.ix === ix &&
        row.map_ix === mapIx &&
        row.dag_id === dagId,
    );
    const [current] = own.filter((row) => row.is_current).toSorted((a, b) => b.attempt - a.attempt);
    const run = current === undefined ? undefined : tables.runs.get(current.child_run_id);
    const above = tables.triggers.findLast((row) => row.child_run_id === runId);
    return [
      {
        depth: above?.depth ?? 0,
        generation: own.filter((row) => !row.is_current).length,
        attempt: current?.attempt ?? null,
        ...{ run_id: run?.id ?? null, run_name: run?.run_name ?? null },
        ...{ state: run?.state ?? null, shard: run?.shard ?? null },
      },
    ];
  },
  run_trigger_give_up({ tables }, [runId, ix, mapIx, dagId, attempt]) {
    for (const row of tables.triggers)
      if (
        row.parent_run_id === runId &&
        row.ix === ix &&
        row.map_ix === mapIx &&
        row.dag_id === dagId &&
        row.attempt < (attempt as number)
      )
        row.is_current = false;
    return [];
  },
};

/** `run_trigger_write`, behind the making of runs. */
export function writeTriggers(tables: Tables, columns: readonly Parameter[]): void {
  const [children, parents, ixs, mapIxs, attempts, depths] = columns as number[][];
  for (const [index, child] of (children ?? []).entries()) {
    const run = tables.runs.get(child);
    if (run === undefined) continue;
    const row = {
      ...{ parent_run_id: parents![index]!, ix: ixs![index]!, map_ix: mapIxs![index]! },
      ...{ attempt: attempts![index]!, depth: depths![index]!, dag_id: run.dag_id },
      ...{ child_run_id: child, is_current: true },
    };
    const isThere = tables.triggers.some(
      (one) =>
        one.parent_run_id === row.parent_run_id &&
        one.ix === row.ix &&
        one.map_ix === row.map_ix &&
        one.dag_id === row.dag_id &&
        one.attempt === row.attempt,
    );
    if (!isThere) tables.triggers.push(row);
  }
}
