/** Finds the server and the key to talk to it with, and makes the clients. */
import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { DagRunService, DagService, SystemService, TaskInstanceService } from "@millrace/wire/v1";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { cliEnvironment } from "./environment.ts";

export type ConnectionOptions = { readonly url?: string; readonly keyFile?: string };

export type Connection = {
  readonly url: string;
  readonly dags: Client<typeof DagService>;
  readonly runs: Client<typeof DagRunService>;
  readonly tasks: Client<typeof TaskInstanceService>;
  readonly system: Client<typeof SystemService>;
};

/** What a running `millrace up` leaves beside its data, so that commands find it without flags. */
export type Endpoint = { readonly url: string; readonly grpc: string; readonly pid: number };

const defaultUrl = "http://127.0.0.1:8080";
const stateDirName = ".millrace";

/** --url, then MILLRACE_URL, then the nearest `.millrace/` above the working directory, then the default port. */
export function connect(options: ConnectionOptions): Connection {
  const environment = cliEnvironment();
  const stateDir = findStateDir(environment.stateDir);
  const url = options.url ?? environment.url ?? readEndpoint(stateDir)?.url ?? defaultUrl;
  const keyFile = options.keyFile ?? (stateDir ? join(stateDir, "keys", "admin.key") : null);
  const key = environment.key ?? (keyFile ? readKey(keyFile) : null);
  const withKey: Interceptor = (next) => (request) => {
    if (key) request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    interceptors: [withKey],
  });
  return {
    url,
    dags: createClient(DagService, transport),
    runs: createClient(DagRunService, transport),
    tasks: createClient(TaskInstanceService, transport),
    system: createClient(SystemService, transport),
  };
}

export function findStateDir(given: string | undefined): string | null {
  if (given) return resolve(given);
  for (let dir = process.cwd(); ; dir = dirname(dir)) {
    const candidate = join(dir, stateDirName);
    if (readEndpoint(candidate)) return candidate;
    if (dir === dirname(dir)) return null;
  }
}

export function readEndpoint(stateDir: string | null): Endpoint | null {
  if (!stateDir) return null;
  const text = readIfThere(join(stateDir, "endpoint.json"));
  return text === null ? null : (JSON.parse(text) as Endpoint);
}

function readKey(file: string): string | null {
  return readIfThere(file)?.trim() ?? null;
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
