/** A pool is never exceeded at any instant, whatever is killed: told from the event rows of the database. */
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shardOf, TaskState } from "@millrace/engine";
import { RunState } from "@millrace/wire/v1";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type Cluster, type Node } from "./cluster.ts";
import { waitFor } from "./wait.ts";

const dags = fileURLToPath(new URL("./pools", import.meta.url));
/** Where bodies look how many of them may end, and note that they do. */
const folder = mkdtempSync(join(tmpdir(), "millrace-pools-"));
const dagCount = 6;
const tasksPerDag = 20;
const slots = 5;
const testLimitMs = 240_000;

let cluster: Cluster;
let first: Node;
let second: Node;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.startNats();
  [first, second] = await Promise.all([cluster.startNode(), cluster.startNode()]);
}, testLimitMs);

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}, testLimitMs);

/** Lets so many more bodies end. */
const letEnd = (count: number): void => appendFileSync(join(folder, "allowed"), ".".repeat(count));

type Event = { run_id: string; at: Date; changes: number[] };

async function query<T>(sql: string): Promise<T[]> {
  const client = new Client({ connectionString: cluster.databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

async function ownersOf(dagIds: readonly string[]): Promise<number> {
  const shards = dagIds.map((dagId) => shardOf(dagId)).join();
  const [row] = await query<{ owners: number }>(
    `SELECT count(DISTINCT owner)::int AS owners FROM shard WHERE id IN (${shards})`,
  );
  return row?.owners ?? 0;
}

/** How many slots were in use at most at any instant, and how often something started, over the whole history. */
async function usage(): Promise<{ most: number; starts: number; ends: number }> {
  const events = await query<Event>(
    "SELECT run_id, at, changes FROM event ORDER BY at, run_id, seq",
  );
  // Tasks are numbered in the order of their calls: the last four of each DAG take two slots.
  const slotsOf = (ix: number) => (ix < tasksPerDag - 4 ? 1 : 2);
  const held = new Map<string, number>();
  let [used, most, starts, ends] = [0, 0, 0, 0];
  for (const { run_id, changes } of events)
    for (let at = 0; at < changes.length; at += 4) {
      const [ix = 0, , state = 0] = changes.slice(at, at + 4);
      const key = `${run_id} ${ix}`;
      used -= held.get(key) ?? 0;
      held.delete(key);
      if (state === TaskState.success) ends += 1;
      if (state === TaskState.running) starts += 1;
      else if (state !== TaskState.restarting) continue;
      held.set(key, slotsOf(ix));
      used += slotsOf(ix);
      most = Math.max(most, used);
    }
  return { most, starts, ends };
}

test(
  "kill -9 of a worker and of a scheduler: everything runs, and never more than the slots are in use",
  { timeout: testLimitMs },
  async () => {
    await first.api.pools.createPool({ requestId: randomUUID(), name: "narrow", slots });
    const name = "killed last";
    const worker = cluster.startWorker(first, "--dags", dags, "--slots", "16", "--name", name);
    const other = cluster.startWorker(first, "--slots", "16");
    await first.api.dagsAre(dagCount);
    await waitFor("even shares", async () => {
      const rows = await query<{ count: string }>(
        "SELECT count(*) FROM shard WHERE expires_at > clock_timestamp() GROUP BY owner",
      );
      return rows.map(({ count }) => Number(count)).join() === "32,32";
    });
    const { dags: list } = await first.api.dags.listDags({});
    // Both nodes own some of those who share it: neither decides alone.
    expect(await ownersOf(list.map(({ dagId }) => dagId))).toBe(2);
    const runs = await Promise.all(list.map(({ dagId }) => first.api.trigger(dagId, { folder })));
    /** Lets more bodies end, and waits until so many have, the rest of all being still to come. */
    const ended = async (count: number, more: number) => {
      letEnd(more);
      await waitFor(`${count} ends`, async () => (await usage()).ends >= count);
    };
    await ended(15, 20);
    await other.end("SIGKILL");
    await ended(30, 25);
    await second.end("SIGKILL");
    await ended(50, 30);
    await waitFor("the worker to have something to lose", async () => {
      const { workers } = await first.api.system.listWorkers({});
      return workers.some((one) => one.name === name && one.running > 0);
    });
    await worker.end("SIGKILL");
    letEnd(2 * dagCount * tasksPerDag);
    cluster.startWorker(first, "--slots", "16");
    for (const runId of runs)
      expect((await first.api.end(runId, testLimitMs)).state).toBe(RunState.SUCCESS);
    const { most, starts, ends } = await usage();
    expect(ends).toBe(dagCount * tasksPerDag);
    expect(starts).toBeGreaterThan(ends);
    // Wide tasks and the kills leave moments in which it is not full, and others in which it is.
    expect(most).toBe(slots);
  },
);
