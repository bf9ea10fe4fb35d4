/** Starts the real thing for a test: `millrace up` in a folder of its own, with the ways to ask it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiAt, type Api } from "./api.ts";
import { runCli, startMillrace, type CommandResult, type Process } from "./process.ts";
import { waitFor } from "./wait.ts";

export type Millrace = AsyncDisposable & {
  readonly stateDir: string;
  readonly process: Process;
  readonly api: Api;
  /** Runs `millrace …` against it. */
  cli(...args: string[]): Promise<CommandResult>;
};

export type UpOptions = {
  readonly dags: string;
  /** Default: a new one that goes with it. */
  readonly stateDir?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** `millrace up` without console on ports of its own; resolves when it answers. */
export async function startUp(options: UpOptions): Promise<Millrace> {
  const stateDir = options.stateDir ?? newStateDir();
  const up = startMillrace(upArgs(stateDir, options.dags, options.args), options.env);
  await waitFor("millrace up to answer", () => {
    if (up.child.exitCode !== null) throw new Error(`millrace up ended:\n${up.output()}`);
    return up.output().includes("Millrace runs at");
  });
  return {
    stateDir,
    process: up,
    api: apiAt(
      readEndpoint(stateDir).url,
      readFileSync(join(stateDir, "keys", "admin.key"), "utf8").trim(),
    ),
    cli: (...args) => runCli(args, { MILLRACE_STATE_DIR: stateDir }),
    async [Symbol.asyncDispose]() {
      const { exitCode } = up.child;
      await up.end();
      if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
      // Tests kill it at times; by itself it never ends.
      if (exitCode !== null) throw new Error(`millrace up ended with ${exitCode}:\n${up.output()}`);
    },
  };
}

export function newStateDir(): string {
  return mkdtempSync(join(tmpdir(), "millrace-system-"));
}

export function upArgs(stateDir: string, dags: string, more: readonly string[] = []): string[] {
  const ports = ["--grpc-port", "0", "--http-port", "0", "--no-console"];
  return ["up", "--dags", dags, "--state-dir", stateDir, ...ports, ...more];
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
