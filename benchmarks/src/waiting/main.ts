/**
 * `npm run bench:waiting`: 10,000 tasks that have given their slots back and wait for a URL, watched by one triggerer.
 * What they cost while nothing happens, and how fast they go on when it does.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import { installProject, type Project } from "../installed.ts";
import { placeAndTime, publish, table, whole } from "../page.ts";
import { memoryOf, processorSeconds, type Memory, type Part } from "../processes.ts";
import { say, until, within } from "../progress.ts";
import { startPostgres, startSystem, type System } from "../system.ts";
import { triggerRun, untilFinal } from "../workloads.ts";
import { startGate, type Gate } from "./gate.ts";

const waits = 10_000;
const intervalSeconds = 30;
/** How long the system is looked at while nothing happens. */
const quietSeconds = 30;
/** A connection that has become idle reports what it counted after ten seconds. */
const reportSeconds = 12;
const waitSeconds = 120;
const benchmarkSeconds = 300;
const dagId = "waiting";

/** What the system does and holds while nothing happens. */
type Quiet = {
  readonly memory: ReadonlyMap<Part, Memory>;
  /** Of one core. */
  readonly load: ReadonlyMap<Part, number>;
  readonly transactionsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly looksPerSecond: number;
};
type Figures = { idle: Quiet; waiting: Quiet; deferSeconds: number; releaseSeconds: number };

const folder = mkdtempSync(join(tmpdir(), "millrace-waiting-"));
try {
  const measured = within(benchmarkSeconds, "the benchmark", measure(await installProject(folder)));
  publish("npm run bench:waiting", report(await measured));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
// What has not ended by now is cut off by the end of this process.
process.exit();

async function measure(project: Project): Promise<Figures> {
  await using gate = await startGate();
  const loadDags = join(project.folder, "waiting");
  writeDag(loadDags, gate.url);
  await using postgres = await startPostgres();
  await using system = await startSystem({ ...project, loadDags }, postgres, 1);
  say("nothing to do");
  const idle = await lookAt(system, gate);
  say(`${waits} tasks give their slots back`);
  const begin = performance.now();
  const key = await triggerRun(system, dagId);
  await until(waitSeconds, `${waits} waits`, () => areWaiting(system.pool, key), 200);
  const deferSeconds = (performance.now() - begin) / 1000;
  await until(waitSeconds, "a first look for each", () => gate.seen() >= waits, 200);
  say("they wait");
  const waiting = await lookAt(system, gate);
  say("the gate opens");
  gate.open();
  const opened = performance.now();
  await untilFinal(system, [key], waitSeconds);
  const releaseSeconds = (performance.now() - opened) / 1000;
  await verifyWaits(system.pool, key);
  return { idle, waiting, deferSeconds, releaseSeconds };
}

function writeDag(dags: string, url: string): void {
  mkdirSync(dags);
  writeFileSync(
    join(dags, "waiting.ts"),
    `import { dag, defer, each, task, trigger } from "@millrace/sdk";
const waitForGate = task(function wait_for_gate(n: number) {
  return defer(trigger.http({ url: \`${url}/\${n}\`, interval: "${intervalSeconds}s" }));
});
export default dag("${dagId}", { maxActiveTasks: 10_000 }, () => {
  waitForGate(each(Array.from({ length: ${waits} }, (_, n) => n)));
});
`,
  );
}

async function areWaiting(pool: Pool, key: number): Promise<boolean> {
  const { rows } = await pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM task_instance WHERE run_id = $1 AND state = 13",
    [key],
  );
  return rows[0]!.n === waits;
}

async function lookAt({ pool, ...processes }: System, gate: Gate): Promise<Quiet> {
  await delay(reportSeconds * 1000);
  const before = { ...(await activity(pool)), looks: gate.seen() };
  const spent = processorSeconds(processes);
  await delay(quietSeconds * 1000);
  const after = { ...(await activity(pool)), looks: gate.seen() };
  const load = new Map<Part, number>();
  for (const [part, seconds] of processorSeconds(processes))
    load.set(part, (seconds - (spent.get(part) ?? 0)) / quietSeconds);
  return {
    memory: memoryOf(processes),
    load,
    transactionsPerSecond: (after.transactions - before.transactions) / quietSeconds,
    rowsPerSecond: (after.rows - before.rows) / quietSeconds,
    looksPerSecond: (after.looks - before.looks) / quietSeconds,
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

/** Every wait ended once, at its first attempt, with what the gate said. */
async function verifyWaits(pool: Pool, key: number): Promise<void> {
  const { rows } = await pool.query<{ right: number; all: number }>(
    `SELECT count(*)::int AS all, count(*) FILTER (
       WHERE state = 6 AND attempt = 1 AND convert_from(out, 'UTF8')::jsonb ->> 'status' = '200'
         AND convert_from(out, 'UTF8')::jsonb -> 'body' ->> 'n' = map_ix::text
     )::int AS right
     FROM task_instance WHERE run_id = $1`,
    [key],
  );
  const { right, all } = rows[0]!;
  if (right !== waits || all !== waits)
    throw new Error(`No figure: ${all} task instances, ${right} of them with the gate's answer.`);
}

function report({ idle, waiting, deferSeconds, releaseSeconds }: Figures): string {
  const megabytes = ({ memory }: Quiet, part: Part) => `${whole(memory.get(part)?.nowMb ?? 0)} MB`;
  const load = (of: Quiet, part: Part) => `${(100 * (of.load.get(part) ?? 0)).toFixed(1)} %`;
  const both = (what: string, cell: (of: Quiet) => string) => [what, cell(idle), cell(waiting)];
  return [
    `
Measured ${placeAndTime()}: a task mapped over ${whole(waits)} elements, each of which waits for a URL
of its own, asked every ${intervalSeconds} s; one worker process with one triggerer. To give all slots back took ${deferSeconds.toFixed(1)} s; when
the URLs answered, all had succeeded ${releaseSeconds.toFixed(1)} s later (each is asked once in ${intervalSeconds} s).`,
    table(
      [`over ${quietSeconds} s`, "nothing to do", `${whole(waits)} tasks wait`],
      both("transactions a second", (of) => of.transactionsPerSecond.toFixed(1)),
      both("rows written a second", (of) => of.rowsPerSecond.toFixed(1)),
      both("looks a second", (of) => whole(of.looksPerSecond)),
      both("server: memory", (of) => megabytes(of, "server")),
      both("worker: memory", (of) => megabytes(of, "worker")),
      both("server: processor, of one core", (of) => load(of, "server")),
      both("worker: processor, of one core", (of) => load(of, "worker")),
      both("PostgreSQL: processor, of one core", (of) => load(of, "postgres")),
    ),
    "",
  ].join("\n\n");
}
