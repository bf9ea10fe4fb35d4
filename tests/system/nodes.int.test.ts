/** Two server nodes on one Postgres and one NATS: they share the work, and losing NATS or a node costs latency only. */
import { RunState } from "@millrace/wire/v1";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCluster, type Cluster, type Node } from "./cluster.ts";
import { problemsOf, readHistory } from "./history.ts";
import { waitFor } from "./wait.ts";

const dags = fileURLToPath(new URL("./several", import.meta.url));
const dagCount = 8;
const testLimitMs = 180_000;

let cluster: Cluster;
let first: Node;
let second: Node;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.startNats();
  [first, second] = await Promise.all([cluster.startNode(), cluster.startNode()]);
  cluster.startWorker(first, "--dags", dags);
  await second.api.dagsAre(dagCount);
}, testLimitMs);

afterAll(() => cluster?.[Symbol.asyncDispose](), testLimitMs);

async function rowsOf<T>(sql: string): Promise<T[]> {
  const client = new Client({ connectionString: cluster.databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

/** How many shards each live node owns. */
async function owned(): Promise<number[]> {
  const rows = await rowsOf<{ count: string }>(
    "SELECT count(*) FROM shard WHERE owner IS NOT NULL AND expires_at > clock_timestamp() GROUP BY owner",
  );
  return rows.map(({ count }) => Number(count));
}

/** How many nodes own a shard of our DAGs. */
async function ownersOfDags(): Promise<number> {
  const rows = await rowsOf(
    "SELECT DISTINCT s.owner FROM dag AS d JOIN shard AS s ON s.id = d.shard WHERE s.owner IS NOT NULL",
  );
  return rows.length;
}

/** Triggers through a node, however long the owner of the DAG cannot be reached; a failure comes with what the node said. */
async function trigger(node: Node, dagId: string): Promise<string> {
  return node.api.trigger(dagId).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${node.output()}`);
  });
}

async function triggerAll(node: Node): Promise<Promise<string>[]> {
  const { dags: list } = await node.api.dags.listDags({});
  expect(list).toHaveLength(dagCount);
  const runs = list.map(({ dagId }) => trigger(node, dagId));
  // Whoever awaits them one by one hears of the first failure only.
  for (const run of runs) run.catch(() => undefined);
  return runs;
}

async function expectSuccess(node: Node, runIds: Iterable<Promise<string>>): Promise<void> {
  for (const runId of await Promise.all(runIds)) {
    expect((await node.api.end(runId)).state).toBe(RunState.SUCCESS);
    expect(problemsOf(await readHistory(cluster.databaseUrl, runId))).toEqual([]);
  }
}

async function timed(what: string, work: Promise<unknown>): Promise<void> {
  const begin = performance.now();
  await work;
  console.info(`${what}: ${Math.round(performance.now() - begin)} ms`);
}

describe("two nodes", { timeout: testLimitMs }, () => {
  test("share the shards evenly", async () => {
    await waitFor("even shares", async () => (await owned()).join() === "32,32");
    expect(await ownersOfDags()).toBe(2);
  });

  test("give a worker at one of them the work of both", async () => {
    await timed("8 runs with both nodes up", expectSuccess(second, await triggerAll(second)));
  });

  test("go on when NATS was away for a moment", async () => {
    await cluster.stopNats();
    await cluster.startNats();
    await timed("8 runs after NATS was away", expectSuccess(second, await triggerAll(second)));
  });

  test("finish the runs triggered while NATS is away: those within reach at once, the others when it is back", async () => {
    await cluster.stopNats();
    const runs = await triggerAll(first);
    const reached: string[] = [];
    for (const run of runs)
      run.then(
        (runId) => reached.push(runId),
        () => undefined,
      );
    await waitFor("runs of the worker's own node to succeed", async () => {
      const states = await Promise.all(reached.map((runId) => first.api.runs.getDagRun({ runId })));
      return states.some(({ run }) => run?.state === RunState.SUCCESS);
    });
    await cluster.startNats();
    await timed("the other runs, after NATS is back", expectSuccess(first, runs));
  });

  test("take over from each other after kill -9, within the lease of the shards", async () => {
    const runs = await triggerAll(second);
    await Promise.all(runs);
    await second.end("SIGKILL");
    await timed("8 runs of which a node died", expectSuccess(first, runs));
    await timed(
      "until one node owns all shards",
      waitFor("all shards", async () => (await owned()).join() === "64"),
    );
    await timed("8 more runs", expectSuccess(first, await triggerAll(first)));
  });
});
