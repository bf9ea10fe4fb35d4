import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { RunSummarySchema } from "@millrace/wire/v1";
import type { RunSummary } from "@millrace/wire/v1";
import type { FakeDag } from "./fake-dags.ts";
import { refusal } from "./fake-errors.ts";
import type { FakeRun } from "./fake-run.ts";
import type { FakeWorld } from "./fake-world.ts";

export type Lookup = ReturnType<typeof lookups>;

/** Finds things by id, or refuses as the api does. */
export function lookups(world: FakeWorld) {
  return {
    dag(dagId: string): FakeDag {
      const dag = world.dags.get(dagId);
      if (dag === undefined) {
        throw refusal(Code.NotFound, "DAG_NOT_FOUND", `No DAG has the id "${dagId}".`);
      }
      return dag;
    },
    run(runId: string): FakeRun {
      const run = world.runOf(runId);
      if (run === undefined) {
        throw refusal(Code.NotFound, "RUN_NOT_FOUND", `No DAG run has the id "${runId}".`);
      }
      return run;
    },
    task(runId: string, taskId: string) {
      const run = this.run(runId);
      const task = run.tasks.get(taskId);
      if (task === undefined) {
        throw refusal(Code.NotFound, "TASK_NOT_FOUND", `The run has no task "${taskId}".`);
      }
      return { run, task };
    },
  };
}

export function summary({ run }: FakeRun): RunSummary {
  return create(RunSummarySchema, {
    runId: run.runId,
    state: run.state,
    ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
    ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    ...(run.logicalDate === undefined ? {} : { logicalDate: run.logicalDate }),
  });
}

/** Waits, or returns early when the caller has gone. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
