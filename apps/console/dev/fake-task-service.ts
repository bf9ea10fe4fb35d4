import type { ServiceImpl } from "@connectrpc/connect";
import { TaskState } from "@millrace/wire/v1";
import type { TaskInstanceService } from "@millrace/wire/v1";
import { fakeReasons } from "./fake-explain.ts";
import { attemptOf, isOpen, linesAfter } from "./fake-logs.ts";
import { pause } from "./fake-lookup.ts";
import type { Lookup } from "./fake-lookup.ts";
import type { FakeWorld } from "./fake-world.ts";

const tailPauseMs = 200;

export function taskService(
  world: FakeWorld,
  lookup: Lookup,
): Partial<ServiceImpl<typeof TaskInstanceService>> {
  return {
    listTaskInstances: ({ runId }) => ({
      taskInstances: [...lookup.run(runId).tasks.values()].map((task) => task.instance),
    }),
    getTaskInstance({ runId, taskId }) {
      const { task } = lookup.task(runId, taskId);
      return { taskInstance: task.instance, attempts: task.attempts };
    },
    readLogs(request) {
      const { run } = lookup.task(request.runId, request.taskId);
      const attempt = attemptOf(run, request.taskId, request.tryNumber);
      if (attempt === undefined) return {};
      const afterSeq = Number(request.afterSeq);
      const place = { taskId: request.taskId, attempt, afterSeq, now: Date.now() };
      return { lines: [...linesAfter(run, place)], tryNumber: attempt.tryNumber };
    },
    async *tailLogs(request, { signal }) {
      const { taskId } = request;
      const { run } = lookup.task(request.runId, taskId);
      let afterSeq = Number(request.afterSeq);
      while (!signal.aborted) {
        const attempt = attemptOf(run, taskId, request.tryNumber);
        if (attempt === undefined) return;
        const wasOpen = isOpen(attempt);
        const lines = linesAfter(run, { taskId, attempt, afterSeq, now: Date.now() });
        if (lines.length > 0) {
          afterSeq += lines.length;
          yield { lines: [...lines], tryNumber: attempt.tryNumber };
        } else if (!wasOpen) return;
        else await pause(tailPauseMs, signal);
      }
    },
    explainTaskInstance({ runId, taskId }) {
      const { run, task } = lookup.task(runId, taskId);
      return { state: task.instance.state, reasons: [...fakeReasons(world, run, taskId)] };
    },
    listXComs({ runId, taskId }) {
      const { run, task } = lookup.task(runId, taskId);
      const { result } = run.behaviourOf(taskId);
      if (task.instance.state !== TaskState.SUCCESS || result === undefined) return {};
      const data = new TextEncoder().encode(JSON.stringify(result));
      return { xcoms: [{ key: "return_value", value: { data } }] };
    },
  };
}
