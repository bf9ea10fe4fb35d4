/** Two server nodes on one Postgres and one NATS. */
import { testDatabase } from "@millrace/db/testing";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findNatsServer } from "../../scripts/nats-server.mjs";
import { root, runCli, waitFor, type RunJson } from "./millrace.ts";

const bin = join(root, "packages", "cli", "bin", "millrace.js");
const dags = fileURLToPath(new URL("./several", import.meta.url));
const testLimitMs = 180_000;

type Process = AsyncDisposable & { readonly child: ChildProcess; output(): string };

function start(command: string, args: string[], env: Record<string, string> = {}): Process {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  return {
    child,
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("two nodes share the shards; a worker at one gets the work of both; NATS may come and go", { timeout: testLimitMs }, async () => {
  const nats = (await findNatsServer())!;
  await using database = await testDatabase();
  const stateDir = mkdtempSync(join(tmpdir(), "millrace-nodes-"));
  const natsPort = await freePort();
  const startNats = () => start(nats, ["-a", "127.0.0.1", "-p", String(natsPort)]);
  const env = {
    DATABASE_URL: database.url,
    NATS_URL: `nats://127.0.0.1:${natsPort}`,
    MILLRACE_STATE_DIR: stateDir,
    MILLRACE_LOG_LEVEL: "info",
  };
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
  const startNode = (grpc: number, http: number) =>
    start(process.execPath, [bin, "server", "--grpc-port", String(grpc), "--http-port", String(http)], env);
  const urls = [`http://127.0.0.1:${ports[1]}`, `http://127.0.0.1:${ports[3]}`];
  const cli = (...args: string[]) => runCli(args, { ...env, MILLRACE_URL: urls[1]! });
  const json = async <T>(...args: string[]) => {
    const done = await cli(...args, "--json");
    if (done.code !== 0) throw new Error(done.stderr);
    return JSON.parse(done.stdout) as T;
  };
  const owners = async () => {
    const { rows } = await database.db.pool.query<{ owner: string | null }>(
      "SELECT DISTINCT owner FROM shard WHERE expires_at > clock_timestamp()",
    );
    return rows.length;
  };
  const runAll = async () => {
    const { dags: list } = await json<{ dags: { dagId: string }[] }>("dags", "list");
    const runs = await Promise.all(
      list.map(({ dagId }) => json<RunJson>("dags", "trigger", dagId)),
    );
    for (const { run } of runs) {
      await waitFor(`run ${run.runId} to succeed`, async () => {
        const now = (await json<RunJson>("runs", "show", run.runId)).run;
        return now.state === "RUN_STATE_SUCCESS";
      });
    }
    return runs.length;
  };

  let broker = startNats();
  await using first = startNode(ports[0]!, ports[1]!);
  await waitFor("the first node", () => first.output().includes("server.ready"));
  await using second = startNode(ports[2]!, ports[3]!);
  await waitFor("the second node", () => second.output().includes("server.ready"));
  await using _worker = start(
    process.execPath,
    [bin, "worker", "--server", `127.0.0.1:${ports[0]}`, "--dags", dags],
    env,
  );
  try {
    await waitFor("both nodes to own shards", async () => (await owners()) === 2);
    await waitFor("the DAGs", async () => (await json<{ dags?: unknown[] }>("dags", "list")).dags?.length === 8);
    expect(await runAll()).toBe(8);

    await broker[Symbol.asyncDispose]();
    broker = startNats();
    expect(await runAll()).toBe(8);
  } finally {
    await broker[Symbol.asyncDispose]();
    rmSync(stateDir, { recursive: true, force: true });
  }
});
