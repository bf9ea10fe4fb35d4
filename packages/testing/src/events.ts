/** What comes for tasks that wait, as a test says it beforehand. */

import type { InstanceRef } from "@millrace/engine";
import { MillraceError } from "@millrace/engine";
import { waitSummary } from "@millrace/sdk/spec";
import type { Script } from "./bodies.ts";
import { bring } from "./bring.ts";
import type { MemoryRun } from "./memory-run.ts";
import type { Outcome } from "./outcomes.ts";
import { broughtBy, isOutcome } from "./outcomes.ts";
import type { Wait } from "./waits.ts";
import { failWait, waitOf } from "./end-wait.ts";

/** A task that waits, as the test is told of it. */
export type AwaitedTask = {
  readonly id: string;
  /** Null for a task that is not mapped. */
  readonly mapIndex: number | null;
  readonly kind: "time" | "token" | "input" | "watch" | "runs";
  /** What is waited for, in words; of an input its subject. Empty where nothing was said. */
  readonly summary: string;
};

/** What comes of a wait: `ok(event)`, of an input `ok(values)`; `fail(…)`; `after(…)` one of these. */
export type WaitEvent = Outcome | ((task: AwaitedTask) => Outcome);

/** By task id. A list has one for each time an instance waits; its last one is for all further ones. */
export type WaitEvents = Readonly<Record<string, WaitEvent | readonly WaitEvent[]>>;

/** Has what the test says come for an instance that has just begun to wait. */
export function expectEvent(
  run: MemoryRun,
  scripts: ReadonlyMap<string, Script>,
  ref: InstanceRef,
): void {
  const id = run.dag.taskIds[ref.ix]!;
  const script = scripts.get(id);
  const wait = waitOf(run, ref);
  if (script === undefined || wait === null) return;
  const record = run.records.of(ref);
  const next = script[Math.min(record.waits, script.length - 1)]!;
  record.waits += 1;
  const outcome = typeof next === "function" ? next(awaitedTask(run, ref, wait) as never) : next;
  if (!isOutcome(outcome))
    throw new MillraceError(
      "FIELD_INVALID",
      `events of task "${id}" need ok(…), fail(…) or after(…), or a function that returns one at once.`,
      { metadata: { field: `events.${id}` } },
    );
  const brought = broughtBy(outcome);
  run.clock.at(run.clock.now + brought.afterMs, () => {
    if (waitOf(run, ref) !== wait) return;
    if ("error" in brought) failWait(run, ref, wait, brought.error);
    else bring(run, ref, wait, brought.value);
  });
}

function awaitedTask(run: MemoryRun, { ix, mapIx }: InstanceRef, { order }: Wait): AwaitedTask {
  const { trigger } = order;
  return {
    id: run.dag.taskIds[ix]!,
    mapIndex: mapIx < 0 ? null : mapIx,
    kind: trigger.kind,
    summary:
      trigger.kind === "input"
        ? trigger.form.subject
        : trigger.kind === "watch"
          ? trigger.summary
          : trigger.kind === "runs"
            ? waitSummary(trigger.wait)
            : "",
  };
}
