/** The example `polyglot`: TypeScript feeds Python feeds TypeScript, each in a worker of its own. */
import { freePort } from "@millrace/bus/testing";
import { RunState, TaskState } from "@millrace/wire/v1";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { preparePython } from "../../scripts/python-venv.mjs";
import { problemsOf, readHistory } from "./history.ts";
import { databaseUrlOf, newStateDir, readEndpoint, startUp, type Millrace } from "./millrace.ts";
import { startProcess, type Process } from "./process.ts";
import { waitFor } from "./wait.ts";

const dags = fileURLToPath(new URL("../../examples/dags", import.meta.url));
const handlers = fileURLToPath(new URL("../../examples/python/score_model.py", import.meta.url));
const testLimitMs = 180_000;

const stateDir = newStateDir();
let args: readonly string[];
let millrace: Millrace;
let python: Process | null = null;

beforeAll(async () => {
  args = ["--grpc-port", String(await freePort())];
  millrace = await startUp({ dags, stateDir, args });
  await waitFor("the DAG", async () => {
    const { dags: found } = await millrace.api.dags.listDags({ search: "polyglot" });
    return found.length === 1;
  });
}, testLimitMs);

afterAll(async () => {
  await python?.end();
  await millrace[Symbol.asyncDispose]();
  rmSync(stateDir, { recursive: true, force: true });
}, testLimitMs);

function startPython(): Process {
  const key = join(stateDir, "keys", "worker.key");
  const { grpc } = readEndpoint(stateDir);
  const args = ["-m", "millrace", handlers, "--queue", "python"];
  return startProcess(preparePython(), [...args, "--server", grpc, "--key-file", key]);
}

async function expectScores(runId: string): Promise<void> {
  expect((await millrace.api.end(runId)).state).toBe(RunState.SUCCESS);
  const { xcoms } = await millrace.api.tasks.listXComs({ runId, taskId: "pick_best" });
  const best = JSON.parse(new TextDecoder().decode(xcoms[0]!.value!.data)) as { score: number }[];
  expect(best).toHaveLength(3);
  for (const { score } of best) expect(score).toBeGreaterThan(0.5);
  // A log that takes long to be stored does not hold up its run.
  await waitFor("the log of the Python task", async () => {
    const log = await millrace.cli("tasks", "logs", runId, "score_model");
    return /scoring[\s\S]*best score: 0\.\d+/.test(log.stdout);
  });
  expect(problemsOf(await readHistory(databaseUrlOf(stateDir), runId))).toEqual([]);
}

test(
  "waits for a worker that can run the Python task, says so, and runs when one comes",
  { timeout: testLimitMs },
  async () => {
    const runId = await millrace.api.trigger("polyglot");
    await waitFor("the first task", async () => {
      const { taskInstance } = await millrace.api.tasks.getTaskInstance({
        runId,
        taskId: "collect",
      });
      return taskInstance?.state === TaskState.SUCCESS;
    });
    const explained = await millrace.cli("tasks", "explain", runId, "score_model");
    expect(explained.stdout).toMatch(/No live worker serves the queue "python"/);
    python = startPython();
    await expectScores(runId);
  },
);

test(
  "goes on with the same Python worker after the server was killed and started again",
  { timeout: testLimitMs },
  async () => {
    process.kill(readEndpoint(stateDir).pid, "SIGKILL");
    await millrace.process.ended;
    millrace = await startUp({ dags, stateDir, args });
    await expectScores(await millrace.api.trigger("polyglot"));
    expect(python!.child.exitCode).toBeNull();
  },
);
