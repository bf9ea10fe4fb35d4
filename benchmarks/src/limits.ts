/**
 * The limits of this machine, on the real tables, in a database of their own on the same server: R, rows of two-write tasks
 * a second that Postgres commits in batches, and H, one commit round trip. Both by pgbench, which costs next to nothing
 * itself: it completes the tasks of the batch before and inserts the next ones.
 */
import { migrate } from "@millrace/db";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { say, within } from "./progress.ts";
import { percentile } from "./statistics.ts";

/** Milliseconds of commits, one after the other: one row each, one client. */
export type CommitTimes = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly averageMs: number;
};

export type RowLimit = { readonly tasksPerSecond: number; readonly at: string };

export type Limits = AsyncDisposable & {
  measureCommit(): Promise<CommitTimes>;
  measureRows(): Promise<RowLimit>;
};

type Point = { readonly rows: number; readonly clients: number };

const run = promisify(execFile);
const rowSeconds = 4;
const commitSeconds = 2;
const processSeconds = 30;
const grid: readonly Point[] = [
  { rows: 50, clients: 4 },
  { rows: 200, clients: 4 },
  { rows: 500, clients: 2 },
  { rows: 500, clients: 4 },
];
const database = "millrace_limits";
/** One run id a batch, so that the rows of a batch lie side by side as those of a run do. */
const script = `\\set p :r
\\set r random(1, 900000000)
WITH d AS (
  UPDATE task_instance AS t SET state = 6, ended_at = clock_timestamp()
  FROM (SELECT :client_id::bigint * 1000000000000 + :p::bigint * 1000 AS run_id, g AS ix
        FROM generate_series(0, :n - 1) AS g) AS v
  WHERE t.run_id = v.run_id AND t.ix = v.ix AND t.map_ix = -1 AND t.state = 4 AND t.attempt = 1
  RETURNING 1
)
INSERT INTO task_instance (run_id, ix, map_ix, state, attempt, session_key, ready_at, started_at)
SELECT :client_id::bigint * 1000000000000 + :r::bigint * 1000, g, -1, 4, 1, 7,
  clock_timestamp(), clock_timestamp()
FROM generate_series(0, :n - 1) AS g
ON CONFLICT DO NOTHING;
`;

/** Makes the database; it goes when the limits are disposed of. */
export async function openLimits(serverUrl: string): Promise<Limits> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-limits-"));
  const file = join(folder, "flush.sql");
  writeFileSync(file, script);
  await command(serverUrl, `CREATE DATABASE ${database}`);
  const address = new URL(serverUrl);
  address.pathname = `/${database}`;
  const bench = (point: Point, seconds: number, more: readonly string[] = []) =>
    pgbench({ url: address.href, file, folder, seconds, ...point }, more);
  await migrate(address.href);
  return {
    async measureCommit() {
      const perSecond = await bench({ rows: 1, clients: 1 }, commitSeconds, ["--log"]);
      const times = takeTimes(folder);
      const [p50Ms, p99Ms] = [percentile(times, 0.5), percentile(times, 0.99)];
      return { p50Ms, p99Ms, averageMs: 1000 / perSecond };
    },
    async measureRows() {
      let best: RowLimit = { tasksPerSecond: 0, at: "" };
      for (const point of grid) {
        const tasksPerSecond = (await bench(point, rowSeconds)) * point.rows;
        const at = `${point.rows} rows a commit, ${point.clients} clients`;
        say(`row limit: ${Math.round(tasksPerSecond)} tasks/s (${at})`);
        if (tasksPerSecond > best.tasksPerSecond) best = { tasksPerSecond, at };
      }
      // What it wrote must not keep the disk or autovacuum busy while the workloads run.
      await command(address.href, "TRUNCATE task_instance");
      await command(serverUrl, "CHECKPOINT");
      return best;
    },
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true, force: true });
      await command(serverUrl, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    },
  };
}

async function command(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

type Bench = Point & { url: string; file: string; folder: string; seconds: number };

/** Transactions a second. */
async function pgbench(bench: Bench, more: readonly string[]): Promise<number> {
  const { url, file, folder, seconds, rows, clients } = bench;
  const flags = [
    "-n",
    "-M",
    "prepared",
    "-D",
    "r=1",
    "-D",
    `n=${rows}`,
    "-j",
    "2",
    "-c",
    String(clients),
  ];
  const running = run(findPgbench(), [...flags, ...more, "-T", String(seconds), "-f", file, url], {
    cwd: folder,
  });
  const { stdout } = await within(seconds + processSeconds, "pgbench", running);
  const perSecond = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
  if (!(perSecond > 0)) throw new Error(`pgbench gave no figure:\n${stdout}`);
  return perSecond;
}

/** Milliseconds of every transaction, from pgbench's log: its third column is microseconds. */
function takeTimes(folder: string): number[] {
  const logs = readdirSync(folder).filter((it) => it.startsWith("pgbench_log."));
  const lines = logs.flatMap((it) => readFileSync(join(folder, it), "utf8").trim().split("\n"));
  for (const log of logs) rmSync(join(folder, log));
  return lines.map((line) => Number(line.split(" ")[2]) / 1000);
}

function findPgbench(): string {
  const root = "/usr/lib/postgresql";
  const bins = existsSync(root)
    ? readdirSync(root).map((it) => join(root, it, "bin", "pgbench"))
    : [];
  const found = bins.find((it) => existsSync(it));
  if (!found)
    throw new Error("pgbench is needed to measure the limits: apt-get install postgresql");
  return found;
}
