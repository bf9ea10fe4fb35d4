/** Everything that the tables hold of some runs, comparable: bytes as hex, moments that the database chose as set or not. */

import type { Database } from "@millrace/db";
import type { Tables } from "./tables.ts";

export type Dump = Readonly<Record<string, readonly object[]>>;

/** Columns with a time that the database took from its own clock. */
const ownMoments = new Set([
  "at",
  "queued_at",
  "started_at",
  "ended_at",
  "cancel_requested_at",
  "asked_at",
]);

/** Columns that the simulation does without. */
const leftOut = new Set(["at"]);

export async function dumpOf(db: Database, runIds: readonly number[]): Promise<Dump> {
  const read = async (text: string): Promise<object[]> =>
    (await db.pool.query(text, [runIds])).rows.map(comparable);
  return {
    runs: await read("SELECT * FROM run WHERE id = ANY ($1) ORDER BY id"),
    instances: await read(
      "SELECT * FROM task_instance WHERE run_id = ANY ($1) ORDER BY run_id, ix, map_ix",
    ),
    attempts: await read(
      "SELECT * FROM task_instance_attempt WHERE run_id = ANY ($1) ORDER BY run_id, ix, map_ix, attempt",
    ),
    events: await read("SELECT * FROM event WHERE run_id = ANY ($1) ORDER BY run_id, seq"),
    xcoms: await read(
      "SELECT * FROM xcom WHERE run_id = ANY ($1) ORDER BY run_id, ix, map_ix, key",
    ),
    expansions: await read("SELECT * FROM expansion WHERE run_id = ANY ($1) ORDER BY run_id, ix"),
    inputs: await read(
      "SELECT * FROM input_request WHERE run_id = ANY ($1) ORDER BY run_id, ix, map_ix, attempt",
    ),
    callbacks: await read(
      "SELECT * FROM callback_delivery WHERE run_id = ANY ($1) ORDER BY run_id, ix, map_ix, attempt, event, ordinal",
    ),
    requests: (await db.pool.query("SELECT * FROM request ORDER BY request_id")).rows.map(
      comparable,
    ),
  };
}

export function dumpOfTables(tables: Tables, runIds: readonly number[]): Dump {
  const of = (pick: (runId: number) => Iterable<object>, ...keys: string[]): object[] =>
    runIds.flatMap((runId) => sorted([...pick(runId)], keys)).map(comparable);
  return {
    runs: runIds.map((id) => comparable(tables.runs.get(id)!)),
    instances: of((id) => tables.dataOf(id).instances.values(), "ix", "map_ix"),
    attempts: of((id) => tables.dataOf(id).attempts.values(), "ix", "map_ix", "attempt"),
    events: of((id) => tables.dataOf(id).events.values(), "seq"),
    xcoms: of((id) => tables.dataOf(id).xcoms.values(), "ix", "map_ix", "key"),
    expansions: of((id) => tables.dataOf(id).expansions.values(), "ix"),
    inputs: of((id) => tables.dataOf(id).inputs.values(), "ix", "map_ix", "attempt"),
    callbacks: of(
      (id) => tables.dataOf(id).callbacks.values(),
      ...["ix", "map_ix", "attempt", "event", "ordinal"],
    ),
    requests: sorted([...tables.requests.all()], ["request_id"]).map(comparable),
  };
}

function sorted(rows: object[], keys: readonly string[]): object[] {
  const valueOf = (row: object, key: string) => (row as Record<string, number | string>)[key]!;
  return rows.toSorted((a, b) => {
    const key = keys.find((each) => valueOf(a, each) !== valueOf(b, each));
    if (key === undefined) return 0;
    return valueOf(a, key) < valueOf(b, key) ? -1 : 1;
  });
}

function comparable(row: object): object {
  const columns = Object.entries(row).filter(([name]) => !leftOut.has(name));
  return Object.fromEntries(columns.map(([name, value]) => [name, shown(name, value)]));
}

function shown(name: string, value: unknown): unknown {
  if (ownMoments.has(name)) return value === null ? null : "set";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return value instanceof Date ? value.getTime() : value;
}
