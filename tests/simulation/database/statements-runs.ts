/** Statements about DAGs, their versions, and runs. */

import type { RunRow } from "./rows.ts";
import { at, atOrNull, type Moment, type Statements } from "./statement.ts";

const runStates = { active: [1, 2] };
const idBlock = 64;

export const runStatements: Statements = {
  owner_dag_list({ tables }, [shards, dagId, changedAfter, limit]) {
    return [...tables.dags.values()]
      .filter(
        (dag) =>
          (shards as number[]).includes(dag.shard) &&
          (dagId === null || dag.dag_id === dagId) &&
          (changedAfter === null || dag.changed_seq > (changedAfter as number)),
      )
      .toSorted((a, b) => a.changed_seq - b.changed_seq)
      .slice(0, limit as number)
      .map((dag) => ({
        ...dag,
        version_id: [...tables.versions.values()].find(
          (each) => each.dag_id === dag.dag_id && each.version === dag.version,
        )?.id,
        scheduled_through: at(dag.scheduled_through),
        last_interval_start: atOrNull(dag.last_interval_start),
        last_interval_end: atOrNull(dag.last_interval_end),
        next_run_at: atOrNull(dag.next_run_at),
      }));
  },
  owner_version_get({ tables }, [ids]) {
    return (ids as number[]).flatMap((id) => tables.versions.get(id) ?? []);
  },
  owner_run_list(moment, [shards, afterId, limit, ids]) {
    return ordered(moment, shards as number[])
      .filter(
        (run) =>
          runStates.active.includes(run.state) &&
          run.id > (afterId as number) &&
          (ids === null || (ids as number[]).includes(run.id)),
      )
      .slice(0, limit as number)
      .map((run) => shown(moment, run));
  },
  owner_run_get(moment, [shards, ids]) {
    return ordered(moment, shards as number[])
      .filter((run) => (ids as number[]).includes(run.id))
      .map((run) => shown(moment, run));
  },
  run_state_get({ tables }, [id]) {
    const run = tables.runs.get(id as number);
    if (run === undefined) return [];
    const { dag_id: dagId, dag_version_id: versionId, shard, state } = run;
    return [{ id: run.id, dag_id: dagId, dag_version_id: versionId, shard, state }];
  },
  run_count_active({ tables }, [dagId]) {
    const active = [...tables.runs.values()].filter(
      (run) => run.dag_id === dagId && runStates.active.includes(run.state),
    );
    return [
      {
        active: active.length,
        automated: active.filter((run) => run.run_type === 1).length,
      },
    ];
  },
  run_id_take({ tables }, [blocks]) {
    return Array.from({ length: blocks as number }, () => {
      const first = tables.nextRunBlock;
      tables.nextRunBlock += idBlock;
      return { first };
    });
  },
  dag_skip_tick({ tables, atEnd }, [dagId, start, end]) {
    const [startAt, endAt] = [Date.parse(start as string), Date.parse(end as string)];
    atEnd(() => {
      const dag = tables.dags.get(dagId as string);
      if (dag === undefined || (dag.last_interval_end ?? -Infinity) > endAt) return;
      tables.dags.set(dag.dag_id, {
        ...dag,
        scheduled_through: Math.max(dag.scheduled_through, endAt),
        last_interval_start: startAt,
        last_interval_end: endAt,
      });
    });
    return [];
  },
  dag_set_next_runs(
    { tables },
    [dagIds, nextRunAts, lastIntervalEnds, notedAts, changedSeqs, problems],
  ) {
    const momentOf = (dates: unknown, n: number): number | null => {
      const date = (dates as (string | null)[])[n] ?? null;
      return date === null ? null : Date.parse(date);
    };
    for (const [n, dagId] of (dagIds as string[]).entries()) {
      const dag = tables.dags.get(dagId);
      const last = momentOf(lastIntervalEnds, n) ?? -Infinity;
      const notedAt = momentOf(notedAts, n)!;
      if (dag === undefined || (dag.last_interval_end ?? -Infinity) > last) continue;
      if (dag.changed_seq !== (changedSeqs as number[])[n]) continue;
      if ((dag.next_run_noted_at ?? -Infinity) >= notedAt) continue;
      const noted = { next_run_at: momentOf(nextRunAts, n), next_run_noted_at: notedAt };
      const problem = (problems as string[])[n]!;
      tables.dags.set(dagId, { ...dag, ...noted, schedule_problem: problem });
      tables.scheduleProblems.push({ dag_id: dagId, problem });
    }
    return [];
  },
};

function ordered({ tables }: Moment, shards: readonly number[]): RunRow[] {
  return [...tables.runs.values()]
    .filter((run) => shards.includes(run.shard))
    .toSorted((a, b) => a.id - b.id);
}

function shown({ tables }: Moment, run: RunRow): object {
  return {
    ...run,
    logical_at: atOrNull(run.logical_at),
    interval_start_at: atOrNull(run.interval_start_at),
    interval_end_at: atOrNull(run.interval_end_at),
    run_after: at(run.run_after),
    queued_at: at(run.queued_at),
    started_at: atOrNull(run.started_at),
    ended_at: atOrNull(run.ended_at),
    cancel_requested_at: atOrNull(run.cancel_requested_at),
    seq: tables.lastSeq(run.id),
  };
}
