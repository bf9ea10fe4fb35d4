/** kill -9 of any part in the middle of a run: the run finishes, and every task has exactly one accepted outcome. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readEndpoint, startUp, waitFor, type Millrace, type RunJson } from "./millrace.ts";

const dags = fileURLToPath(new URL("./load", import.meta.url));
const taskCount = 1000;
const runLimitMs = 120_000;
const testLimitMs = 240_000;

type Task = { taskId: string; state: string; tryNumber: number; lostCount?: number };

async function triggerThousand(millrace: Millrace): Promise<string> {
  await waitFor("the DAG to be registered", async () => {
    const { dags: found } = await millrace.json<{ dags?: unknown[] }>("dags", "list");
    return found?.length === 1;
  });
  const journal = join(millrace.stateDir, "journal");
  const params = JSON.stringify({ journal });
  const { run } = await millrace.json<RunJson>("dags", "trigger", "thousand", "--params", params);
  return run.runId;
}

function journalLines(millrace: Millrace): string[] {
  try {
    return readFileSync(join(millrace.stateDir, "journal"), "utf8").trim().split("\n");
  } catch {
    return [];
  }
}

async function waitForMiddle(millrace: Millrace): Promise<void> {
  await waitFor("a third of the tasks to have run", () => journalLines(millrace).length > taskCount / 3);
}

/** Every task succeeded once; bodies may have run more than once, never without a new attempt number. */
async function expectOneOutcomeEach(millrace: Millrace, runId: string): Promise<void> {
  await waitFor(
    "the run to succeed",
    async () => {
      const shown = await millrace.cli("runs", "show", runId, "--json");
      if (shown.code !== 0) return null;
      const { run } = JSON.parse(shown.stdout) as RunJson;
      if (run.state === "RUN_STATE_FAILED") throw new Error(`The run failed: ${run.failure?.message}`);
      return run.state === "RUN_STATE_SUCCESS" ? run : null;
    },
    runLimitMs,
  );
  const { taskInstances } = await millrace.json<{ taskInstances: Task[] }>("tasks", "list", runId);
  expect(taskInstances).toHaveLength(taskCount);
  expect(taskInstances.filter((it) => it.state !== "TASK_STATE_SUCCESS")).toEqual([]);
  const starts = journalLines(millrace);
  expect(new Set(starts).size).toBe(starts.length);
  expect(new Set(starts.map((line) => line.split(" ")[0])).size).toBe(taskCount);
}

/** Processes whose command line holds all the words. */
function processesWith(...words: string[]): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return words.every((word) => command.some((part) => part.includes(word)));
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe("kill -9 in the middle of a run of 1,000 tasks", () => {
  test("of the worker: its attempts are lost and granted again", { timeout: testLimitMs }, async () => {
    await using millrace = await startUp({ dags });
    const runId = await triggerThousand(millrace);
    await waitForMiddle(millrace);
    const workers = processesWith(millrace.stateDir, "--server");
    expect(workers.length).toBeGreaterThan(0);
    for (const pid of workers) process.kill(pid, "SIGKILL");
    await expectOneOutcomeEach(millrace, runId);
  });

  test("of api and scheduler: the next start takes over", { timeout: testLimitMs }, async () => {
    await using millrace = await startUp({ dags });
    const { stateDir } = millrace;
    const runId = await triggerThousand(millrace);
    await waitForMiddle(millrace);
    process.kill(readEndpoint(stateDir).pid, "SIGKILL");
    await using second = await startUp({ dags, stateDir });
    await expectOneOutcomeEach(second, runId);
  });

  test("of Postgres: it is started again and nothing acknowledged is lost", { timeout: testLimitMs }, async () => {
    await using millrace = await startUp({ dags });
    const runId = await triggerThousand(millrace);
    await waitForMiddle(millrace);
    const [postmaster] = readFileSync(join(millrace.stateDir, "postgres", "postmaster.pid"), "utf8").split("\n");
    process.kill(Number(postmaster), "SIGKILL");
    await expectOneOutcomeEach(millrace, runId);
  });
});
