/** Statements with which the front door registers DAGs, and turns their switches. */

import type { DagRow, DagVersionRow } from "./rows.ts";
import { at, atOrNull, type Drafts, type Moment, type Statements } from "./statement.ts";
import type { Tables } from "./tables.ts";

/** What `dag_upsert` is given of a DAG. */
type Written = Pick<
  DagRow,
  | ("dag_id" | "shard" | "version" | "folder" | "file" | "description" | "tags" | "owner")
  | ("schedule" | "timezone" | "is_paused")
>;

export const dagStatements: Statements = {
  dag_get({ tables, drafts, now }, [dagIds]) {
    return (dagIds as string[]).flatMap((dagId) => {
      const dag = drafts.dags.get(dagId) ?? tables.dags.get(dagId);
      const version = dag && versionOf(tables, drafts, dag);
      if (dag === undefined || version === undefined) return [];
      const { shard: _, changed_seq: __, next_run_noted_at: ___, ...row } = dag;
      return [
        {
          ...{ ...row, now: at(now) },
          ...{ dag_version_id: version.id, task_count: version.task_count, digest: version.digest },
          ...{ next_run_at: atOrNull(dag.next_run_at), registered_at: at(dag.registered_at) },
          scheduled_through: at(dag.scheduled_through),
          last_interval_start: atOrNull(dag.last_interval_start),
          last_interval_end: atOrNull(dag.last_interval_end),
        },
      ];
    });
  },
  dag_set_paused(moment, [dagId, isPaused]) {
    const dag = moment.tables.dags.get(dagId as string);
    if (dag === undefined || dag.is_paused === isPaused) return [];
    const change = {
      ...{ is_paused: isPaused as boolean, next_run_at: null },
      ...(isPaused === true ? {} : { scheduled_through: moment.now }),
    };
    write(moment, dag, change);
    return [{ dag_id: dagId }];
  },
  dag_upsert(moment, [text]) {
    const { tables, now } = moment;
    const all = JSON.parse(String(text)) as Written[];
    const sorted = all.toSorted((a, b) => (a.dag_id < b.dag_id ? -1 : 1));
    for (const { is_paused: startsPaused, ...written } of sorted) {
      const before = tables.dags.get(written.dag_id);
      if (before === undefined) {
        const row = { ...written, ...unscheduled(now), is_paused: startsPaused };
        write(moment, { ...row, is_active: true, changed_seq: 0, registered_at: now }, {});
        continue;
      }
      const isSame =
        before.is_active &&
        before.schedule === written.schedule &&
        before.timezone === written.timezone;
      const moved = isSame ? {} : { scheduled_through: now, next_run_at: null };
      write(moment, before, { ...written, ...moved, is_active: true, registered_at: now });
    }
    return [];
  },
  dag_deactivate_missing(moment, [folder, keptDagIds, brokenFiles]) {
    const gone = [...moment.tables.dags.values()].filter(
      (dag) =>
        dag.folder === folder &&
        dag.is_active &&
        !(keptDagIds as string[]).includes(dag.dag_id) &&
        !(brokenFiles as string[]).includes(dag.file),
    );
    for (const dag of gone) write(moment, dag, { is_active: false, next_run_at: null });
    return gone.map(({ dag_id }) => ({ dag_id }));
  },
  /** Nobody there asks what DAGs say of others. */
  dag_dependency_replace: () => [],
  run_recent_of_dags({ tables }, [dagIds, limit]) {
    return (dagIds as string[]).toSorted().flatMap((dagId) =>
      [...tables.runs.values()]
        .filter((run) => run.dag_id === dagId)
        .toSorted((a, b) => b.id - a.id)
        .slice(0, limit as number)
        .map(({ dag_id, id, dag_version_id, state, ...run }) => ({
          ...{ dag_id, id, dag_version_id, state },
          ...{ started_at: atOrNull(run.started_at), ended_at: atOrNull(run.ended_at) },
          logical_at: atOrNull(run.logical_at),
        })),
    );
  },
};

function unscheduled(now: number) {
  return {
    ...{ scheduled_through: now, last_interval_start: null, last_interval_end: null },
    ...{ next_run_at: null, next_run_noted_at: null, schedule_problem: "" },
  };
}

/** The row is locked: until the transaction ends nobody else changes it. */
function write({ tables, atEnd, drafts }: Moment, before: DagRow, change: Partial<DagRow>): void {
  const row = { ...before, ...change, changed_seq: tables.nextChangedSeq++ };
  drafts.dags.set(row.dag_id, row);
  atEnd((now) => tables.setDag(row, now));
}

function versionOf(tables: Tables, drafts: Drafts, dag: DagRow): DagVersionRow | undefined {
  const all = [...drafts.versions, ...tables.versions.values()];
  return all.find((each) => each.dag_id === dag.dag_id && each.version === dag.version);
}
