/** A real server, api and scheduler on a real database, for workers in other languages; it can be stopped and started. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ensureCredentials, startApi, type RunningApi } from "@millrace/api";
import { createLocalBus, type Bus } from "@millrace/bus";
import { testDatabase } from "@millrace/db/testing";
import { startScheduler, type RunningScheduler } from "@millrace/scheduler";
import { holdPort } from "@millrace/sdk/worker/testing";
import { createLogger } from "@millrace/service";

type Node = { readonly api: RunningApi; readonly scheduler: RunningScheduler; readonly bus: Bus };

export type RealServer = AsyncDisposable & {
  readonly folder: string;
  readonly adminKey: string;
  readonly workerKey: string;
  readonly workerKeyFile: string;
  grpcAddress(): string;
  httpUrl(): string;
  stop(): Promise<void>;
  /** Again at the same addresses, as another node. */
  start(): Promise<void>;
  /** A worker's process; killed with the server. */
  launch(
    command: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): ChildProcess;
};

export async function startRealServer(): Promise<RealServer> {
  const { db, ...database } = await testDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), "millrace-real-"));
  const keys = await ensureCredentials(db, folder);
  const log = createLogger({ name: "test", level: "error" });
  const children: ChildProcess[] = [];
  let serial = 0;
  const held = { grpc: await holdPort(), http: await holdPort() };
  let node: Node | null = null;

  async function start(): Promise<void> {
    const nodeId = `node-${++serial}`;
    const bus = createLocalBus(nodeId);
    const blobStore = pathToFileURL(path.join(folder, "blobs")).href;
    const place = { host: "127.0.0.1", grpcPort: held.grpc.port, httpPort: held.http.port };
    const api = await startApi({ db, bus, log, nodeId, blobStore, ...place });
    node = { api, bus, scheduler: await startScheduler({ db, bus, log, nodeId }) };
  }

  async function stop(): Promise<void> {
    const running = node;
    node = null;
    await running?.scheduler.stop();
    await running?.api.stop();
    await running?.bus.close();
  }

  await start();
  return {
    folder,
    adminKey: keys.adminKey,
    workerKey: keys.workerKey,
    workerKeyFile: path.join(folder, "worker.key"),
    grpcAddress: () => `127.0.0.1:${held.grpc.port}`,
    httpUrl: () => `http://127.0.0.1:${held.http.port}`,
    start,
    stop,
    launch(command, args, env = {}) {
      const child = spawn(command, args, {
        env: { ...process.env, ...env },
        cwd: folder,
        stdio: "ignore",
      });
      children.push(child);
      return child;
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const exit = once(child, "exit");
        child.kill("SIGKILL");
        await exit;
      }
      await stop();
      for (const port of Object.values(held)) await port[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
