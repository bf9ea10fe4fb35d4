import type { ServiceImpl } from "@connectrpc/connect";
import type {
  ListTaskInstancesRequest,
  TaskInstance,
  TaskInstanceService,
} from "@millrace/wire/v1";
import { changeCalls } from "./fake-change-calls.ts";
import { fakeReasons } from "./fake-explain.ts";
import { inputCalls } from "./fake-input-calls.ts";
import { xcomCalls } from "./fake-xcom-calls.ts";
import { attemptOf, isOpen, linesAfter } from "./fake-logs.ts";
import { pause } from "./fake-lookup.ts";
import type { Lookup } from "./fake-lookup.ts";
import type { FakeRun } from "./fake-run.ts";
import type { FakeWorld } from "./fake-world.ts";

const tailPauseMs = 200;
const pageDefault = 100;
const pageMax = 1_000;

export function taskService(
  world: FakeWorld,
  lookup: Lookup,
): Partial<ServiceImpl<typeof TaskInstanceService>> {
  return {
    ...changeCalls(world, lookup),
    ...inputCalls(world, lookup),
    ...xcomCalls(lookup),
    listTaskInstances: (request) =>
      request.taskId === ""
        ? { taskInstances: tasksOf(lookup.run(request.runId), request) }
        : instancesOf(lookup, request),
    getTaskInstance(request) {
      const { instance, attempts } = lookup.instance(request);
      return { taskInstance: instance, attempts };
    },
    readLogs(request) {
      const { run, attempts } = lookup.instance(request);
      const attempt = attemptOf(attempts, request.tryNumber);
      if (attempt === undefined) return {};
      const afterSeq = Number(request.afterSeq);
      const place = { taskId: request.taskId, attempt, afterSeq, now: Date.now() };
      return { lines: [...linesAfter(run, place)], tryNumber: attempt.tryNumber };
    },
    async *tailLogs(request, { signal }) {
      const { taskId } = request;
      let afterSeq = Number(request.afterSeq);
      while (!signal.aborted) {
        const { run, attempts } = lookup.instance(request);
        const attempt = attemptOf(attempts, request.tryNumber);
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
    explainTaskInstance(request) {
      const { run, instance } = lookup.instance(request);
      return { state: instance.state, reasons: [...fakeReasons(world, run, instance)] };
    },
  };
}

function tasksOf(run: FakeRun, { states }: ListTaskInstancesRequest): TaskInstance[] {
  const all = [...run.tasks.values()].map((task) => task.instance);
  if (states.length === 0) return all;
  return all.filter(
    ({ state, mapped }) =>
      states.includes(state) ||
      mapped?.counts.some((count) => count.count > 0 && states.includes(count.state)) === true,
  );
}

/** A page of the instances of a mapped task; the token is the index to go on at. */
function instancesOf(lookup: Lookup, request: ListTaskInstancesRequest) {
  const { task } = lookup.task(request.runId, request.taskId);
  const { instances, instance } = task;
  if (instances === null) return {};
  const size = Math.min(request.pageSize || pageDefault, pageMax);
  const page: TaskInstance[] = [];
  let ix = Number(request.pageToken || "0");
  for (; ix < instances.length && page.length < size; ix += 1) {
    const isWanted = request.states.length === 0 || request.states.includes(instances.stateOf(ix));
    if (isWanted) page.push(instances.message(instance, ix));
  }
  return { taskInstances: page, nextPageToken: ix < instances.length ? String(ix) : "" };
}
