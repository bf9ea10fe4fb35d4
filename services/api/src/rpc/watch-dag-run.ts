import { setTimeout as wait } from "node:timers/promises";
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { getRun, type RunRow } from "@millrace/db";
import type { Handler } from "@millrace/service";
import { RunChangedSchema } from "@millrace/wire/internal";
import type { DagRunService, TaskInstance, WatchDagRunResponseSchema } from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { createDoorbell } from "../doorbell.ts";
import { apiLimits } from "../limits.ts";
import { isFinalRun, runMessage } from "../messages/run.ts";
import { createRunWatch } from "../run-watch.ts";
import { requireRun } from "../task-instance-reading.ts";

export function watchDagRun(context: ApiContext): Handler<typeof DagRunService.method.watchDagRun> {
  return ({ runId }, call) => watch(context, runId, call.signal);
}

type Watch = AsyncGenerator<MessageInitShape<typeof WatchDagRunResponseSchema>, void, undefined>;

/** Driven by what the owner says; every few seconds, and at the end, by the rows, so that a lost message is made up for. */
async function* watch(context: ApiContext, runId: string, signal: AbortSignal): Watch {
  const { run: start, dag } = await requireRun(context, runId);
  const view = createRunWatch(context, dag);
  let isOver = false;
  const bell = createDoorbell(context.bus, `runs.${start.id}`, {
    accept(data) {
      const { state, taskInstances } = fromBinary(RunChangedSchema, data);
      view.hear(taskInstances);
      isOver ||= isFinalRun(state as RunRow["state"]);
      return true;
    },
  });
  try {
    let run = (await getRun(context.db, start.id)) ?? start;
    yield { run: runMessage(run), taskInstances: await view.first(run) };
    let lookedAtMs = performance.now();
    let sentAtMs = lookedAtMs;
    while (!isFinalRun(run.state) && !signal.aborted) {
      await bell.next(Math.min(apiLimits.watchSafetyMs, view.pendingMs() ?? Infinity), signal);
      // The end is told at once.
      if (!isOver) await pause(sentAtMs + apiLimits.watchEveryMs - performance.now(), signal);
      if (signal.aborted) return;
      const next = await getRun(context.db, run.id);
      // Deleted with its DAG meanwhile: there is nothing more to say.
      if (next === null) return;
      const mustLook =
        next.state !== run.state || performance.now() - lookedAtMs >= apiLimits.watchSafetyMs;
      const changed = await view.heard(next);
      const missed = mustLook ? await view.look(next) : [];
      if (mustLook) lookedAtMs = performance.now();
      if (
        changed.length + missed.length > 0 ||
        next.revision !== run.revision ||
        next.state !== run.state
      ) {
        yield { run: runMessage(next), taskInstances: latest([...changed, ...missed]) };
        sentAtMs = performance.now();
      }
      run = next;
    }
  } finally {
    bell.close();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await wait(ms, undefined, { signal }).catch(() => undefined);
}

/** One entry a task instance: the last one said. */
function latest(instances: readonly TaskInstance[]): TaskInstance[] {
  return [...new Map(instances.map((each) => [`${each.taskId} ${each.mapIndex}`, each])).values()];
}
