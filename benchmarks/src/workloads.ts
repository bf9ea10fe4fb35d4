/** The workloads. Each runs on a real `millrace up`, checks what came of it, and only then gives a figure. */
import { randomUUID } from "node:crypto";
import { runKeyOf } from "@millrace/wire";
import { RunState } from "@millrace/wire/v1";
import type { System } from "./system.ts";
import { difference, readCounters, type Counters } from "./statistics.ts";
import { verifyChain, verifyRuns } from "./verify.ts";

export type Cost = {
  readonly rowsPerTask: number;
  readonly commitsPerTask: number;
  readonly walBytesPerTask: number;
  /** Share of updates that stayed within their page. */
  readonly hotShare: number;
};
export type Rate = { readonly tasksPerSecond: number; readonly seconds: number; readonly cost: Cost };
export type Hops = { readonly p50Ms: number; readonly p99Ms: number; readonly cost: Cost };

/** Triggers under way at a time when many runs are made. */
const triggersAtOnce = 256;

/** Start to start of neighbours in a chain of 1,000, by the database's clock. */
export async function measureHops(system: System): Promise<Hops> {
  const before = await readCounters(system.pool);
  const key = await runToEnd(system, "chain_1000");
  const cost = costOf(before, await readCounters(system.pool), 1000);
  await verifyRuns(system.pool, { runIds: [key], tasksEach: 1000 });
  await verifyChain(system.pool, key);
  const { rows } = await system.pool.query<{ p50: number; p99: number }>(
    `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY hop)::float8 AS p50,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY hop)::float8 AS p99
     FROM (SELECT extract(epoch FROM started_at - lag(started_at) OVER (ORDER BY started_at)) * 1000 AS hop
           FROM task_instance WHERE run_id = $1) AS h WHERE hop IS NOT NULL`,
    [key],
  );
  return { p50Ms: rows[0]!.p50, p99Ms: rows[0]!.p99, cost };
}

/** One run of many tasks: first start to last end. */
export async function measureRun(system: System, dagId: string, tasks: number): Promise<Rate> {
  const before = await readCounters(system.pool);
  const key = await runToEnd(system, dagId);
  const cost = costOf(before, await readCounters(system.pool), tasks);
  await verifyRuns(system.pool, { runIds: [key], tasksEach: tasks });
  return { ...(await rateOf(system, [key], tasks)), cost };
}

/** Many runs of one task each, triggered one by one as programs would. */
export async function measureSingles(system: System, runs: number): Promise<Rate> {
  const before = await readCounters(system.pool);
  const keys: number[] = [];
  let next = 0;
  const triggerSome = async () => {
    while (next++ < runs) {
      const { run } = await system.client.runs.triggerDagRun({ requestId: randomUUID(), dagId: "single" });
      keys.push(runKeyOf(run!.runId)!);
    }
  };
  await Promise.all(Array.from({ length: triggersAtOnce }, triggerSome));
  await waitUntilFinal(system, keys);
  const cost = costOf(before, await readCounters(system.pool), runs);
  await verifyRuns(system.pool, { runIds: keys, tasksEach: 1 });
  return { ...(await rateOf(system, keys, runs)), cost };
}

async function runToEnd(system: System, dagId: string): Promise<number> {
  const { run } = await system.client.runs.triggerDagRun({ requestId: randomUUID(), dagId });
  for await (const part of system.client.runs.watchDagRun({ runId: run!.runId })) {
    if (part.run?.state === RunState.FAILED) throw new Error(`${dagId} failed: ${part.run.failure?.message}`);
  }
  return runKeyOf(run!.runId)!;
}

async function waitUntilFinal(system: System, keys: readonly number[]): Promise<void> {
  for (;;) {
    const { rows } = await system.pool.query<{ open: number }>(
      "SELECT count(*)::int AS open FROM run WHERE id = ANY ($1) AND state < 3",
      [keys],
    );
    if (rows[0]!.open === 0) return;
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function rateOf(
  system: System,
  keys: readonly number[],
  tasks: number,
): Promise<{ tasksPerSecond: number; seconds: number }> {
  const { rows } = await system.pool.query<{ seconds: number }>(
    `SELECT extract(epoch FROM max(t.ended_at) - least(min(t.started_at), min(r.queued_at)))::float8 AS seconds
     FROM task_instance t JOIN run r ON r.id = t.run_id WHERE t.run_id = ANY ($1)`,
    [keys],
  );
  const { seconds } = rows[0]!;
  return { seconds, tasksPerSecond: tasks / seconds };
}

function costOf(before: Counters, after: Counters, tasks: number): Cost {
  const spent = difference(before, after);
  return {
    rowsPerTask: spent.rows / tasks,
    commitsPerTask: spent.commits / tasks,
    walBytesPerTask: spent.walBytes / tasks,
    hotShare: spent.updates === 0 ? 1 : spent.hot / spent.updates,
  };
}
