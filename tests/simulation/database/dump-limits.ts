/** Everything that the tables hold of pools, rates, assets, backfills, deadlines and runs triggered by others, comparable. */

import type { Database } from "@millrace/db";
import type { Tables } from "./tables.ts";

type Dump = Readonly<Record<string, readonly unknown[]>>;

export async function dumpOfLimits(db: Database): Promise<Dump> {
  const read = async (text: string): Promise<unknown[]> =>
    sorted((await db.pool.query<object>(text)).rows.map(plain));
  return {
    grants: await read(
      "SELECT pool, shard, slots, wanted, least, wanted_since IS NOT NULL AS waits, running, deferred, waiting FROM pool_grant",
    ),
    starts: await read("SELECT key, sum(taken)::int AS taken FROM rate_start GROUP BY key, per_ms"),
    events: await read(
      "SELECT a.uri, e.source, e.dag_id, e.run_id, e.task_id, e.map_ix, e.aliases FROM asset_event AS e JOIN asset AS a ON a.id = e.asset_id",
    ),
    pending: await read(
      "SELECT p.dag_id, a.uri, rank() OVER (ORDER BY p.event_id)::int AS place FROM asset_pending AS p JOIN asset AS a ON a.id = p.asset_id",
    ),
    used: await read("SELECT run_id, count(*)::int AS events FROM run_asset_event GROUP BY run_id"),
    dags: await read(
      "SELECT dag_id, scheduled_through, last_interval_start, last_interval_end, next_run_at, schedule_problem FROM dag",
    ),
    runs: await read(
      "SELECT id, run_type, state, logical_at, params, backfill_id, backfill_ordinal FROM run",
    ),
    backfills: await read(
      "SELECT dag_id, state, date_count, decided, decided_date, in_flight, existing, params FROM backfill",
    ),
    dates: await read(
      "SELECT ordinal, logical_at, outcome, run_id, reopen_count FROM backfill_date",
    ),
    deadlines: await read(
      "SELECT run_id, ix, ordinal, state, due_at, at_risk_at, missed_at FROM deadline",
    ),
    callbacks: await read(
      "SELECT run_id, ix, attempt, event, ordinal, state, happened_at FROM callback_delivery",
    ),
    triggers: await read(
      "SELECT parent_run_id, ix, map_ix, attempt, dag_id, child_run_id, depth, is_current FROM run_trigger",
    ),
  };
}

export function dumpOfLimitTables(tables: Tables): Dump {
  const { assets } = tables;
  const uris = new Map([...assets.ids].map(([uri, id]) => [id, uri]));
  const of = (rows: Iterable<object>): unknown[] => sorted([...rows].map(plain));
  const pick = <R extends object>(rows: Iterable<R>, ...names: (keyof R)[]): unknown[] =>
    of([...rows].map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))));
  const starts = [...tables.starts].map(([name, slices]) => ({
    key: name.split(" ")[0],
    taken: [...slices.values()].reduce((sum, taken) => sum + taken, 0),
  }));
  return {
    grants: of(
      [...tables.poolGrants.values()].map(({ wanted_since: since, ...row }) => ({
        ...row,
        waits: since !== null,
      })),
    ),
    starts: of(starts.filter(({ taken }) => taken > 0)),
    events: of(
      [...assets.events.values()].map((row) => ({
        ...{ uri: uris.get(row.asset_id), source: row.source, aliases: row.aliases },
        ...{ dag_id: row.dag_id, run_id: row.run_id, task_id: row.task_id, map_ix: row.map_ix },
      })),
    ),
    pending: of(
      assets.pending
        .toSorted((a, b) => a.event_id - b.event_id)
        .map((row) => ({
          ...{ dag_id: row.dag_id, uri: uris.get(row.asset_id) },
          place: assets.pending.filter((each) => each.event_id < row.event_id).length + 1,
        })),
    ),
    used: of(
      [...assets.usedBy].map(([runId, events]) => ({ run_id: runId, events: events.length })),
    ),
    dags: pick(
      tables.dags.values(),
      ...(["dag_id", "scheduled_through", "last_interval_start", "last_interval_end"] as const),
      ...(["next_run_at", "schedule_problem"] as const),
    ),
    runs: pick(
      tables.runs.values(),
      ...(["id", "run_type", "state", "logical_at", "params"] as const),
      ...(["backfill_id", "backfill_ordinal"] as const),
    ),
    backfills: pick(
      tables.backfills.values(),
      ...(["dag_id", "state", "date_count", "decided", "decided_date"] as const),
      ...(["in_flight", "existing", "params"] as const),
    ),
    dates: pick(
      tables.backfillDates.values(),
      ...(["ordinal", "logical_at", "outcome", "run_id", "reopen_count"] as const),
    ),
    deadlines: pick(
      tables.deadlines.values(),
      ...(["run_id", "ix", "ordinal", "state", "due_at", "at_risk_at", "missed_at"] as const),
    ),
    callbacks: pick(
      [...tables.data.values()].flatMap(({ callbacks }) => [...callbacks.values()]),
      ...(["run_id", "ix", "attempt", "event", "ordinal", "state", "happened_at"] as const),
    ),
    triggers: of(tables.triggers),
  };
}

function plain(row: object): object {
  const entries = Object.entries(row as Record<string, unknown>).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (value instanceof Uint8Array) return [name, Buffer.from(value).toString()];
      return [name, value instanceof Date ? value.getTime() : value];
    }),
  );
}

function sorted(rows: readonly object[]): object[] {
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
