/** What a system holds and does while nobody asks anything of it. */
import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import { whole } from "./page.ts";
import { memoryOf, processorSeconds, type Memory, type Part } from "./processes.ts";
import type { System } from "./system.ts";

export type Quiet = {
  readonly memory: ReadonlyMap<Part, Memory>;
  /** Of one core. */
  readonly load: ReadonlyMap<Part, number>;
  /** Nearly all are one statement. */
  readonly transactionsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly countedPerSecond: number;
};

/** How long the system is looked at. */
export const quietSeconds = 30;
/** A connection that has become idle reports what it counted after ten seconds. */
const reportSeconds = 12;

/** @param count of something beside the system, over the same time */
export async function lookAt(
  { pool, ...processes }: System,
  count: () => number = () => 0,
): Promise<Quiet> {
  await delay(reportSeconds * 1000);
  const before = { ...(await activity(pool)), counted: count() };
  const spent = processorSeconds(processes);
  await delay(quietSeconds * 1000);
  const after = { ...(await activity(pool)), counted: count() };
  const load = new Map<Part, number>();
  for (const [part, seconds] of processorSeconds(processes))
    load.set(part, (seconds - (spent.get(part) ?? 0)) / quietSeconds);
  return {
    memory: memoryOf(processes),
    load,
    transactionsPerSecond: (after.transactions - before.transactions) / quietSeconds,
    rowsPerSecond: (after.rows - before.rows) / quietSeconds,
    countedPerSecond: (after.counted - before.counted) / quietSeconds,
  };
}

/** By the server's own counters. */
async function activity(pool: Pool): Promise<{ transactions: number; rows: number }> {
  const { rows } = await pool.query<{ transactions: number; rows: number }>(
    `SELECT (xact_commit + xact_rollback)::float8 AS transactions,
       (tup_inserted + tup_updated + tup_deleted)::float8 AS rows
     FROM pg_stat_database WHERE datname = current_database()`,
  );
  return rows[0]!;
}

export function shownMemory({ memory }: Quiet, part: Part): string {
  return `${whole(memory.get(part)?.nowMb ?? 0)} MB`;
}

export function shownLoad({ load }: Quiet, part: Part): string {
  return `${(100 * (load.get(part) ?? 0)).toFixed(1)} %`;
}
