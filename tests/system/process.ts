/** Processes of a test: started, listened to, ended, and found. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const bin = join(root, "packages", "cli", "bin", "millrace.js");

type Environment = Readonly<Record<string, string>>;

/** The environment of a command: texts come without colours. */
function environment(more: Environment): NodeJS.ProcessEnv {
  return { ...process.env, NO_COLOR: "1", ...more };
}

export type Process = {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Resolves with its exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Sends the signal, if it still runs, and waits for its end. */
  end(signal?: NodeJS.Signals): Promise<number | string>;
};

export function startProcess(
  command: string,
  args: readonly string[],
  env: Environment = {},
): Process {
  const child = spawn(command, args, {
    cwd: root,
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    output: () => output,
    ended,
    end(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return ended;
    },
  };
}

/** Starts `millrace …`. */
export function startMillrace(args: readonly string[], env: Environment = {}): Process {
  return startProcess(process.execPath, [bin, ...args], env);
}

export type CommandResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

const outputBytesMax = 64 * 1024 * 1024;

/** Runs `millrace …` and collects what it says; never throws. */
export function runCli(args: readonly string[], env: Environment = {}): Promise<CommandResult> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd: root, env: environment(env), maxBuffer: outputBytesMax },
      (error, stdout, stderr) =>
        done({
          code: typeof error?.code === "number" ? error.code : error ? 1 : 0,
          stdout,
          stderr,
        }),
    );
  });
}

/** Processes whose command line holds all the words. Linux only. */
export function processesWith(...words: string[]): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return words.every((word) => command.some((part) => part.includes(word)));
      } catch {
        // It has ended meanwhile.
        return false;
      }
    })
    .map(Number);
}
