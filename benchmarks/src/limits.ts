/**
 * The limits of this machine, measured on the real tables right before the workloads.
 *
 * R: rows of two-write tasks a second that Postgres commits in batches: pgbench completes the tasks of the batch before and
 * inserts the next ones, with the real table, its index and fillfactor. H: one commit round trip, N = 1 and one client.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export type Limits = {
  /** Tasks a second, and the batch and client count that reached it. */
  readonly rowLimit: number;
  readonly rowLimitAt: string;
  /** Milliseconds of one commit. */
  readonly commitMs: number;
};

const run = promisify(execFile);
const secondsEach = 5;
const grid = [
  { rows: 50, clients: 4 },
  { rows: 200, clients: 2 },
  { rows: 200, clients: 4 },
  { rows: 500, clients: 4 },
];
/** Run ids of the limit's own rows lie above every run's, and below 2^53. */
const script = `\\set p :r
\\set r random(1, 900000000)
WITH d AS (
  UPDATE task_instance AS t SET state = 6, ended_at = clock_timestamp()
  FROM (SELECT 4000000000000000 + :client_id::bigint * 1000000000000 + :p::bigint * 1000 AS run_id, g AS ix
        FROM generate_series(0, :n - 1) AS g) AS v
  WHERE t.run_id = v.run_id AND t.ix = v.ix AND t.map_ix = -1 AND t.state = 4 AND t.attempt = 1
  RETURNING 1
)
INSERT INTO task_instance (run_id, ix, map_ix, state, attempt, session_key, ready_at, started_at)
SELECT 4000000000000000 + :client_id::bigint * 1000000000000 + :r::bigint * 1000, g, -1, 4, 1, 7,
  clock_timestamp(), clock_timestamp()
FROM generate_series(0, :n - 1) AS g
ON CONFLICT DO NOTHING;
`;

export async function measureLimits(databaseUrl: string): Promise<Limits> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-limits-"));
  const file = join(folder, "flush.sql");
  writeFileSync(file, script);
  try {
    const commit = await pgbench(databaseUrl, file, { rows: 1, clients: 1 });
    let best = { tasks: 0, at: "" };
    for (const point of grid) {
      const tasks = (await pgbench(databaseUrl, file, point)) * point.rows;
      if (tasks > best.tasks) best = { tasks, at: `${point.rows} rows, ${point.clients} clients` };
    }
    return { rowLimit: best.tasks, rowLimitAt: best.at, commitMs: 1000 / commit };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function pgbench(
  url: string,
  file: string,
  { rows, clients }: { rows: number; clients: number },
): Promise<number> {
  const flags = ["-n", "-M", "prepared", "-D", "r=1", "-D", `n=${rows}`, "-j", "2"];
  const { stdout } = await run(findPgbench(), [
    ...flags,
    "-c",
    String(clients),
    "-T",
    String(secondsEach),
    "-f",
    file,
    url,
  ]);
  const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
  if (!(tps > 0)) throw new Error(`pgbench gave no figure:\n${stdout}`);
  return tps;
}

function findPgbench(): string {
  const root = "/usr/lib/postgresql";
  const bins = existsSync(root) ? readdirSync(root).map((it) => join(root, it, "bin", "pgbench")) : [];
  const found = bins.find((it) => existsSync(it));
  if (!found) throw new Error("pgbench is needed to measure the row limit: apt-get install postgresql");
  return found;
}
