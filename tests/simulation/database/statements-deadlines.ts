/** Statements about deadlines of runs and tasks. */

import type { DeadlineRow, RunRow } from "./rows.ts";
import { at, type Moment, type Statements } from "./statement.ts";
import type { Tables } from "./tables.ts";

const success = 3;
const failed = 4;
const missed = 3;
const noted = 4;
const kept: readonly number[] = [6, 8, 10];

export const deadlineStatements: Statements = {
  deadline_put({ tables }, columns) {
    const [runKeys, epochs, ixs, ordinals, dues, afters] = columns as [
      ...[number[], number[], number[], number[], string[], (number | null)[]],
    ];
    for (const [index, runId] of runKeys.entries()) {
      const run = ownedRun(tables, runId, epochs[index]!);
      const [ix, ordinal, after] = [ixs[index]!, ordinals[index]!, afters[index] ?? null];
      const before = tables.deadlines.get(keyOf(runId, ix, ordinal));
      if (run === undefined || run.state === success || (after === null && before)) continue;
      const dueAt = after === null ? Date.parse(dues[index]!) : run.queued_at + after;
      if (before?.due_at === dueAt) continue;
      const row = {
        ...{ run_id: runId, ix, ordinal, state: 1, due_at: dueAt },
        ...{ at_risk_at: null, missed_at: null },
      };
      tables.deadlines.set(keyOf(runId, ix, ordinal), row);
    }
    return [];
  },
  deadline_list_of_runs({ tables }, [runKeys]) {
    return open(tables)
      .filter((row) => (runKeys as number[]).includes(row.run_id))
      .map((row) => ({ ...row, due_at: at(row.due_at) }));
  },
  deadline_list_open({ tables }, [shards, afterRunKey, limit]) {
    return open(tables)
      .flatMap((row) => {
        const run = tables.runs.get(row.run_id);
        const isAsked =
          run?.state === failed &&
          (shards as number[]).includes(run.shard) &&
          row.run_id > (afterRunKey as number);
        if (!isAsked) return [];
        const { dag_id: dagId, dag_version_id: versionId } = run;
        return [{ ...row, due_at: at(row.due_at), dag_id: dagId, dag_version_id: versionId }];
      })
      .toSorted((a, b) => a.run_id - b.run_id)
      .slice(0, limit as number);
  },
  deadline_keep({ tables }, [runKeys, epochs, ixs]) {
    for (const [index, runId] of (runKeys as number[]).entries()) {
      if (ownedRun(tables, runId, (epochs as number[])[index]!) === undefined) continue;
      const ix = (ixs as number[])[index]!;
      for (const row of unmissed(tables)) {
        if (row.run_id !== runId) continue;
        if (ix === -2) remove(tables, row);
        else if (row.ix === ix)
          tables.deadlines.set(keyOf(runId, ix, row.ordinal), { ...row, state: noted });
      }
    }
    return [];
  },
  deadline_delete_kept({ tables }, [shards]) {
    for (const row of unmissed(tables)) {
      const run = tables.runs.get(row.run_id);
      if (run?.state === success && (shards as number[]).includes(run.shard)) remove(tables, row);
    }
    return [];
  },
  deadline_mark: mark,
  deadline_history_runs({ tables }, [dagId, limit]) {
    return [...tables.runs.values()]
      .filter((run) => run.dag_id === dagId && run.state >= 3 && run.started_at !== null)
      .toSorted((a, b) => b.id - a.id)
      .slice(0, limit as number)
      .map((run) => ({
        ...{ id: run.id, dag_version_id: run.dag_version_id },
        ...{ started_at: at(run.started_at!), ended_at: at(run.ended_at!) },
      }));
  },
  deadline_history_tasks({ tables }, [runKeys]) {
    return (runKeys as number[]).flatMap((runId) => {
      const byIx = Map.groupBy(tables.dataOf(runId).instances.values(), (row) => row.ix);
      return [...byIx].flatMap(([ix, rows]) => {
        const starts = rows.flatMap((row) => row.started_at ?? []);
        const ends = rows.flatMap((row) => row.ended_at ?? []);
        const isKept = rows.every(({ state }) => kept.includes(state));
        if (!isKept || starts.length === 0 || ends.length === 0) return [];
        const [from, to] = [Math.min(...starts), Math.max(...ends)];
        return [{ run_id: runId, ix, started_at: at(from), ended_at: at(to) }];
      });
    });
  },
};

function mark({ tables }: Moment, values: readonly unknown[]): object[] {
  const [runId, ix, ordinal, , epoch, state] = values as number[];
  const [dueAt, happenedAt] = [Date.parse(values[3] as string), Date.parse(values[6] as string)];
  const row = tables.deadlines.get(keyOf(runId!, ix!, ordinal!));
  const run = ownedRun(tables, runId!, epoch!);
  const said = state === missed ? row?.missed_at : row?.at_risk_at;
  const isAgain = row?.state === state && said === happenedAt;
  if (row?.due_at !== dueAt || (row.state >= state! && !isAgain)) return [];
  if (run === undefined || (run.state === success && !isAgain)) return [];
  tables.deadlines.set(keyOf(runId!, ix!, ordinal!), {
    ...row,
    ...{ state: state!, missed_at: state === missed ? happenedAt : null },
    at_risk_at: state === missed ? row.at_risk_at : happenedAt,
  });
  for (const place of values[9] as number[]) {
    const attempt = ordinal! + 1;
    const event = state === missed ? 5 : 6;
    const { callbacks } = tables.dataOf(runId!);
    const key = `${ix} -1 ${attempt} ${event} ${place}`;
    if (callbacks.get(key)?.happened_at === happenedAt) continue;
    callbacks.set(key, {
      ...{ run_id: runId!, ix: ix!, map_ix: -1, attempt, event, ordinal: place, state: 1 },
      ...{ tries: 0, happened_at: happenedAt, next_try_at: null, ended_at: null },
      ...{ cause: null, failure: null },
    });
  }
  return [{ shard: run.shard, dag_id: run.dag_id, dag_version_id: run.dag_version_id }];
}

function keyOf(runId: number, ix: number, ordinal: number): string {
  return `${runId} ${ix} ${ordinal}`;
}

function open(tables: Tables): DeadlineRow[] {
  return [...tables.deadlines.values()].filter(({ state }) => state < missed);
}

function unmissed(tables: Tables): DeadlineRow[] {
  return [...tables.deadlines.values()].filter(({ state }) => state !== missed);
}

function remove(tables: Tables, { run_id: runId, ix, ordinal }: DeadlineRow): void {
  tables.deadlines.delete(keyOf(runId, ix, ordinal));
}

/** The run, if whoever asks owns its shard. */
function ownedRun(tables: Tables, runId: number, epoch: number): RunRow | undefined {
  const run = tables.runs.get(runId);
  return run !== undefined && tables.shards[run.shard]?.epoch === epoch ? run : undefined;
}
