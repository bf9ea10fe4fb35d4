/** Statements about task instances: what owners read of them. */

import type { InstanceRow } from "./rows.ts";
import { atOrNull, type Statements } from "./statement.ts";
import { instanceKey, type Tables } from "./tables.ts";

export const taskStatements: Statements = {
  owner_task_list({ tables }, [runIds, afterIx, afterMapIx, limit]) {
    return (runIds as number[])
      .toSorted((a, b) => a - b)
      .flatMap((runId) =>
        instancesOf(tables, runId)
          .filter(
            (row) =>
              row.ix > (afterIx as number) ||
              (row.ix === afterIx && row.map_ix > (afterMapIx as number)),
          )
          .slice(0, limit as number)
          .map((row) => ({
            ...row,
            ready_at: atOrNull(row.ready_at),
            started_at: atOrNull(row.started_at),
            ended_at: atOrNull(row.ended_at),
            wait_until: atOrNull(row.wait_until),
            has_value: row.out !== null,
            looks: looksOf(tables, row),
          })),
      );
  },
  task_instance_get({ tables }, [runId, ix, mapIx]) {
    const row = tables
      .dataOf(runId as number)
      .instances.get(instanceKey(ix as number, mapIx as number));
    return row === undefined ? [] : [row];
  },
  owner_expansion_list({ tables }, [runIds]) {
    return (runIds as number[])
      .toSorted((a, b) => a - b)
      .flatMap((runId) =>
        [...tables.dataOf(runId).expansions.values()].toSorted((a, b) => a.ix - b.ix),
      );
  },
  task_output_list({ tables }, [runIds, ixs, mapIxs]) {
    return (runIds as number[]).flatMap((runId, at) => {
      const [ix, mapIx] = [(ixs as number[])[at]!, (mapIxs as number[])[at]!];
      const out = tables.dataOf(runId).instances.get(instanceKey(ix, mapIx))?.out ?? null;
      return out === null ? [] : [{ run_id: runId, ix, map_ix: mapIx, out }];
    });
  },
  task_output_list_of_mapped({ tables }, [runId, ix, after, end, bytesMax, limit]) {
    const rows = instancesOf(tables, runId as number)
      .filter(
        (row) =>
          row.ix === ix &&
          row.map_ix > (after as number) &&
          row.map_ix < (end as number) &&
          row.out !== null,
      )
      .slice(0, limit as number);
    let bytes = 0;
    return rows
      .filter(({ out }, index) => {
        bytes += out?.byteLength ?? 0;
        return index === 0 || bytes <= (bytesMax as number);
      })
      .map(({ map_ix: mapIx, out }) => ({ map_ix: mapIx, out }));
  },
  task_outcome_list({ tables }, [runIds, ixs, mapIxs, attempts]) {
    return (runIds as number[]).flatMap((runId, at) => {
      const run = tables.runs.get(runId);
      if (run === undefined) return [];
      const [ix, mapIx] = [(ixs as number[])[at]!, (mapIxs as number[])[at]!];
      const attempt = (attempts as number[])[at]!;
      const data = tables.dataOf(runId);
      const row = data.instances.get(instanceKey(ix, mapIx));
      const earlier = data.attempts.get(`${ix} ${mapIx} ${attempt}`);
      return [
        {
          id: runId,
          ix,
          map_ix: mapIx,
          attempt,
          run_state: run.state,
          is_cancelled: run.cancel_requested_at !== null,
          newest: row?.attempt ?? null,
          uncounted: row?.uncounted ?? null,
          state: row?.state ?? null,
          out: row?.out ?? null,
          choice: row?.choice ?? null,
          failure: row?.failure ?? null,
          earlier_state: earlier?.state ?? null,
          earlier_failure: earlier?.failure ?? null,
        },
      ];
    });
  },
};

function instancesOf(tables: Tables, runId: number): InstanceRow[] {
  return [...tables.dataOf(runId).instances.values()].toSorted(
    (a, b) => a.ix - b.ix || a.map_ix - b.map_ix,
  );
}

/** How often a sensor has looked in vain in the try it is in. */
function looksOf(tables: Tables, row: InstanceRow): number {
  if (![4, 12].includes(row.state) || row.uncounted <= 0) return 0;
  let archived = 0;
  for (const earlier of tables.dataOf(row.run_id).attempts.values()) {
    if (earlier.ix === row.ix && earlier.map_ix === row.map_ix)
      archived = Math.max(archived, earlier.attempt);
  }
  return row.attempt - (row.state === 4 ? 1 : 0) - archived;
}
