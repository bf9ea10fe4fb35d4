/** Finds the server and the key to talk to it with, and makes the clients. */
import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import {
  AssetService,
  BackfillService,
  DagRunService,
  DagService,
  DependencyService,
  PoolService,
  SystemService,
  TaskInstanceService,
} from "@millrace/wire/v1";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CommandFailure, ExitCode } from "./exit-codes.ts";
import { loadSettings } from "./settings.ts";

export type ConnectionOptions = { readonly url?: string; readonly keyFile?: string };

export type Connection = {
  readonly url: string;
  readonly dags: Client<typeof DagService>;
  readonly runs: Client<typeof DagRunService>;
  readonly backfills: Client<typeof BackfillService>;
  readonly tasks: Client<typeof TaskInstanceService>;
  readonly dependencies: Client<typeof DependencyService>;
  readonly assets: Client<typeof AssetService>;
  readonly pools: Client<typeof PoolService>;
  readonly system: Client<typeof SystemService>;
};

/**
 * What a running `millrace up` leaves beside its data, so that commands find it without flags; and so that the next one
 * knows, after a crash, whose leases nobody needs to wait for.
 */
export type Endpoint = {
  readonly url: string;
  readonly grpc: string;
  readonly pid: number;
  readonly nodeId: string;
  /** Its worker process, once it has a session. */
  readonly worker?: WorkerPresence;
};

export type WorkerPresence = {
  readonly pid: number;
  /** Missing where an earlier version wrote it. */
  readonly sessionIds?: readonly string[];
};

const defaultUrl = "http://127.0.0.1:8080";
/** Of one call; streams set their own. */
const callTimeoutMs = 30_000;
const stateDirName = ".millrace";

/** --url, then MILLRACE_URL, then the nearest `.millrace/` above the working directory, then the default port. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { values, sources } = await loadSettings();
  const stateDir = sources["stateDir"] === "default" ? nearestStateDir() : resolve(values.stateDir);
  const url = options.url ?? values.url ?? readEndpoint(stateDir)?.url ?? defaultUrl;
  return connectTo(checkedUrl(url), keyFor(options.keyFile, values.key, stateDir));
}

function checkedUrl(url: string): string {
  if (/^https?:/.test(url) && URL.canParse(url)) return url;
  throw new CommandFailure(
    ExitCode.usage,
    `--url is "${url}"; it must be an address like ${defaultUrl}.`,
  );
}

function keyFor(
  keyFile: string | undefined,
  key: string | undefined,
  stateDir: string | null,
): string | undefined {
  if (keyFile === undefined) {
    return key ?? (stateDir ? readIfThere(join(stateDir, "keys", "admin.key"))?.trim() : undefined);
  }
  const text = readIfThere(keyFile);
  if (text !== null) return text.trim();
  throw new CommandFailure(
    ExitCode.usage,
    `--key-file is "${keyFile}", which does not exist; a server writes its keys to keys/ in its state folder.`,
  );
}

export async function connectTo(url: string, key: string | undefined): Promise<Connection> {
  const { createConnectTransport } = await import("@connectrpc/connect-node");
  const withKey: Interceptor = (next) => (request) => {
    if (key) request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    defaultTimeoutMs: callTimeoutMs,
    interceptors: [withKey],
  });
  return {
    url,
    dags: createClient(DagService, transport),
    runs: createClient(DagRunService, transport),
    backfills: createClient(BackfillService, transport),
    tasks: createClient(TaskInstanceService, transport),
    dependencies: createClient(DependencyService, transport),
    assets: createClient(AssetService, transport),
    pools: createClient(PoolService, transport),
    system: createClient(SystemService, transport),
  };
}

function nearestStateDir(): string | null {
  for (let dir = process.cwd(); ; dir = dirname(dir)) {
    const candidate = join(dir, stateDirName);
    if (readEndpoint(candidate)) return candidate;
    if (dir === dirname(dir)) return null;
  }
}

export function readEndpoint(stateDir: string | null): Endpoint | null {
  const text = stateDir ? readIfThere(join(stateDir, "endpoint.json")) : null;
  return text === null ? null : (JSON.parse(text) as Endpoint);
}

/** Null when there is no such file; whoever wrote it may remove it at any time. */
export function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
