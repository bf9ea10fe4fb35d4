/** What the processes of a system hold and spend, from /proc. */
import { readFileSync, readdirSync } from "node:fs";

/** `program`: this one, which triggers. */
export type Part = "server" | "worker" | "esbuild" | "postgres" | "program";

export type Memory = {
  /** Megabytes resident now. Of PostgreSQL, whose processes share pages, each page once. */
  readonly nowMb: number;
  /** The most it ever was; of PostgreSQL this is not known. */
  readonly peakMb: number | null;
};

/** `upPid`: the process of `millrace up`. `postgresPid`: the postmaster. */
export type Roots = { readonly pid: number; readonly postgresPid: number };

const clockTicksPerSecond = 100;

export function memoryOf(roots: Roots): Map<Part, Memory> {
  const found = new Map<Part, Memory>();
  for (const { pid, part } of processesOf(roots)) {
    const before = found.get(part) ?? { nowMb: 0, peakMb: part === "postgres" ? null : 0 };
    const { nowMb, peakMb } = memoryOfProcess(pid, part);
    found.set(part, {
      nowMb: before.nowMb + nowMb,
      peakMb: before.peakMb === null ? null : before.peakMb + peakMb,
    });
  }
  return found;
}

/** Processor seconds spent so far; those of PostgreSQL include connections that have ended. */
export function processorSeconds(roots: Roots): Map<Part, number> {
  const { user, system } = process.cpuUsage();
  const found = new Map<Part, number>([["program", (user + system) / 1e6]]);
  for (const { pid, part } of processesOf(roots)) {
    const fields = read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
    // Fields 14 to 17: user and system time, and those of children that have been waited for.
    const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
    const ofChildren = part === "postgres" ? childUser + childSystem : 0;
    found.set(part, (found.get(part) ?? 0) + (user + system + ofChildren) / clockTicksPerSecond);
  }
  return found;
}

function processesOf({ pid, postgresPid }: Roots): { pid: number; part: Part }[] {
  const children = childrenByParent();
  const below = (of: number): number[] =>
    (children.get(of) ?? []).flatMap((it) => [it, ...below(it)]);
  const found: { pid: number; part: Part }[] = [{ pid, part: "server" }];
  for (const it of below(pid)) {
    const part = partOf(it);
    if (part !== null) found.push({ pid: it, part });
  }
  for (const it of [postgresPid, ...below(postgresPid)]) found.push({ pid: it, part: "postgres" });
  return found;
}

/** Null for PostgreSQL, which is counted by itself, and for the shell that watches over it. */
function partOf(pid: number): Part | null {
  const command = read(`/proc/${pid}/cmdline`).split("\0");
  if (/esbuild/.test(command[0] ?? "")) return "esbuild";
  return command.includes("worker") ? "worker" : null;
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((it) => /^\d+$/.test(it))) {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${name}/status`))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

function memoryOfProcess(pid: number, part: Part): { nowMb: number; peakMb: number } {
  const status = read(`/proc/${pid}/status`);
  const peakMb = kilobytes(status, "VmHWM") / 1024;
  if (part === "postgres")
    return { nowMb: kilobytes(read(`/proc/${pid}/smaps_rollup`), "Pss") / 1024, peakMb };
  return { nowMb: kilobytes(status, "VmRSS") / 1024, peakMb };
}

function kilobytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}

/** Empty when the process has ended since it was listed. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
