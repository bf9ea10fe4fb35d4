/** Who runs a server on a directory: the Millrace process that owns it, and a server that outlived its owner. */

import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { MillraceError } from "@millrace/engine";

import type { DbLog } from "../log.ts";
import { claimFile } from "./claim-file.ts";

/** How long a server without owner has to end by itself once it was told to. */
const leftoverStopMs = 30_000;
const pollMs = 20;

/** Fields of `/proc/<pid>/stat` from the third on: those after the name in parentheses, which may hold spaces. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  } catch {
    // No such process, or a system without /proc.
    return [];
  }
}

/** Does a process with this id run? One that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return statOf(pid)[0] !== "Z";
}

/** A process id comes back some day; together with its start it does not. Empty where the system does not tell. */
function startOf(pid: number): string {
  return statOf(pid)[19] ?? "";
}

/**
 * Takes the directory for this process until it gives it back.
 *
 * @throws MillraceError EMBEDDED_POSTGRES_IN_USE when a live process has it.
 */
export function takeOwnership(dir: string): { release(): void } {
  const file = join(dir, "owner");
  const mine = `${process.pid} ${startOf(process.pid)}`;
  for (;;) {
    if (claimFile(file, mine)) return { release: () => rmSync(file, { force: true }) };
    const [pid, start] = readIfThere(file).split(" ");
    if (pid !== undefined && pid !== "" && isAlive(Number(pid)) && startOf(Number(pid)) === start) {
      throw new MillraceError(
        "EMBEDDED_POSTGRES_IN_USE",
        `${dir} is in use by another Millrace (process ${pid}). Stop it, or give this one another data directory.`,
        { metadata: { pid } },
      );
    }
    rmSync(file, { force: true });
  }
}

/** Whoever wrote it may remove it at any time. */
function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** Ends a server whose owner was killed, and removes the lock file of one that is gone. Call as the directory's owner. */
export async function clearLeftover(data: string, log: DbLog): Promise<void> {
  const lock = join(data, "postmaster.pid");
  const pid = Number(readIfThere(lock).split("\n")[0]);
  if (!(pid > 0)) return;
  if (!isAlive(pid) || !isServerOf(pid, data)) {
    // Postgres would remove it too, but not when its process id now belongs to another program of the same account.
    rmSync(lock, { force: true });
    return;
  }
  log.warn({ pid }, "db.embedded.leftover");
  const deadlineMs = performance.now() + leftoverStopMs;
  tellToStop(pid);
  while (isAlive(pid)) {
    if (performance.now() > deadlineMs) {
      throw new MillraceError(
        "EMBEDDED_POSTGRES_FAILED",
        `A Postgres left from an earlier start (process ${pid}) does not stop. End it, then start again.`,
        { metadata: { pid: String(pid) } },
      );
    }
    await delay(pollMs);
  }
}

function tellToStop(pid: number): void {
  try {
    process.kill(pid, "SIGINT");
  } catch (error) {
    // Its keeper was quicker.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function isServerOf(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
  } catch {
    // No /proc, or not ours to read: the command line tells as well.
    try {
      return execFileSync("ps", ["-o", "command=", "-p", String(pid)], {
        encoding: "utf8",
      }).includes(data);
    } catch {
      return false;
    }
  }
}
