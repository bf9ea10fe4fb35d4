/**
 * `npm run bench:waiting`: 10,000 tasks that have given their slots back and wait for a URL, watched by one triggerer.
 * What they cost while nothing happens, and how fast they go on when it does.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pool } from "pg";
import { benchmark } from "../benchmark.ts";
import type { Project } from "../installed.ts";
import { placeAndTime, table, whole } from "../page.ts";
import { say, until } from "../progress.ts";
import { lookAt, quietSeconds, shownLoad, shownMemory, type Quiet } from "../quiet.ts";
import { startPostgres, startSystem } from "../system.ts";
import { triggerRun, untilFinal } from "../workloads.ts";
import { startGate } from "./gate.ts";

const waits = 10_000;
const intervalSeconds = 30;
const waitSeconds = 120;
const benchmarkSeconds = 300;
const dagId = "waiting";

type Figures = { idle: Quiet; waiting: Quiet; deferSeconds: number; releaseSeconds: number };

await benchmark("npm run bench:waiting", benchmarkSeconds, async (project) =>
  report(await measure(project)),
);

async function measure(project: Project): Promise<Figures> {
  await using gate = await startGate();
  const loadDags = join(project.folder, "waiting");
  writeDag(loadDags, gate.url);
  await using postgres = await startPostgres();
  await using system = await startSystem({ ...project, loadDags }, postgres, 1);
  say("nothing to do");
  const idle = await lookAt(system, gate.seen);
  say(`${waits} tasks give their slots back`);
  const begin = performance.now();
  const key = await triggerRun(system, dagId);
  await until(waitSeconds, `${waits} waits`, () => areWaiting(system.pool, key), 200);
  const deferSeconds = (performance.now() - begin) / 1000;
  await until(waitSeconds, "a first look for each", () => gate.seen() >= waits, 200);
  say("they wait");
  const waiting = await lookAt(system, gate.seen);
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
      both("looks a second", (of) => whole(of.countedPerSecond)),
      both("server: memory", (of) => shownMemory(of, "server")),
      both("worker: memory", (of) => shownMemory(of, "worker")),
      both("server: processor, of one core", (of) => shownLoad(of, "server")),
      both("worker: processor, of one core", (of) => shownLoad(of, "worker")),
      both("PostgreSQL: processor, of one core", (of) => shownLoad(of, "postgres")),
    ),
    "",
  ].join("\n\n");
}
