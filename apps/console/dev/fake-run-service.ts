import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  RunState,
  StateCountSchema,
  TaskState,
  WatchDagRunResponseSchema,
} from "@millrace/wire/v1";
import type { DagRun, DagRunService, RunDaySchema } from "@millrace/wire/v1";
import { refusal } from "./fake-errors.ts";
import { fakeDeadlines } from "./fake-deadlines.ts";
import { fakeRunInputs } from "./fake-run-inputs.ts";
import { pause, summary } from "./fake-lookup.ts";
import type { Lookup } from "./fake-lookup.ts";
import { affectedMax } from "./fake-change-calls.ts";
import { markRun, toMark } from "./fake-change.ts";
import { checkObject } from "./fake-params.ts";
import { jsonOf } from "./fake-waits.ts";
import type { FakeRun } from "./fake-run.ts";
import type { FakeWorld } from "./fake-world.ts";

const watchPauseMs = 250;
const dayFields = new Map<RunState, "queued" | "running" | "succeeded">([
  [RunState.QUEUED, "queued"],
  [RunState.RUNNING, "running"],
  [RunState.SUCCESS, "succeeded"],
]);

export function runService(
  world: FakeWorld,
  lookup: Lookup,
): Partial<ServiceImpl<typeof DagRunService>> {
  const answered = new Map<string, FakeRun>();
  return {
    triggerDagRun(request) {
      const dag = lookup.dag(request.dagId);
      const before = answered.get(request.requestId);
      if (before !== undefined) return { run: before.run };
      const at = request.logicalDate;
      const logicalDate = at === undefined ? null : timestampMs(at);
      const isTaken = world
        .runsOf(request.dagId)
        .some(
          ({ run }) =>
            run.logicalDate !== undefined && timestampMs(run.logicalDate) === logicalDate,
        );
      if (isTaken) {
        throw refusal(
          Code.AlreadyExists,
          "LOGICAL_DATE_TAKEN",
          "Another run has this logical date.",
        );
      }
      const kind = { name: "params", reason: "PARAMS_INVALID" };
      const params = jsonOf(checkObject(dag.spec.paramsSchema, request.params?.data, kind));
      const run = world.trigger(dag, Date.now(), { params, logicalDate, note: request.note });
      run.run.partitionKey = request.partitionKey;
      answered.set(request.requestId, run);
      return { run: run.run };
    },
    getRunCalendar({ dagId, from, to }) {
      const days = new Map<string, MessageInitShape<typeof RunDaySchema> & { day: string }>();
      for (const { run } of world.runsOf(lookup.dag(dagId).spec.dagId)) {
        const day = new Date(timestampMs(run.logicalDate ?? run.queuedAt!))
          .toISOString()
          .slice(0, 10);
        if (day < from || day > to) continue;
        const counts = days.get(day) ?? { day };
        const field = dayFields.get(run.state) ?? "failed";
        days.set(day, { ...counts, [field]: (counts[field] ?? 0) + 1 });
      }
      return { days: [...days.values()].sort((a, b) => a.day.localeCompare(b.day)) };
    },
    getDagRun: ({ runId }) => ({ run: withCounts(lookup.run(runId)) }),
    listDagRuns(request) {
      const size = request.pageSize || 50;
      const matching = world.runs
        .filter(({ run }) => request.dagId === "" || run.dagId === request.dagId)
        .filter(({ run }) => request.states.length === 0 || request.states.includes(run.state))
        .sort((a, b) => msOf(b) - msOf(a));
      return {
        runs: matching.slice(0, size).map(withCounts),
        nextPageToken: matching.length > size ? "more" : "",
      };
    },
    cancelDagRun({ runId }) {
      const run = lookup.run(runId);
      run.cancel(Date.now());
      world.announce(run);
      return { run: run.run };
    },
    markDagRun({ runId, state, dryRun }) {
      const run = lookup.run(runId);
      const affected = toMark(run, state);
      const groups = Map.groupBy(affected, (one) => JSON.stringify([one.state, one.nextState]));
      const counts = [...groups.values()].flatMap((same) =>
        same.slice(0, 1).map((one) => ({
          ...{ state: one.state, nextState: one.nextState },
          count: same.length,
        })),
      );
      if (!dryRun) {
        markRun(run, state, Date.now());
        world.announce(run);
      }
      return {
        run: withCounts(run),
        affected: affected.slice(0, affectedMax),
        affectedCount: affected.length,
        counts,
      };
    },
    async *watchDagRun({ runId }, { signal }) {
      const run = lookup.run(runId);
      const changed = new Set<string>();
      const stop = world.watch(runId, (changes) => {
        for (const { taskId } of changes) changed.add(taskId);
      });
      try {
        let revision = run.run.revision;
        const begun = [...run.tasks.values()].filter(
          ({ instance }) => instance.state !== TaskState.NONE,
        );
        yield watched(
          run,
          begun.map(({ instance }) => instance.taskId),
        );
        while (!run.isFinal && !signal.aborted) {
          await pause(watchPauseMs, signal);
          if (run.run.revision === revision) continue;
          revision = run.run.revision;
          const ids = [...changed];
          changed.clear();
          yield watched(run, ids);
        }
      } finally {
        stop();
      }
    },
    getDagRunInputs: ({ runId }) => fakeRunInputs(lookup.run(runId)),
    listDeadlines({ runId }) {
      return { deadlines: fakeDeadlines(lookup.run(runId)) };
    },
    getDagGrid({ dagId, runCount }) {
      const taskIds = lookup.dag(dagId).spec.tasks.map((task) => task.taskId);
      const columns = world.runsOf(dagId).slice(0, runCount || 25);
      return {
        taskIds,
        columns: columns.map((run) => ({
          run: summary(run),
          states: taskIds.map((id) => run.tasks.get(id)?.instance.state ?? TaskState.UNSPECIFIED),
        })),
      };
    },
  };
}

function watched(run: FakeRun, taskIds: readonly string[]) {
  return create(WatchDagRunResponseSchema, {
    run: withCounts(run),
    taskInstances: taskIds.flatMap((id) => run.tasks.get(id)?.instance ?? []),
  });
}

function withCounts(run: FakeRun): DagRun {
  const counts = new Map<TaskState, number>();
  for (const { instance } of run.tasks.values()) {
    const own = instance.mapped?.counts ?? [];
    for (const { state, count } of own.length > 0 ? own : [{ state: instance.state, count: 1 }]) {
      counts.set(state, (counts.get(state) ?? 0) + count);
    }
  }
  run.run.counts = [...counts].map(([state, count]) => create(StateCountSchema, { state, count }));
  return run.run;
}

function msOf({ run }: FakeRun): number {
  return run.queuedAt === undefined ? 0 : timestampMs(run.queuedAt);
}
