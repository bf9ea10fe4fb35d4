/** `millrace up`: the whole of Millrace on this machine, from one command. */
import {
  createLifecycle,
  createLogger,
  type Lifecycle,
  type Logger,
  type Part,
} from "@millrace/service";
import type { Command } from "commander";
import { randomUUID } from "node:crypto";
import { createWriteStream, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { colors } from "../colors.ts";
import { connectTo, type Connection, type Endpoint } from "../connection.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";
import { showMilliseconds } from "../format.ts";
import { printJsonLine, say } from "../output.ts";
import { globalOptions } from "../program-options.ts";
import { blobStoreOf, loadSettings, type LoadedSettings } from "../settings.ts";
import { collect, portNumber, slotCount } from "./parse-options.ts";
import { startConsole } from "../up/console.ts";
import { freePort } from "../up/ports.ts";
import { runOnce } from "../up/run-once.ts";
import type { ServerNode } from "../up/server-node.ts";
import { openStateDir, type StateDir } from "../up/state-dir.ts";
import { clearLeftoverWorker, startUpWorker } from "../up/worker.ts";

type UpOptions = {
  dags?: string;
  stateDir?: string;
  host?: string;
  grpcPort?: number;
  httpPort?: number;
  slots?: number;
  triggerSlots?: number;
  queues?: string[];
  insecureBind?: boolean;
  console?: boolean;
  run?: string;
  print: string[];
  exit?: boolean;
};

export function addUpCommand(program: Command): void {
  program
    .command("up")
    .description(
      "start everything here: PostgreSQL, api, scheduler, a worker with your DAGs, the console",
    )
    .option("--dags <folder>", "the DAG folder (default ./dags)")
    .option("--state-dir <folder>", "where keys, data and logs are kept (default ./.millrace)")
    .option("--host <address>", "the address to listen on (default 127.0.0.1)")
    .option("--grpc-port <port>", "for workers and clients (default 7070)", portNumber)
    .option("--http-port <port>", "for the console and JSON (default 8080)", portNumber)
    .option("--slots <n>", "tasks at a time in the worker (default 16)", slotCount)
    .option(
      "--trigger-slots <n>",
      "waits of tasks that the worker watches at a time (default 10000)",
      slotCount,
    )
    .option("--queues <names...>", "queues of the worker (default: default)")
    .option("--insecure-bind", "listen where others can reach it, without TLS")
    .option("--no-console", "leave the console out")
    .option("--run <dag-id>", "trigger this DAG once and show its progress")
    .option(
      "--print <task-id>",
      "with --run: print what this task returned (repeatable)",
      collect,
      [],
    )
    .option("--exit", "with --run: end with the run; exit 0 only if it succeeds")
    .action(up);
}

async function up(options: UpOptions, command: Command): Promise<void> {
  const begin = performance.now();
  const loaded = await loadSettings(flagsOf(options));
  const log = createLogger({
    name: "server",
    level: loaded.values.logLevel,
    pretty: false,
    write: logFile(join(resolve(loaded.values.stateDir), "logs")),
  });
  const lifecycle = createLifecycle({
    log,
    signals: ["SIGINT", "SIGTERM", "SIGHUP"],
    partTimeoutMs: 40_000,
  });
  // Signals are heard before the lock is taken: no end leaves it behind.
  const state = openStateDir(loaded.values.stateDir);
  lifecycle.add({ name: "state dir", stop: async () => state.release() });
  try {
    await run({ options, json: globalOptions(command).json, loaded, state, log, lifecycle, begin });
  } catch (error) {
    // Told to stop while it started: that is no failure, unless somebody waits for a run.
    const isAsked = lifecycle.signal.aborted && !(error instanceof CommandFailure);
    await lifecycle.stop();
    if (!isAsked) throw error;
    if (options.exit) throw new CommandFailure(ExitCode.interrupted, "Stopped before it was up.");
  }
}

type Up = {
  readonly options: UpOptions;
  readonly json: boolean;
  readonly loaded: LoadedSettings;
  readonly state: StateDir;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  /** When the command began, on the monotonic clock. */
  readonly begin: number;
};

async function run(up: Up): Promise<void> {
  const { options, loaded, state, lifecycle } = up;
  const { values } = loaded;
  const consoleUrl = { current: null as string | null };
  const starting = Promise.withResolvers<ServerNode>();
  const worker = startWorker(up, starting.promise);
  // Should the server not start, it is stopped last of all.
  lifecycle.add(worker);
  const node = await startServer(up, () => consoleUrl.current);
  lifecycle.add(worker);
  const endpoint = endpointOf(values.host, node);
  const { url, grpc } = endpoint;
  state.writeEndpoint(endpoint);
  starting.resolve(node);
  const client = await connectTo(url, node.adminKey);
  say(
    `${colors.green("✔")} Millrace runs at ${colors.bold(url)} ${colors.dim(`(${showMilliseconds(performance.now() - up.begin)})`)}`,
  );
  if (up.json) printJsonLine({ event: "up", url, grpc, pid: process.pid });
  const isConsoleWanted = values.console && !options.exit;
  const consoleUp = isConsoleWanted
    ? runConsole(state, lifecycle, consoleUrl)
    : Promise.resolve(false);
  if (options.run)
    await runOnce(client, options.run, {
      print: options.print,
      json: up.json,
      signal: lifecycle.signal,
    });
  if (options.exit) return lifecycle.stop();
  if (await Promise.race([consoleUp, lifecycle.stopped.then(() => false)]))
    await sayLogin(client, url);
  say(colors.dim("Ctrl+C stops it."));
  await lifecycle.stopped;
}

function flagsOf(options: UpOptions): Record<string, unknown> {
  return {
    dags: options.dags,
    stateDir: options.stateDir,
    host: options.host,
    grpcPort: options.grpcPort,
    httpPort: options.httpPort,
    slots: options.slots,
    triggerSlots: options.triggerSlots,
    queues: options.queues,
    insecureBind: options.insecureBind,
    ...(options.console === false && { console: false }),
  };
}

function logFile(folder: string): (line: string) => void {
  mkdirSync(folder, { recursive: true });
  const file = createWriteStream(join(folder, "server.log"), { flags: "a" });
  return (line) => void file.write(line);
}

async function startServer(up: Up, consoleUrl: () => string | null): Promise<ServerNode> {
  const { state, lifecycle, log, loaded } = up;
  const { values, sources } = loaded;
  const { host } = values;
  const isAsked = (name: string) => sources[name] !== "default";
  const [grpcPort, httpPort] = [
    await freePort(host, {
      port: values.grpcPort,
      isAsked: isAsked("grpcPort"),
      flag: "--grpc-port",
    }),
    await freePort(host, {
      port: values.httpPort,
      isAsked: isAsked("httpPort"),
      flag: "--http-port",
    }),
  ];
  for (const [usual, port] of [
    [values.grpcPort, grpcPort],
    [values.httpPort, httpPort],
  ]) {
    if (usual !== port) say(`Port ${usual} is in use by another program; using ${port}.`);
  }
  const database = values.databaseUrl ?? startDatabase(up);
  // The server's modules are loaded while the database starts.
  const [databaseUrl, { startServerNode }] = await Promise.all([
    database,
    import("../up/server-node.ts"),
  ]);
  const node = await startServerNode({
    databaseUrl,
    natsUrl: values.natsUrl,
    host,
    grpcPort,
    httpPort,
    insecureBind: values.insecureBind,
    keysDir: state.keys,
    blobStore: blobStoreOf({ ...values, stateDir: state.path }),
    assetEventDays: values.assetEventDays,
    consoleUrl,
    deadNodeId: state.predecessor?.nodeId,
    log,
    lifecycle,
  });
  const leftover = state.predecessor?.worker;
  if (leftover) void clearLeftoverWorker(leftover, node.endSession);
  return node;
}

async function startDatabase({ state, lifecycle, log }: Up): Promise<string> {
  const { startEmbeddedPostgres } = await import("@millrace/db/embedded");
  const postgres = await lifecycle.start("postgres", (signal) =>
    startEmbeddedPostgres({
      dataDir: state.postgres,
      onDown: () =>
        say(
          `PostgreSQL has ended; starting it again. Its log: ${join(state.postgres, "postgres.log")}`,
        ),
      onBack: (downMs) => say(`PostgreSQL is back after ${showMilliseconds(downMs)}.`),
      signal,
      log,
    }),
  );
  return postgres.url;
}

/** Starts it beside the server, which it hears of when that listens. */
function startWorker({ loaded: { values }, state }: Up, starting: Promise<ServerNode>): Part {
  const child = startUpWorker({
    args: [
      "--dags",
      resolve(values.dags),
      "--state-dir",
      state.path,
      "--slots",
      String(values.slots),
      "--trigger-slots",
      String(values.triggerSlots),
      "--queues",
      ...values.queues,
    ],
    server: starting.then(({ grpcPort }) => `${values.host}:${grpcPort}`),
    logFile: join(state.logs, "worker.log"),
    say,
    onPresence: (worker) =>
      void starting.then((node) =>
        state.writeEndpoint({ ...endpointOf(values.host, node), worker }),
      ),
    endSession: async (sessionId) => (await starting).endSession(sessionId),
  });
  return { name: "worker", stop: () => child.stop() };
}

function endpointOf(host: string, { grpcPort, httpPort, nodeId }: ServerNode): Endpoint {
  return {
    url: `http://${host}:${httpPort}`,
    grpc: `${host}:${grpcPort}`,
    pid: process.pid,
    nodeId,
  };
}

async function runConsole(
  state: StateDir,
  lifecycle: Lifecycle,
  url: { current: string | null },
): Promise<boolean> {
  const abort = new AbortController();
  const logPath = join(state.logs, "console.log");
  const starting = startConsole({ logFile: logPath, say, signal: abort.signal });
  lifecycle.add({
    name: "console",
    stop: async () => {
      abort.abort();
      await (await starting)?.child.stop();
    },
  });
  const running = await starting;
  url.current = running?.url ?? null;
  return running !== null;
}

async function sayLogin(client: Connection, url: string): Promise<void> {
  const { token } = await client.system.createLoginToken({ requestId: randomUUID() });
  say(
    `${colors.green("✔")} Console: ${colors.bold(`${url}/login?token=${token}`)} ${colors.dim("(good once, 15 minutes)")}`,
  );
}
