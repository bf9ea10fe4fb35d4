/**
 * `npm run bench:workflow -- <file>`: one real workflow on a real system, with tasks that wait as long as the real ones ran,
 * scaled so that its critical path takes most of a minute. Compares the time it takes with the least possible.
 */
import { compileDag } from "@millrace/engine";
import type { DagDefinition } from "@millrace/sdk/spec";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Pool } from "pg";
import { benchmark } from "../benchmark.ts";
import type { Project } from "../installed.ts";
import { placeAndTime, table, whole } from "../page.ts";
import { say } from "../progress.ts";
import { slots, startPostgres, startSystem } from "../system.ts";
import { verifyRuns } from "../verify.ts";
import { runToEnd } from "../workloads.ts";
import { criticalPathSeconds, readGraph, schedule, type Node } from "./graph.ts";

const criticalSeconds = 50;
const runSeconds = 180;
const benchmarkSeconds = 270;
const dagId = "workflow";

const file = process.argv.slice(2).find((it) => !it.startsWith("--"));
if (file === undefined) {
  say("Name the file of a workflow graph.");
  process.exit(1);
}
await benchmark("npm run bench:workflow", benchmarkSeconds, (project) => measure(project, file));

async function measure(project: Project, file: string): Promise<string> {
  const real = readGraph(file);
  const scale = criticalSeconds / criticalPathSeconds(real);
  const nodes = real.map((it) => ({ ...it, runtimeSeconds: it.runtimeSeconds * scale }));
  const loadDags = join(project.folder, "workflow");
  const dagFile = writeDag(loadDags, nodes);
  await using postgres = await startPostgres();
  await using system = await startSystem({ ...project, loadDags }, postgres, 1);
  say(`a run of ${nodes.length} tasks, at ${scale.toFixed(3)} of their real time`);
  const key = await runToEnd(system, dagId, runSeconds);
  await verifyRuns(system.pool, { runIds: [key], tasksEach: nodes.length });
  const seconds = await verifyOrder(system.pool, key, { nodes, dagFile });
  return report({ name: basename(file, ".json"), nodes, scale, seconds });
}

/** A DAG file with the nodes in it, as a user might generate it. */
function writeDag(dags: string, nodes: readonly Node[]): string {
  mkdirSync(dags);
  const path = join(dags, "workflow.ts");
  writeFileSync(
    path,
    `import { chain, dag, task } from "@millrace/sdk";
import { setTimeout as delay } from "node:timers/promises";
const nodes = ${JSON.stringify(nodes)};
const wait = task(async function wait(seconds: number) {
  await delay(seconds * 1000);
});
export default dag("${dagId}", { maxActiveTasks: 10_000 }, () => {
  const handles = new Map();
  for (const { id, runtimeSeconds } of nodes) handles.set(id, wait.with({ id })(runtimeSeconds));
  for (const { id, parents } of nodes) for (const up of parents) chain(handles.get(up), handles.get(id));
});
`,
  );
  return path;
}

/** Every task ran its time, after all before it had ended; how long the run took, by the database's clock. */
async function verifyOrder(
  pool: Pool,
  key: number,
  { nodes, dagFile }: { nodes: readonly Node[]; dagFile: string },
): Promise<number> {
  const { rows } = await pool.query<{ ix: number; start: number; end: number }>(
    `SELECT t.ix, extract(epoch FROM t.started_at - r.queued_at)::float8 AS start,
       extract(epoch FROM t.ended_at - r.queued_at)::float8 AS end
     FROM task_instance t JOIN run r ON r.id = t.run_id WHERE t.run_id = $1`,
    [key],
  );
  const { default: definition } = (await import(pathToFileURL(dagFile).href)) as {
    default: DagDefinition;
  };
  const { ixOf } = compileDag(definition.spec());
  const byIx = new Map(rows.map((row) => [row.ix, row]));
  const timeOf = (id: string) => byIx.get(ixOf.get(id)!)!;
  for (const { id, parents, runtimeSeconds } of nodes) {
    const { start, end } = timeOf(id);
    // Timers of Node may fire up to a millisecond early.
    if (end - start < runtimeSeconds - 0.001) throw new Error(`No figure: ${id} ended too early.`);
    for (const parent of parents)
      if (timeOf(parent).end > start)
        throw new Error(`No figure: ${id} began before ${parent} had ended.`);
  }
  return Math.max(...rows.map((row) => row.end));
}

function report(done: {
  name: string;
  nodes: readonly Node[];
  scale: number;
  seconds: number;
}): string {
  const { name, nodes, scale, seconds } = done;
  const row = (what: string, least: number) => [
    what,
    `${least.toFixed(2)} s`,
    `${(seconds / least).toFixed(3)} of it`,
  ];
  return [
    `
Measured ${placeAndTime()}: ${name}, ${whole(nodes.length)} tasks with
${whole(nodes.flatMap(({ parents }) => parents).length)} arrows at ${scale.toFixed(3)} of their real time, on ${slots} slots of one worker.`,
    table(
      [`the run took ${seconds.toFixed(2)} s`, "", "the run took"],
      row("critical path: no schedule is shorter", criticalPathSeconds(nodes)),
      row(
        `first ready, first run on ${slots} slots without any loss of time`,
        schedule(nodes, slots),
      ),
    ),
    "",
  ].join("\n\n");
}
