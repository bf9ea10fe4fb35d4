/** The workloads. Each runs on a real `millrace up`, checks what came of it, and only then gives a figure. */
import { runKeyOf } from "@millrace/wire";
import { randomUUID } from "node:crypto";
import { countersSince, readCounters, walPosition, type Counters } from "./counters.ts";
import type { CommitTimes, Limits } from "./limits.ts";
import { processorSeconds, type Part } from "./processes.ts";
import { say, until, within } from "./progress.ts";
import { percentile } from "./statistics.ts";
import type { System } from "./system.ts";
import { verifyChain, verifyRuns } from "./verify.ts";

/** What a run of the workload cost, over all repeats. */
export type Cost = {
  readonly tasks: number;
  readonly counters: Counters;
  readonly walBytes: number;
  /** Processor seconds. */
  readonly spent: ReadonlyMap<Part, number>;
};
/** Milliseconds, and those of a commit right before. */
export type Latency = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly commit: CommitTimes;
};
export type Rate = { readonly tasksPerSecond: number };
export type Measured<T> = { readonly each: readonly T[]; readonly cost: Cost };

/** After a first run that warms code and caches, whose time is not used. */
const repeats = 3;
/** Triggers under way at a time when many runs are made. */
const triggersAtOnce = 256;
const runSeconds = 60;

/** Start to start of neighbours in a chain of 1,000, by the database's clock; and H, right before each time. */
export async function measureHops(system: System, limits: Limits): Promise<Measured<Latency>> {
  const commits: CommitTimes[] = [];
  const chain = async () => {
    const key = await runToEnd(system, "chain_1000");
    await verifyRuns(system.pool, { runIds: [key], tasksEach: 1000 });
    await verifyChain(system.pool, key);
    const { rows } = await system.pool.query<{ p50: number; p99: number }>(
      `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY hop)::float8 AS p50,
         percentile_cont(0.99) WITHIN GROUP (ORDER BY hop)::float8 AS p99
       FROM (SELECT extract(epoch FROM started_at - lag(started_at) OVER (ORDER BY started_at)) * 1000 AS hop
             FROM task_instance WHERE run_id = $1) AS h WHERE hop IS NOT NULL`,
      [key],
    );
    const { p50, p99 } = rows[0]!;
    const commit = commits.at(-1)!;
    say(`hop p50 ${p50.toFixed(2)} ms, commit p50 ${commit.p50Ms.toFixed(3)} ms`);
    return { p50Ms: p50, p99Ms: p99, commit };
  };
  return repeat(system, { name: "chain of 1,000", tasks: 1000 }, chain, async () => {
    commits.push(await limits.measureCommit());
  });
}

/** From the moment a run is queued to the start of its one task; each is triggered when the one before has ended. */
export async function measureTriggers(
  system: System,
  limits: Limits,
  runs: number,
): Promise<Measured<Latency>> {
  const commits: CommitTimes[] = [];
  const trigger = async () => {
    const keys: number[] = [];
    for (let n = 0; n < runs; n++) keys.push(await runToEnd(system, "single"));
    await verifyRuns(system.pool, { runIds: keys, tasksEach: 1 });
    const { rows } = await system.pool.query<{ ms: number }>(
      `SELECT extract(epoch FROM t.started_at - r.queued_at)::float8 * 1000 AS ms
       FROM task_instance t JOIN run r ON r.id = t.run_id WHERE t.run_id = ANY ($1)`,
      [keys],
    );
    const times = rows.map((row) => row.ms);
    const [p50Ms, p99Ms] = [percentile(times, 0.5), percentile(times, 0.99)];
    say(`trigger to start p50 ${p50Ms.toFixed(2)} ms`);
    return { p50Ms, p99Ms, commit: commits.at(-1)! };
  };
  return repeat(system, { name: `${runs} triggers`, tasks: runs }, trigger, async () => {
    commits.push(await limits.measureCommit());
  });
}

