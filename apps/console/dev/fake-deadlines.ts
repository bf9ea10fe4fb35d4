/** Deadlines of the test double: of a run that is under way the first is in danger, of one that failed it was missed. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { DeadlineSchema, DeadlineState, RunState, type Deadline } from "@millrace/wire/v1";
import type { FakeRun } from "./fake-run.ts";

const minuteMs = 60_000;

export function fakeDeadlines({ run, dag }: FakeRun): Deadline[] {
  if (run.state === RunState.SUCCESS) return [];
  const queuedAt = run.queuedAt === undefined ? 0 : timestampMs(run.queuedAt);
  return dag.spec.deadlines.map(({ name }, place) => {
    const dueAt = queuedAt + (place === 0 ? 4 : 300) * minuteMs;
    const at = (ms: number) => timestampFromMs(ms);
    const base = { runId: run.runId, name, dueAt: at(dueAt) };
    if (place > 0) return create(DeadlineSchema, { ...base, state: DeadlineState.PENDING });
    if (run.state === RunState.FAILED)
      return create(DeadlineSchema, { ...base, state: DeadlineState.MISSED, missedAt: at(dueAt) });
    return create(DeadlineSchema, {
      ...base,
      state: DeadlineState.AT_RISK,
      atRiskAt: at(queuedAt + minuteMs),
      estimatedEndAt: at(dueAt + 6 * minuteMs),
      criticalTaskIds: dag.spec.tasks.slice(0, 3).map((task) => task.taskId),
    });
  });
}
