/** `sql/run_create_batch.sql` for the tables in memory. */

import type { Parameter } from "./binary.ts";
import type { RunRow } from "./rows.ts";
import { requestKey, type Tables } from "./tables.ts";

/** The columns of `asked`, in the order of the parameters; the shards and their epochs follow, and then `lastColumns`. */
const columns = [
  ...["id", "dag_id", "dag_version_id", "shard", "run_type", "run_name", "logical_at", "run_after"],
  ...["params", "note", "triggered_by", "method", "request_id", "body_hash", "answer"],
  ...["interval_start_at", "interval_end_at"],
] as const;
const lastColumns = ["backfill_id", "backfill_ordinal", "partition_key", "inputs"] as const;

/** One row for each asked run: id, is_held, queued_at, body_hash, answer, is_date_taken. */
export function createRuns(
  tables: Tables,
  values: readonly Parameter[],
  now: number,
  guards: { readonly epoch: boolean; readonly request: boolean; readonly date: boolean },
): unknown[][] {
  const ids = values[0] as number[];
  const asked = ids.map((_, index): Asked =>
    Object.fromEntries<unknown>(
      [...columns, null, null, ...lastColumns].flatMap((name, at) =>
        name === null ? [] : [[name, (values[at] as unknown[])[index] ?? null] as const],
      ),
    ),
  );
  const shards = values[columns.length] as number[];
  const epochs = values[columns.length + 1] as number[];
  const isHeld =
    !guards.epoch || shards.every((id, index) => tables.shards[id]?.epoch === epochs[index]);
  const answers = asked.map((row): [born: Date | null, hash: unknown, answer: unknown] => {
    const known = guards.request ? knownRequest(tables, row) : undefined;
    if (known !== undefined) return [null, known.body_hash, known.answer];
    return [isHeld && bear(tables, row, now, guards) ? new Date(now) : null, null, null];
  });
  if (isHeld) for (const row of asked) tick(tables, row);
  return asked.map((row, index) => [
    row["id"],
    isHeld,
    ...answers[index]!,
    row["logical_at"] !== null && findByDate(tables, row) !== undefined,
  ]);
}

type Asked = Readonly<Record<string, unknown>>;

function knownRequest(tables: Tables, row: Asked) {
  if (row["request_id"] === null) return undefined;
  return tables.requests.get(keyOf(row));
}

function keyOf(row: Asked): string {
  return requestKey({
    method: row["method"] as string,
    principal: row["triggered_by"] as string,
    request_id: row["request_id"] as string,
  });
}

function findByDate(tables: Tables, row: Asked): RunRow | undefined {
  return [...tables.runs.values()].find(
    (run) => run.dag_id === row["dag_id"] && run.logical_at === row["logical_at"],
  );
}

function bear(
  tables: Tables,
  row: Asked,
  now: number,
  { date }: { readonly date: boolean },
): boolean {
  const isTaken = [...tables.runs.values()].some(
    (run) =>
      run.id === row["id"] ||
      (run.dag_id === row["dag_id"] &&
        (run.run_name === row["run_name"] ||
          (date && row["logical_at"] !== null && run.logical_at === row["logical_at"]))),
  );
  if (isTaken) return false;
  const logicalAt = row["logical_at"] as number | null;
  tables.runs.set(row["id"] as number, {
    id: row["id"] as number,
    dag_id: row["dag_id"] as string,
    dag_version_id: row["dag_version_id"] as number,
    shard: row["shard"] as number,
    state: 1,
    run_type: row["run_type"] as number,
    run_name: row["run_name"] as string,
    logical_at: logicalAt,
    interval_start_at: row["interval_start_at"] as number | null,
    interval_end_at: row["interval_end_at"] as number | null,
    run_after: row["run_after"] as number,
    params: row["params"] as Buffer,
    queued_at: now,
    started_at: null,
    ended_at: null,
    cancel_requested_at: null,
    failure: null,
    counts: [],
    note: row["note"] as string,
    triggered_by: row["triggered_by"] as string,
    revision: 0,
    reopen_count: 0,
    backfill_id: row["backfill_id"] as number | null,
    backfill_ordinal: row["backfill_ordinal"] as number | null,
    partition_key: row["partition_key"] as string | null,
    inputs: row["inputs"] as Buffer | null,
  });
  if (row["backfill_id"] !== null) {
    const [id, ordinal] = [row["backfill_id"] as number, row["backfill_ordinal"] as number];
    tables.backfillDates.set(`${id} ${ordinal}`, {
      ...{ backfill_id: id, ordinal, logical_at: logicalAt!, outcome: 1 },
      ...{ run_id: row["id"] as number, reopen_count: 0 },
    });
  }
  if (row["request_id"] !== null) {
    tables.requests.put({
      method: row["method"] as string,
      principal: row["triggered_by"] as string,
      request_id: row["request_id"] as string,
      body_hash: row["body_hash"] as Buffer,
      answer: row["answer"] as Buffer,
      at: now,
    });
  }
  return true;
}

function tick(tables: Tables, row: Asked): void {
  const dag = tables.dags.get(row["dag_id"] as string);
  const end = row["interval_end_at"] as number;
  if (row["run_type"] !== 1 || dag === undefined || (dag.last_interval_end ?? -Infinity) > end)
    return;
  tables.dags.set(dag.dag_id, {
    ...dag,
    scheduled_through: Math.max(dag.scheduled_through, end),
    last_interval_start: row["interval_start_at"] as number,
    last_interval_end: end,
  });
}
