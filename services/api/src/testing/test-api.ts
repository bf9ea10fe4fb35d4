/** A front door on real sockets and a real database, for tests. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Client, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import type { DescService } from "@bufbuild/protobuf";
import { createLocalBus, type Bus } from "@millrace/bus";
import type { Database } from "@millrace/db";
import { testDatabase } from "@millrace/db/testing";
import { createLogger } from "@millrace/service";
import { ensureCredentials, type Credentials } from "../ensure-credentials.ts";
import { startApi, type ApiOptions, type RunningApi } from "../start.ts";

export type TestApi = AsyncDisposable & {
  readonly db: Database;
  readonly bus: Bus;
  readonly api: RunningApi;
  readonly keys: Credentials;
  readonly httpUrl: string;
  /** Log lines so far, as objects. */
  readonly logs: Record<string, unknown>[];
  /** A client over HTTP with JSON. Default key: the administrator's. */
  http<S extends DescService>(service: S, key?: string | null): Client<S>;
  /** A client over gRPC. Default key: the administrator's. */
  grpc<S extends DescService>(service: S, key?: string | null): Client<S>;
};

export async function startTestApi(options: Partial<ApiOptions> = {}): Promise<TestApi> {
  const database = await testDatabase();
  const dir = await mkdtemp(join(tmpdir(), "millrace-api-"));
  const logs: Record<string, unknown>[] = [];
  const log = createLogger({
    name: "test",
    level: "debug",
    pretty: false,
    write(line) {
      const entry = JSON.parse(line) as Record<string, unknown>;
      logs.push(entry);
      // A fault that a test did not ask for is worth seeing.
      if (entry["event"] === "call.failed") process.stderr.write(line);
    },
  });
  const bus = createLocalBus("node-a");
  const keys = await ensureCredentials(database.db, dir);
  const api = await startApi({
    db: database.db,
    bus,
    log,
    nodeId: "node-a",
    host: "127.0.0.1",
    grpcPort: 0,
    httpPort: 0,
    ...options,
  });
  const httpUrl = `http://127.0.0.1:${api.httpPort}`;
  const http = (key: string | null): Transport =>
    createConnectTransport({ baseUrl: httpUrl, httpVersion: "1.1", interceptors: [bearer(key)] });
  const grpc = (key: string | null): Transport =>
    createGrpcTransport({
      baseUrl: `http://127.0.0.1:${api.grpcPort}`,
      interceptors: [bearer(key)],
    });
  return {
    db: database.db,
    bus,
    api,
    keys,
    httpUrl,
    logs,
    http: (service, key = keys.adminKey) => createClient(service, http(key)),
    grpc: (service, key = keys.adminKey) => createClient(service, grpc(key)),
    async [Symbol.asyncDispose]() {
      await api.stop();
      await bus.close();
      await database[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function bearer(key: string | null): Interceptor {
  return (next) => (request) => {
    if (key !== null) request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
}
