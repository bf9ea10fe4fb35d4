/** The folder `.millrace/`: keys, data, logs, and a lock so that only one `millrace up` uses it. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { claimFile } from "@millrace/db";
import { readEndpoint, readIfThere, type Endpoint } from "../connection.ts";
import { CommandFailure, ExitCode } from "../exit-codes.ts";

export type StateDir = {
  readonly path: string;
  readonly keys: string;
  readonly logs: string;
  readonly bundles: string;
  readonly postgres: string;
  /** What the one before left when it was killed; null when it ended in order. */
  readonly predecessor: Endpoint | null;
  /** Lets other commands find this server. */
  writeEndpoint(endpoint: Endpoint): void;
  release(): void;
};

/** Takes the folder; a lock left by a process that is gone is taken over. */
export function openStateDir(path: string): StateDir {
  const root = resolve(path);
  const inside = (name: string) => join(root, name);
  for (const folder of [root, inside("logs"), inside("bundles")]) {
    mkdirSync(folder, { recursive: true });
  }
  const lock = inside("up.lock");
  takeLock(lock, root);
  const endpointFile = inside("endpoint.json");
  const predecessor = readEndpoint(root);
  // Nobody must take the dead one's address for this one's.
  rmSync(endpointFile, { force: true });
  return {
    predecessor,
    path: root,
    keys: inside("keys"),
    logs: inside("logs"),
    bundles: inside("bundles"),
    postgres: inside("postgres"),
    writeEndpoint(endpoint) {
      writeFileSync(`${endpointFile}.new`, JSON.stringify(endpoint));
      renameSync(`${endpointFile}.new`, endpointFile);
    },
    release() {
      rmSync(endpointFile, { force: true });
      rmSync(lock, { force: true });
    },
  };
}

function takeLock(lock: string, root: string): void {
  for (;;) {
    if (claimFile(lock, String(process.pid))) return;
    const holder = Number(readIfThere(lock));
    if (isMillraceProcess(holder)) {
      throw new CommandFailure(
        ExitCode.conflict,
        `Another "millrace up" (process ${holder}) uses ${root}; stop it, or use another folder with --state-dir.`,
      );
    }
    rmSync(lock, { force: true });
  }
}

/** Whether the process lives and is one of ours: numbers of processes are used again after a reboot. */
export function isMillraceProcess(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return /node|millrace/.test(commandOf(pid));
}

/** The command line where /proc tells it; elsewhere a living process counts as ours. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "millrace";
  }
}
