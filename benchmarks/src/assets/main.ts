/**
 * `npm run bench:assets`: from the event of an asset to the first task of the DAG that waits for it. One producer after the
 * other, each when the consumer's run before has ended; then many producers at once.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pool } from "pg";
import { benchmark } from "../benchmark.ts";
import type { Project } from "../installed.ts";
import { placeAndTime, table, whole } from "../page.ts";
import { say, until } from "../progress.ts";
import { percentile } from "../statistics.ts";
import { startPostgres, startSystem, type System } from "../system.ts";
import { triggerRun } from "../workloads.ts";

const warmUps = 20;
const events = 200;
/** Producers at once, each with an asset and a consumer of its own. */
const pairs = 100;
const waitSeconds = 60;
const benchmarkSeconds = 300;

type Figures = { readonly alone: readonly number[]; readonly together: readonly number[] };

await benchmark("npm run bench:assets", benchmarkSeconds, async (project) =>
  report(await measure(project)),
);

async function measure(project: Project): Promise<Figures> {
  const loadDags = join(project.folder, "assets");
  writeDags(loadDags);
  await using postgres = await startPostgres();
  await using system = await startSystem({ ...project, loadDags }, postgres, 2 * pairs);
  say("one after the other");
  for (let n = 1; n <= warmUps + events; n += 1) {
    await triggerRun(system, "producer_0");
    await until(waitSeconds, `consumer run ${n}`, () => haveEnded(system, ["consumer_0"], n), 5);
  }
  await verify(system.pool, warmUps + events);
  const alone = (await lateness(system.pool)).slice(warmUps);
  say(`${pairs} at once`);
  const ids = Array.from({ length: pairs - 1 }, (_, n) => `_${n + 1}`);
  await Promise.all(ids.map((id) => triggerRun(system, `producer${id}`)));
  const consumers = ids.map((id) => `consumer${id}`);
  await until(waitSeconds, "all consumers", () => haveEnded(system, consumers, ids.length), 50);
  await verify(system.pool, warmUps + events + ids.length);
  const together = (await lateness(system.pool)).slice(warmUps + events);
  return { alone, together };
}

function writeDags(dags: string): void {
  mkdirSync(dags);
  writeFileSync(
    join(dags, "assets.ts"),
    `import { asset, dag, task } from "@millrace/sdk";
const use = task(async function use() {});
const pair = (n: number) => {
  const one = asset(\`bench://asset/\${n}\`);
  const make = task({ outlets: [one] }, async function make() {});
  return [dag(\`producer_\${n}\`, {}, () => void make()), dag(\`consumer_\${n}\`, { schedule: one }, () => void use())];
};
export default Array.from({ length: ${pairs} }, (_, n) => pair(n)).flat();
`,
  );
}

async function haveEnded(
  { pool }: System,
  dagIds: readonly string[],
  runs: number,
): Promise<boolean> {
  const { rows } = await pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM run WHERE dag_id = ANY ($1) AND state IN (3, 4)",
    [dagIds],
  );
  return rows[0]!.n >= runs;
}

/** Milliseconds from each event to the start of the task that it led to, in the order of the events; the database's clock. */
async function lateness(pool: Pool): Promise<number[]> {
  const { rows } = await pool.query<{ ms: number }>(
    `SELECT extract(epoch FROM t.started_at - e.at)::float8 * 1000 AS ms
     FROM asset_event AS e
     JOIN run_asset_event AS m ON m.event_id = e.id
     JOIN task_instance AS t ON t.run_id = m.run_id
     ORDER BY e.id`,
  );
  return rows.map(({ ms }) => ms);
}

/** Each event made one run, of that event alone, whose task succeeded at its first attempt; nothing is left. */
async function verify(pool: Pool, count: number): Promise<void> {
  const { rows } = await pool.query<{ all: number; right: number; left: number }>(
    `SELECT count(*)::int AS all,
       count(*) FILTER (WHERE (
         SELECT count(*) FILTER (
           WHERE r.run_type = 4 AND r.state = 3 AND t.state = 6 AND t.attempt = 1
             AND (SELECT count(*) FROM run_asset_event AS o WHERE o.run_id = r.id) = 1
         ) = 1 AND count(*) = 1
         FROM run_asset_event AS m
         JOIN run AS r ON r.id = m.run_id
         JOIN task_instance AS t ON t.run_id = r.id
         WHERE m.event_id = e.id
       ))::int AS right,
       (SELECT count(*)::int FROM asset_pending) AS left
     FROM asset_event AS e`,
  );
  const { all, right, left } = rows[0]!;
  if (all !== count || right !== count || left !== 0)
    throw new Error(
      `No figure: ${all} events of ${count}, ${right} with one right run, ${left} not used.`,
    );
}

function report({ alone, together }: Figures): string {
  const cells = (what: string, of: readonly number[]) => [
    ...[what, whole(of.length)],
    ...[0.5, 0.99, 1].map((share) => `${percentile(of, share).toFixed(1)} ms`),
  ];
  return [
    `
Measured ${placeAndTime()}: from the moment an event of an asset is durable to the start of the first task of the DAG
that waits for it, by the database's clock: the doorbell, one read, the birth of the run, and the grant of its task.`,
    table(
      ["", "events", "p50", "p99", "most"],
      cells("one after the other", alone),
      cells("at once, each with a DAG of its own", together),
    ),
    "",
  ].join("\n\n");
}
