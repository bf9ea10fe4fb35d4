/** Everything that the tables hold of DAGs and their versions, comparable. */

import type { Database } from "@millrace/db";
import type { Tables } from "./tables.ts";

type Dump = { readonly dags: readonly object[]; readonly versions: readonly object[] };

const columns = [
  ...["dag_id", "shard", "version", "folder", "file", "description", "tags", "owner"],
  ...["schedule", "timezone", "is_paused", "is_active", "scheduled_through"],
  ...["last_interval_start", "last_interval_end", "next_run_at"],
] as const;
const versionColumns = ["dag_id", "version", "digest", "spec", "task_count"] as const;
/** What is before this is what a clock said. */
const clocks = Date.parse("2030-01-01T00:00:00Z");

export async function dumpOfDags(db: Database): Promise<Dump> {
  const read = async (text: string): Promise<object[]> => (await db.pool.query<object>(text)).rows;
  return {
    dags: (await read("SELECT * FROM dag ORDER BY changed_seq")).map((row) => pick(row, columns)),
    versions: (await read("SELECT * FROM dag_version ORDER BY dag_id, version")).map((row) =>
      pick(row, versionColumns),
    ),
  };
}

export function dumpOfDagTables(tables: Tables): Dump {
  const dags = [...tables.dags.values()].toSorted((a, b) => a.changed_seq - b.changed_seq);
  const versions = [...tables.versions.values()].toSorted((a, b) =>
    a.dag_id === b.dag_id ? a.version - b.version : a.dag_id < b.dag_id ? -1 : 1,
  );
  return {
    dags: dags.map((row) => pick(row, columns)),
    versions: versions.map((row) => pick(row, versionColumns)),
  };
}

function pick(row: object, names: readonly string[]): object {
  const values = row as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.map((name) => [name, plain(values[name])]));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  const moment = value instanceof Date ? value.getTime() : value;
  return typeof moment === "number" && moment > 1e9 && moment < clocks ? "now" : moment;
}
