/** A run of 1,000 tasks whose bodies note in a file that they ran, and what must hold of it however it was disturbed. */
import { RunState, TaskState } from "@millrace/wire/v1";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { problemsOf, readHistory } from "./history.ts";
import { databaseUrlOf, readEndpoint, type Millrace } from "./millrace.ts";
import { processesWith } from "./process.ts";
import { waitFor } from "./wait.ts";

export const thousandDags = fileURLToPath(new URL("./load", import.meta.url));
export const taskCount = 1000;
const runLimitMs = 120_000;

export type Thousand = {
  readonly runId: string;
  readonly journal: string;
  /** The file that lets its second half go on; empty where that waits for nothing. */
  readonly opening: string;
};

export type ThousandOptions = {
  /** How long a body takes. Default 20. */
  readonly millis?: number;
  /** The second half waits for `letOn`, so that the run cannot be over before. Default false. */
  readonly isHeld?: boolean;
};

let triggered = 0;

export async function triggerThousand(
  { api, stateDir }: Millrace,
  { millis = 20, isHeld = false }: ThousandOptions = {},
): Promise<Thousand> {
  await api.dagsAre(1);
  const journal = join(stateDir, `journal-${triggered++}`);
  const opening = isHeld ? `${journal}.open` : "";
  return { runId: await api.trigger("thousand", { journal, millis, opening }), journal, opening };
}

/** Lets the second half of one that is held go on. */
export function letOn({ opening }: Thousand): void {
  writeFileSync(opening, "");
}

/** What the bodies noted: a task, and what tells its attempts apart, on each line. */
function linesOf({ journal }: Thousand): string[] {
  try {
    return readFileSync(journal, "utf8").trim().split("\n");
  } catch {
    // No body has run yet.
    return [];
  }
}

export async function untilMiddle(thousand: Thousand): Promise<void> {
  await waitFor("a third of the tasks to have run", () => linesOf(thousand).length > taskCount / 3);
}

/** Lets its second half go on, and waits until it does. */
export async function untilMoving(thousand: Thousand): Promise<void> {
  const before = linesOf(thousand).length;
  letOn(thousand);
  const hasMoved = () => linesOf(thousand).length > before + taskCount / 20;
  await waitFor("tasks to run again", hasMoved, runLimitMs);
}

/** Every task succeeded once; bodies may have run more than once, never without a new attempt. */
export async function expectOneOutcomeEach(millrace: Millrace, thousand: Thousand): Promise<void> {
  const { runId } = thousand;
  const run = await timed("until the run has ended", millrace.api.end(runId, runLimitMs));
  expect(run.failure?.message).toBeUndefined();
  expect(run.state).toBe(RunState.SUCCESS);
  const list = { runId, pageSize: taskCount };
  const { taskInstances } = await millrace.api.tasks.listTaskInstances(list);
  expect(taskInstances).toHaveLength(taskCount);
  expect(taskInstances.filter((it) => it.state !== TaskState.SUCCESS)).toEqual([]);
  expect(problemsOf(await readHistory(databaseUrlOf(millrace.stateDir), runId))).toEqual([]);
  const starts = linesOf(thousand);
  expect(new Set(starts).size).toBe(starts.length);
  expect(new Set(starts.map((line) => line.split(" ")[0])).size).toBe(taskCount);
}

/** Waits and prints how long that took: a test's output tells how quick recovery is. */
export async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const begin = performance.now();
  const result = await work;
  console.info(`${what}: ${Math.round(performance.now() - begin)} ms`);
  return result;
}

/** The process of its Postgres, which may have died; null while the next one has not begun. */
export function postgresOf({ stateDir }: Millrace): number | null {
  try {
    const lock = readFileSync(join(stateDir, "postgres", "data", "postmaster.pid"), "utf8");
    return Number(lock.split("\n")[0]) || null;
  } catch {
    return null;
  }
}

/** kill -9 of a part of a `millrace up`. */
export const killers = {
  worker({ stateDir }: Millrace): void {
    const workers = processesWith(stateDir, "worker");
    expect(workers.length).toBeGreaterThan(0);
    for (const pid of workers) process.kill(pid, "SIGKILL");
  },
  server({ stateDir }: Millrace): void {
    process.kill(readEndpoint(stateDir).pid, "SIGKILL");
  },
  postgres(millrace: Millrace): void {
    process.kill(postgresOf(millrace)!, "SIGKILL");
  },
};
