/** A real `millrace up` on a real Postgres, in a folder of its own. */
import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "@millrace/db/embedded";
import { BackfillService, DagRunService, DagService } from "@millrace/wire/v1";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { Project } from "./installed.ts";
import { say, until, within } from "./progress.ts";

export type System = AsyncDisposable & {
  readonly pool: pg.Pool;
  /** Of `millrace up`: the server; the worker is its child. */
  readonly pid: number;
  /** Of the postmaster. */
  readonly postgresPid: number;
  readonly client: {
    runs: Client<typeof DagRunService>;
    dags: Client<typeof DagService>;
    backfills: Client<typeof BackfillService>;
  };
};

/** Tasks at a time in the worker. */
export const slots = 256;
const startSeconds = 60;
const stopSeconds = 20;

/** Postgres by itself, so that its limits can be measured while nothing else runs. */
export async function startPostgres(): Promise<
  EmbeddedPostgres & AsyncDisposable & { pid: number }
> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-bench-postgres-"));
  const postgres = await startEmbeddedPostgres({ dataDir, isThrowAway: true });
  const lock = readFileSync(join(dataDir, "data", "postmaster.pid"), "utf8");
  return {
    ...postgres,
    pid: Number(lock.split("\n")[0]),
    async [Symbol.asyncDispose]() {
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts the system and waits until its `dagCount` DAGs are registered. */
export async function startSystem(
  { bin, folder, loadDags }: Project,
  postgres: { url: string; pid: number },
  dagCount: number,
): Promise<System> {
  const stateDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const ports = ["--grpc-port", "0", "--http-port", "0"];
  const flags = ["--no-console", "--slots", String(slots), "--state-dir", stateDir];
  const up = spawn(process.execPath, [bin, "up", "--dags", loadDags, ...ports, ...flags], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: postgres.url },
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    const { grpc } = await until(startSeconds, "the start of millrace up", () =>
      endpointOf(up, stateDir),
    );
    const client = connect(grpc, readFileSync(join(stateDir, "keys", "admin.key"), "utf8").trim());
    await until(startSeconds, "the registration of the DAGs", () =>
      isRegistered(client.dags, dagCount),
    );
    const pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
    return {
      ...{ pool, client, pid: up.pid!, postgresPid: postgres.pid },
      async [Symbol.asyncDispose]() {
        await pool.end();
        await stopUp(up);
        rmSync(stateDir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stopUp(up);
    throw error;
  }
}

function endpointOf(up: ChildProcess, stateDir: string): { grpc: string } | null {
  if (up.exitCode !== null) throw new Error("millrace up ended before it was ready");
  const file = join(stateDir, "endpoint.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { grpc: string }) : null;
}

function connect(grpc: string, key: string): System["client"] {
  const withKey: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createGrpcTransport({ baseUrl: `http://${grpc}`, interceptors: [withKey] });
  return {
    runs: createClient(DagRunService, transport),
    dags: createClient(DagService, transport),
    backfills: createClient(BackfillService, transport),
  };
}

async function isRegistered(dags: Client<typeof DagService>, count: number): Promise<boolean> {
  const { errors } = await dags.listImportErrors({});
  if (errors.length > 0)
    throw new Error(errors.map((it) => `${it.file}: ${it.message}`).join("\n"));
  return (await dags.listDags({})).total >= count;
}

/** Ends it in order; if that takes too long, at once. */
export async function stopUp(up: ChildProcess): Promise<void> {
  if (up.exitCode !== null || up.signalCode !== null) return;
  const exit = once(up, "exit");
  up.kill("SIGTERM");
  try {
    await within(stopSeconds, "the stop of millrace up", exit);
  } catch (error) {
    say(String(error));
    up.kill("SIGKILL");
    await exit;
  }
}
