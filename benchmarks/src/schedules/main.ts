/**
 * `npm run bench:schedules`: how late runs begin, of a DAG by itself and of 1,000 that are due at once, and what 10,000 DAGs
 * cost that are not due.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import { benchmark } from "../benchmark.ts";
import type { Project } from "../installed.ts";
import { placeAndTime, table, whole } from "../page.ts";
import { say, until } from "../progress.ts";
import { lookAt, quietSeconds, shownLoad, shownMemory, type Quiet } from "../quiet.ts";
import { percentile } from "../statistics.ts";
import { startPostgres, startSystem } from "../system.ts";
import { idleSpec, writeDueDags } from "./dags.ts";

const pulses = 30;
const pulseEveryMs = 2_000;
const dueAtOnce = 1_000;
const idleDags = 10_000;
/** DAGs in one registration. */
const registeredAtOnce = 1_000;
/** From the start until the first DAG is due: they must be registered by then. */
const leadSeconds = 90;
const pauseSeconds = 10;
const runSeconds = 300;
const benchmarkSeconds = 1_200;

/** Milliseconds from the tick to the start of the first task. */
type Lateness = readonly number[];
type Figures = { pulse: Lateness; rush: Lateness; none: Quiet; idle: Quiet };

await benchmark("npm run bench:schedules", benchmarkSeconds, async (project) =>
  report(await measure(project)),
);

async function measure(project: Project): Promise<Figures> {
  return { ...(await measureDue(project)), ...(await measureIdle(project)) };
}

async function measureDue(project: Project): Promise<Pick<Figures, "pulse" | "rush">> {
  const loadDags = join(project.folder, "due");
  const first = Date.now() + leadSeconds * 1000;
  const pulseAt = Array.from({ length: pulses }, (_, n) => first + n * pulseEveryMs);
  const rushAt = first + pulses * pulseEveryMs + pauseSeconds * 1000;
  writeDueDags(loadDags, { prefix: "pulse", count: 1, at: pulseAt });
  writeDueDags(loadDags, { prefix: "rush", count: dueAtOnce, at: [rushAt] });
  await using postgres = await startPostgres();
  await using system = await startSystem({ ...project, loadDags }, postgres, dueAtOnce + 1);
  if (Date.now() > first)
    throw new Error(`No figure: registered ${leadSeconds} s after the start.`);
  say(`one DAG is due every ${pulseEveryMs / 1000} s`);
  await delay(rushAt - Date.now());
  say(`${dueAtOnce} DAGs are due`);
  await until(runSeconds, "the runs", () => areDone(system.pool, pulses + dueAtOnce), 200);
  const pulse = await latenessOf(system.pool, "pulse", pulseAt, 1);
  return { pulse, rush: await latenessOf(system.pool, "rush", [rushAt], dueAtOnce) };
}

async function areDone(pool: Pool, count: number): Promise<boolean> {
  const { rows } = await pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM run WHERE state > 2",
  );
  return rows[0]!.n >= count;
}

/** Of runs that are each there once, scheduled, about their moment, and successful. */
async function latenessOf(
  pool: Pool,
  prefix: string,
  moments: readonly number[],
  dagCount: number,
): Promise<Lateness> {
  const { rows } = await pool.query<{
    dag_id: string;
    at: Date;
    state: number;
    type: number;
    lateMs: number;
  }>(
    `SELECT r.dag_id, r.logical_at AS at, r.state, r.run_type AS type,
       extract(epoch FROM t.started_at - r.logical_at)::float8 * 1000 AS "lateMs"
     FROM run AS r JOIN task_instance AS t ON t.run_id = r.id WHERE starts_with(r.dag_id, $1)`,
    [prefix],
  );
  const due = new Set(moments);
  const right = rows.filter(
    ({ at, state, type }) => due.has(at.getTime()) && state === 3 && type === 1,
  );
  const distinct = new Set(right.map(({ dag_id, at }) => `${dag_id} ${at.getTime()}`));
  const expected = moments.length * dagCount;
  if (rows.length !== expected || distinct.size !== expected)
    throw new Error(
      `No figure: ${rows.length} runs of ${prefix}, ${distinct.size} of them right, not ${expected}.`,
    );
  return right.map(({ lateMs }) => lateMs);
}

async function measureIdle(project: Project): Promise<Pick<Figures, "none" | "idle">> {
  const loadDags = join(project.folder, "alone");
  writeDueDags(loadDags, { prefix: "alone", count: 1, at: [Date.UTC(2100, 0, 1)] });
  await using postgres = await startPostgres();
  await using system = await startSystem({ ...project, loadDags }, postgres, 1);
  say("one DAG, not due");
  const none = await lookAt(system);
  say(`${whole(idleDags)} DAGs are registered`);
  for (let from = 0; from < idleDags; from += registeredAtOnce) {
    const dags = Array.from({ length: registeredAtOnce }, (_, n) =>
      idleSpec(`idle${from + n}`, from + n),
    );
    const { errors } = await system.client.dags.registerDags({
      ...{ requestId: randomUUID(), folder: `idle${from}`, dags },
    });
    if (errors.length > 0) throw new Error(errors[0]!.message);
  }
  // Each is planned: its row says when it is due.
  await until(
    runSeconds,
    "the plans",
    async () => (await plannedDags(system.pool)) === idleDags + 1,
    200,
  );
  const idle = await lookAt(system);
  if ((await plannedDags(system.pool)) !== idleDags + 1)
    throw new Error("No figure: DAGs have run.");
  return { none, idle };
}

async function plannedDags(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM dag WHERE next_run_at > now()",
  );
  return rows[0]!.n;
}

function report({ pulse, rush, none, idle }: Figures): string {
  const ms = (value: number) => `${whole(value)} ms`;
  const lateness = (what: string, of: Lateness) => [
    what,
    ...[0, 0.5, 0.99, 1].map((share) => ms(percentile(of, share))),
  ];
  const both = (what: string, cell: (of: Quiet) => string) => [what, cell(none), cell(idle)];
  const spread = percentile(rush, 1) - percentile(rush, 0);
  return [
    `
Measured ${placeAndTime()}. From the tick to the start of the run's first task, by the database's clock; one
worker process. Of the ${whole(dueAtOnce)} DAGs that were due at once all ran; their first tasks started within ${ms(spread)} of each other.`,
    table(
      ["tick to first task", "first", "p50", "p99", "last"],
      lateness(`one DAG, ${pulses} ticks`, pulse),
      lateness(`${whole(dueAtOnce)} DAGs due at once`, rush),
    ),
    table(
      [`over ${quietSeconds} s`, "1 DAG, not due", `${whole(idleDags)} DAGs, not due`],
      both("transactions a second", (of) => of.transactionsPerSecond.toFixed(1)),
      both("server: memory", (of) => shownMemory(of, "server")),
      both("server: processor, of one core", (of) => shownLoad(of, "server")),
      both("PostgreSQL: processor, of one core", (of) => shownLoad(of, "postgres")),
    ),
    "",
  ].join("\n\n");
}
