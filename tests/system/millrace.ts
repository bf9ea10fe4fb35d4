/** Starts the real thing for a test: `millrace` processes in a folder of their own, and the command line to ask them. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiAt, type Api } from "./api.ts";
import { waitFor } from "./wait.ts";

export { waitFor };

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const bin = join(root, "packages", "cli", "bin", "millrace.js");

export type CommandResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

export type Millrace = AsyncDisposable & {
  readonly stateDir: string;
  readonly process: ChildProcess;
  readonly api: Api;
  /** What it has printed so far. */
  output(): string;
  /** Runs `millrace …` against it. */
  cli(...args: string[]): Promise<CommandResult>;
  /** Runs `millrace … --json` and parses; throws with what it said when it fails. */
  json<T>(...args: string[]): Promise<T>;
  stop(): Promise<number | null>;
};

export type UpOptions = {
  readonly dags: string;
  readonly stateDir?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** `millrace up` without console on ports of its own; resolves when it answers. */
export async function startUp(options: UpOptions): Promise<Millrace> {
  const isOwnDir = !options.stateDir;
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), "millrace-system-"));
  const ports = ["--grpc-port", "0", "--http-port", "0", "--no-console"];
  const child = spawn(
    process.execPath,
    [bin, "up", "--dags", options.dags, "--state-dir", stateDir, ...ports, ...(options.args ?? [])],
    { cwd: root, env: { ...process.env, ...options.env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const cli = (...args: string[]) => runCli(args, { MILLRACE_STATE_DIR: stateDir });
  await waitFor("millrace up to answer", () => {
    if (child.exitCode !== null) throw new Error(`millrace up ended:\n${output}`);
    return output.includes("Millrace runs at");
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    return child.exitCode;
  };
  return {
    stateDir,
    process: child,
    api: apiAt(
      readEndpoint(stateDir).url,
      readFileSync(join(stateDir, "keys", "admin.key"), "utf8").trim(),
    ),
    output: () => output,
    cli,
    async json<T>(...args: string[]): Promise<T> {
      const done = await cli(...args, "--json");
      if (done.code !== 0)
        throw new Error(`millrace ${args.join(" ")} (${done.code}): ${done.stderr}`);
      return JSON.parse(done.stdout) as T;
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      if (isOwnDir) rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** Runs the command and collects what it says; never throws. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd: root, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) =>
        done({
          code: typeof error?.code === "number" ? error.code : error ? 1 : 0,
          stdout,
          stderr,
        }),
    );
  });
}

export type RunJson = {
  run: { runId: string; state: string; failure?: { kind?: string; message: string } };
};

/** Triggers and waits until the run is final. */
export async function runToEnd(
  millrace: Millrace,
  dagId: string,
  ...args: string[]
): Promise<RunJson["run"]> {
  const { run } = await millrace.json<RunJson>("dags", "trigger", dagId, ...args);
  return waitFor(`run ${run.runId} of ${dagId} to end`, async () => {
    const now = (await millrace.json<RunJson>("runs", "show", run.runId)).run;
    return now.state === "RUN_STATE_SUCCESS" || now.state === "RUN_STATE_FAILED" ? now : null;
  });
}

/** Address of the embedded PostgreSQL of a running `millrace up`. */
export function databaseUrlOf(stateDir: string): string {
  const read = (name: string) => readFileSync(join(stateDir, "postgres", name), "utf8").trim();
  return `postgresql://millrace:${read("password")}@127.0.0.1:${read("port")}/millrace`;
}

/** Where a running `millrace up` listens, and its process id. */
export function readEndpoint(stateDir: string): { url: string; grpc: string; pid: number } {
  return JSON.parse(readFileSync(join(stateDir, "endpoint.json"), "utf8")) as {
    url: string;
    grpc: string;
    pid: number;
  };
}
