/** What a workload cost the database, from its own counters; and how much memory the processes hold. */
import type { Pool } from "pg";
import { readFileSync, readdirSync } from "node:fs";

export type Counters = { rows: number; commits: number; walBytes: number; hot: number; updates: number };

/** Writes of rows in every table, commits and WAL since the server began. */
export async function readCounters(pool: Pool): Promise<Counters> {
  await pool.query("SELECT pg_stat_force_next_flush()");
  const { rows } = await pool.query<Counters>(`
    SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 AS rows, sum(n_tup_hot_upd)::float8 AS hot,
      sum(n_tup_upd)::float8 AS updates,
      (SELECT xact_commit::float8 FROM pg_stat_database WHERE datname = current_database()) AS commits,
      (SELECT wal_bytes::float8 FROM pg_stat_wal) AS "walBytes"
    FROM pg_stat_user_tables`);
  return rows[0]!;
}

export function difference(before: Counters, after: Counters): Counters {
  return {
    rows: after.rows - before.rows,
    commits: after.commits - before.commits,
    walBytes: after.walBytes - before.walBytes,
    hot: after.hot - before.hot,
    updates: after.updates - before.updates,
  };
}

/** Resident megabytes of the process and of everything below it, by what it is. */
export function residentMemory(pid: number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const each of [pid, ...descendants(pid)]) {
    try {
      const command = readFileSync(`/proc/${each}/cmdline`, "utf8").replaceAll("\0", " ");
      const name = nameOf(command);
      const pages = Number(readFileSync(`/proc/${each}/statm`, "utf8").split(" ")[1]);
      found[name] = (found[name] ?? 0) + (pages * 4096) / 1024 / 1024;
    } catch {
      // The process has ended since it was listed.
      continue;
    }
  }
  return found;
}

function nameOf(command: string): string {
  if (/postgres/.test(command) && !/node/.test(command)) return "postgres (shared pages counted in each process)";
  if (/ worker /.test(command)) return "worker";
  if (/server\.mjs|next/.test(command)) return "console";
  return "server (api and scheduler)";
}

function descendants(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((it) => /^\d+$/.test(it))) {
    try {
      const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]);
      parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
    } catch {
      continue;
    }
  }
  const below = (of: number): number[] => (parents.get(of) ?? []).flatMap((it) => [it, ...below(it)]);
  return below(pid);
}