/** One run of many tasks: first start to last end. */
export function measureRun(system: System, dagId: string, tasks: number): Promise<Measured<Rate>> {
  return repeat(system, { name: dagId, tasks }, async () => {
    const key = await runToEnd(system, dagId);
    await verifyRuns(system.pool, { runIds: [key], tasksEach: tasks });
    return rateOf(system, [key], tasks);
  });
}

/** Many runs of one task each, triggered one by one as programs would: first trigger to last end. */
export function measureSingles(system: System, runs: number): Promise<Measured<Rate>> {
  return repeat(system, { name: `${runs} single runs`, tasks: runs }, async () => {
    const keys: number[] = [];
    let next = 0;
    const triggerSome = async () => {
      while (next++ < runs) keys.push(await triggerRun(system, "single"));
    };
    await within(
      runSeconds,
      "triggering",
      Promise.all(Array.from({ length: triggersAtOnce }, triggerSome)),
    );
    await untilFinal(system, keys);
    await verifyRuns(system.pool, { runIds: keys, tasksEach: 1 });
    return rateOf(system, keys, runs);
  });
}

/** `prepare` runs before each time and is not part of the cost. */
async function repeat<T>(
  { pool, ...processes }: System,
  { name, tasks }: { name: string; tasks: number },
  once: () => Promise<T>,
  prepare: () => Promise<void> = async () => {},
): Promise<Measured<T>> {
  const each: T[] = [];
  const spent = new Map<Part, number>();
  let walBytes = 0;
  say(`${name}: warming up`);
  const counters = await readCounters(pool);
  await prepare();
  await once();
  for (let n = 1; n <= repeats; n++) {
    await prepare();
    say(`${name}: ${n} of ${repeats}`);
    const [cpuBefore, walBefore] = [processorSeconds(processes), await walPosition(pool)];
    each.push(await once());
    walBytes += ((await walPosition(pool)) - walBefore) / repeats;
    for (const [part, seconds] of processorSeconds(processes)) {
      const share = (seconds - (cpuBefore.get(part) ?? 0)) / repeats;
      spent.set(part, (spent.get(part) ?? 0) + share);
    }
  }
  // Rows do not depend on warmth: the first run counts.
  const counted = await countersSince(pool, counters, tasks * (repeats + 1));
  const perRun = Object.entries(counted).map(([key, value]) => [key, value / (repeats + 1)]);
  return {
    each,
    cost: { tasks, counters: Object.fromEntries(perRun) as Counters, walBytes, spent },
  };
}

/** Triggers a run and waits for its end; its key in the database. */
export async function runToEnd(
  system: System,
  dagId: string,
  seconds = runSeconds,
): Promise<number> {
  const key = await triggerRun(system, dagId);
  await untilFinal(system, [key], seconds);
  return key;
}

export async function triggerRun({ client }: System, dagId: string): Promise<number> {
  const { run } = await client.runs.triggerDagRun({ requestId: randomUUID(), dagId });
  return runKeyOf(run!.runId)!;
}

export function untilFinal(
  { pool }: System,
  keys: readonly number[],
  seconds = runSeconds,
): Promise<true> {
  return until(
    seconds,
    `the end of ${keys.length} runs`,
    async () => {
      const { rows } = await pool.query<{ open: number }>(
        "SELECT count(*)::int AS open FROM run WHERE id = ANY ($1) AND state < 3",
        [keys],
      );
      return rows[0]!.open === 0;
    },
    keys.length === 1 ? 10 : 50,
  );
}

async function rateOf({ pool }: System, keys: readonly number[], tasks: number): Promise<Rate> {
  const { rows } = await pool.query<{ seconds: number }>(
    `SELECT extract(epoch FROM max(t.ended_at) - min(r.queued_at))::float8 AS seconds
     FROM task_instance t JOIN run r ON r.id = t.run_id WHERE t.run_id = ANY ($1)`,
    [keys],
  );
  const tasksPerSecond = tasks / rows[0]!.seconds;
  say(`${Math.round(tasksPerSecond)} tasks/s`);
  return { tasksPerSecond };
}
