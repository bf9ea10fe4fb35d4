/** A real `millrace up` on a real Postgres, in a folder of its own. */
import { startEmbeddedPostgres } from "@millrace/db/embedded";
import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { DagRunService, DagService } from "@millrace/wire/v1";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";

export type System = AsyncDisposable & {
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly pid: number;
  readonly client: { runs: Client<typeof DagRunService>; dags: Client<typeof DagService> };
};

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const bin = join(root, "packages", "cli", "bin", "millrace.js");
const dags = fileURLToPath(new URL("./dags", import.meta.url));

export async function startSystem(dagCount: number): Promise<System> {
  const stateDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const postgres = await startEmbeddedPostgres({ dataDir: join(stateDir, "postgres") });
  const up = spawn(
    process.execPath,
    [bin, "up", "--dags", dags, "--state-dir", stateDir, "--grpc-port", "0", "--http-port", "0", "--no-console", "--slots", "256"],
    { cwd: root, env: { ...process.env, DATABASE_URL: postgres.url }, stdio: ["ignore", "ignore", "inherit"] },
  );
  const endpoint = join(stateDir, "endpoint.json");
  while (!existsSync(endpoint)) {
    if (up.exitCode !== null) throw new Error("millrace up ended before it was ready");
    await new Promise((done) => setTimeout(done, 20));
  }
  const { grpc } = JSON.parse(readFileSync(endpoint, "utf8")) as { grpc: string };
  const key = readFileSync(join(stateDir, "keys", "admin.key"), "utf8").trim();
  const withKey: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createGrpcTransport({ baseUrl: `http://${grpc}`, interceptors: [withKey] });
  const client = { runs: createClient(DagRunService, transport), dags: createClient(DagService, transport) };
  await registered(client.dags, dagCount);
  const pool = new pg.Pool({ connectionString: postgres.url, max: 2 });
  return {
    databaseUrl: postgres.url,
    pool,
    pid: up.pid!,
    client,
    async [Symbol.asyncDispose]() {
      await pool.end();
      up.kill("SIGTERM");
      await once(up, "exit");
      await postgres.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

async function registered(dagService: Client<typeof DagService>, count: number): Promise<void> {
  while ((await dagService.listDags({})).total < count) {
    const { errors } = await dagService.listImportErrors({});
    if (errors.length > 0) throw new Error(errors.map((it) => `${it.file}: ${it.message}`).join("\n"));
    await new Promise((done) => setTimeout(done, 50));
  }
}
