import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { RunSummarySchema } from "@millrace/wire/v1";
import type { RunSummary } from "@millrace/wire/v1";
import type { FakeDag } from "./fake-dag.ts";
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
    /** One instance of a mapped task, or what stands for the whole task. */
    instance(request: { runId: string; taskId: string; mapIndex?: number | undefined }) {
      const { run, task } = this.task(request.runId, request.taskId);
      const { mapIndex = -1, taskId } = request;
      const { instances } = task;
      if (mapIndex < 0) return { run, task, instance: task.instance, attempts: task.attempts };
      if (instances === null || mapIndex >= instances.length) {
        const has = instances === null ? "none yet" : `0 to ${instances.length - 1}`;
        const message = `The mapped task "${taskId}" has no instance with map_index ${mapIndex}; it has ${has}.`;
        throw refusal(Code.NotFound, "TASK_NOT_FOUND", message);
      }
      const instance = instances.message(task.instance, mapIndex);
      return { run, task, instance, attempts: instances.attempts(mapIndex) };
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
