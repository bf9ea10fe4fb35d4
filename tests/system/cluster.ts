/** Several server nodes on one Postgres and one NATS, each in a process of its own. */
import { freePort } from "@millrace/bus/testing";
import { startEmbeddedPostgres } from "@millrace/db/embedded";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNatsServer } from "../../scripts/nats-server.mjs";
import { apiAt, type Api } from "./api.ts";
import { startMillrace, startProcess, type Process } from "./process.ts";
import { waitFor } from "./wait.ts";

export type Node = Process & { readonly grpc: string; readonly api: Api };

export type Cluster = AsyncDisposable & {
  readonly databaseUrl: string;
  /** Starts a `millrace server`; resolves when it is ready. */
  startNode(): Promise<Node>;
  /** Starts a `millrace worker` at a node. */
  startWorker(node: Node, ...args: string[]): Process;
  startNats(): Promise<void>;
  stopNats(): Promise<void>;
};

/** Starts Postgres and NATS; nodes and workers come later, and end with it. */
export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-cluster-"));
  const nats = await findNatsServer();
  const natsPort = await freePort();
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, "postgres") });
  const env = {
    DATABASE_URL: postgres.url,
    NATS_URL: `nats://127.0.0.1:${natsPort}`,
    MILLRACE_STATE_DIR: folder,
    MILLRACE_LOG_LEVEL: "info",
  };
  const processes: Process[] = [];
  let broker: Process | null = null;

  const started = (process: Process): Process => {
    processes.push(process);
    return process;
  };
  return {
    databaseUrl: postgres.url,
    async startNode() {
      const node = started(startMillrace(["server", "--grpc-port", "0", "--http-port", "0"], env));
      const ready = await waitFor("a node to be ready", () => {
        if (node.child.exitCode !== null) throw new Error(`The node ended:\n${node.output()}`);
        return /^.*"server\.ready".*$/m.exec(node.output())?.[0];
      });
      const { grpcPort, httpPort } = JSON.parse(ready) as { grpcPort: number; httpPort: number };
      const key = readFileSync(join(folder, "keys", "admin.key"), "utf8").trim();
      return {
        ...node,
        grpc: `127.0.0.1:${grpcPort}`,
        api: apiAt(`http://127.0.0.1:${httpPort}`, key),
      };
    },
    startWorker: (node, ...args) =>
      started(startMillrace(["worker", "--server", node.grpc, ...args], env)),
    async startNats() {
      broker = startProcess(nats, ["-a", "127.0.0.1", "-p", String(natsPort)]);
      await waitFor("nats-server to listen", () => broker!.output().includes("Server is ready"));
    },
    async stopNats() {
      await broker?.end();
    },
    async [Symbol.asyncDispose]() {
      for (const each of processes.toReversed()) await each.end();
      await broker?.end();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
