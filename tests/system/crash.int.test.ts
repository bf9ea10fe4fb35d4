/** kill -9 of any part in the middle of a run: the run finishes, and every task has exactly one accepted outcome. */
import { RunState, TaskState } from "@millrace/wire/v1";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { problemsOf, readHistory } from "./history.ts";
import { databaseUrlOf, readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { processesWith, startMillrace } from "./process.ts";
import { waitFor } from "./wait.ts";

const dags = fileURLToPath(new URL("./load", import.meta.url));
const taskCount = 1000;
const runLimitMs = 120_000;
/** How long bodies take that are to be caught running. */
const slowMillis = 200;
const testLimitMs = 240_000;

async function triggerThousand(millrace: Millrace, millis = 20): Promise<string> {
  await millrace.api.dagsAre(1);
  return millrace.api.trigger("thousand", { journal: journalOf(millrace), millis });
}

const journalOf = ({ stateDir }: Millrace): string => join(stateDir, "journal");

/** What the bodies noted: a task and the number of its attempt on each line. */
function journalLines(millrace: Millrace): string[] {
  try {
    return readFileSync(journalOf(millrace), "utf8").trim().split("\n");
  } catch {
    return [];
  }
}

async function waitForMiddle(millrace: Millrace): Promise<void> {
  await waitFor(
    "a third of the tasks to have run",
    () => journalLines(millrace).length > taskCount / 3,
  );
}

/** Waits and prints how long that took: a test's output tells how quick recovery is. */
async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const begin = performance.now();
  const result = await work;
  console.info(`${what}: ${Math.round(performance.now() - begin)} ms`);
  return result;
}

async function untilMoving(millrace: Millrace): Promise<void> {
  const before = journalLines(millrace).length;
  await waitFor(
    "tasks to run again",
    () => journalLines(millrace).length > before + taskCount / 20,
    runLimitMs,
  );
}

/** Every task succeeded once; bodies may have run more than once, never without a new attempt number. */
async function expectOneOutcomeEach(millrace: Millrace, runId: string): Promise<void> {
  const run = await timed("until the run has ended", millrace.api.end(runId, runLimitMs));
  expect(run.failure?.message).toBeUndefined();
  expect(run.state).toBe(RunState.SUCCESS);
  const { taskInstances } = await millrace.api.tasks.listTaskInstances({
    runId,
    pageSize: taskCount,
  });
  expect(taskInstances).toHaveLength(taskCount);
  expect(taskInstances.filter((it) => it.state !== TaskState.SUCCESS)).toEqual([]);
  expect(problemsOf(await readHistory(databaseUrlOf(millrace.stateDir), runId))).toEqual([]);
  const starts = journalLines(millrace);
  expect(new Set(starts).size).toBe(starts.length);
  expect(new Set(starts.map((line) => line.split(" ")[0])).size).toBe(taskCount);
}

describe("kill -9 in the middle of a run of 1,000 tasks", () => {
  test(
    "of the worker: its attempts are lost and granted again",
    { timeout: testLimitMs },
    async () => {
      await using millrace = await startUp({ dags });
      const runId = await triggerThousand(millrace);
      await waitForMiddle(millrace);
      const workers = processesWith(millrace.stateDir, "--server");
      expect(workers.length).toBeGreaterThan(0);
      for (const pid of workers) process.kill(pid, "SIGKILL");
      await timed("worker killed, until tasks run again", untilMoving(millrace));
      await expectOneOutcomeEach(millrace, runId);
    },
  );

  test(
    "of a worker elsewhere: its attempts are granted again once its session is over",
    { timeout: testLimitMs },
    async () => {
      await using millrace = await startUp({ dags });
      const { stateDir, api } = millrace;
      const { grpc } = readEndpoint(stateDir);
      const other = startMillrace([
        "worker",
        "--server",
        grpc,
        "--state-dir",
        stateDir,
        "--name",
        "elsewhere",
      ]);
      await waitFor("its session", () => other.output().includes("session.opened"));
      const runId = await triggerThousand(millrace, slowMillis);
      await waitFor("it to work", async () => {
        const { workers } = await api.system.listWorkers({});
        return workers.some((it) => it.name === "elsewhere" && it.running > 0);
      });
      await other.end("SIGKILL");
      await timed("worker elsewhere killed", expectOneOutcomeEach(millrace, runId));
    },
  );

  test("of api and scheduler: the next start takes over", { timeout: testLimitMs }, async () => {
    await using millrace = await startUp({ dags });
    const { stateDir } = millrace;
    const runId = await triggerThousand(millrace);
    await waitForMiddle(millrace);
    process.kill(readEndpoint(stateDir).pid, "SIGKILL");
    const childless = waitFor(
      "the children to end by themselves",
      () => processesWith(stateDir).length === 0,
    );
    await timed("server killed, until its children have ended", childless);
    await using second = await timed("until the next one answers", startUp({ dags, stateDir }));
    await timed("until tasks run again", untilMoving(second));
    await expectOneOutcomeEach(second, runId);
  });

  test(
    "of Postgres: it is started again and nothing acknowledged is lost",
    { timeout: testLimitMs },
    async () => {
      await using millrace = await startUp({ dags });
      const runId = await triggerThousand(millrace);
      await waitForMiddle(millrace);
      const lock = readFileSync(
        join(millrace.stateDir, "postgres", "data", "postmaster.pid"),
        "utf8",
      );
      process.kill(Number(lock.split("\n")[0]), "SIGKILL");
      await timed("Postgres killed, until tasks run again", untilMoving(millrace));
      await expectOneOutcomeEach(millrace, runId);
    },
  );
});
