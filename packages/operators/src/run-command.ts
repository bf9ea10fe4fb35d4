/** Runs a command in a process group of its own, streams its lines, and stops all of it when told to. */

import { spawn, type ChildProcess } from "node:child_process";
import { splitLines } from "./lines.ts";

/** How long the group may go on after SIGTERM; less than the worker gives the body. */
const killAfterMs = 5000;

export type Command = {
  readonly command: string;
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/**
 * Resolves when the command has ended and its output is read. When `signal` aborts, the whole group gets SIGTERM and
 * then SIGKILL, and this rejects with the signal's reason.
 *
 * @throws Error when no shell can be started there.
 */
export async function runCommand(command: Command): Promise<Exit> {
  const { signal } = command;
  signal.throwIfAborted();
  const child = spawn("sh", ["-c", command.command], {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const endKilling = killOnAbort(child, signal);
  try {
    const exit = await ended(child, command);
    signal.throwIfAborted();
    return exit;
  } finally {
    endKilling();
  }
}

function ended(child: ChildProcess, { cwd, onLine }: Command): Promise<Exit> {
  const out = splitLines((line) => onLine(line, "stdout"));
  const err = splitLines((line) => onLine(line, "stderr"));
  child.stdout?.on("data", (chunk: Buffer) => out.write(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.write(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      const where = cwd === undefined ? "" : ` in ${cwd}`;
      reject(new Error(`no shell could be started${where}: ${error.message}`, { cause: error }));
    });
    // "close" rather than "exit": by then both pipes are read to the end.
    child.on("close", (code, signal) => {
      out.end();
      err.end();
      resolve({ code, signal });
    });
  });
}

/** Returns what to do once the command has ended: what is left of a group that was told to stop ends too. */
function killOnAbort(child: ChildProcess, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const terminate = (): void => {
    killGroup(child, "SIGTERM");
    timer = setTimeout(() => killGroup(child, "SIGKILL"), killAfterMs);
  };
  signal.addEventListener("abort", terminate, { once: true });
  return () => {
    signal.removeEventListener("abort", terminate);
    clearTimeout(timer);
    if (signal.aborted) killGroup(child, "SIGKILL");
  };
}

/** The group outlives its first process as long as any member does, so it is signalled even after that has ended. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // Nobody is left in the group.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
