/** What a test brings that tasks wait for: as whoever has a token, a person or a triggerer would. */

import type { Deferral, InstanceRef } from "@millrace/engine";
import {
  deferralOf,
  instanceState,
  isMapped,
  MillraceError,
  slotOf,
  TaskState,
  taskStateName,
} from "@millrace/engine";
import { fitTo, isObject } from "./forms.ts";
import type { MemoryRun, TokenOwner } from "./memory-run.ts";
import { broughtBy, isOutcome } from "./outcomes.ts";
import type { TaskChoice } from "./people.ts";
import { requireInstance, requireTask } from "./result.ts";
import type { Wait } from "./waits.ts";
import { failWait, fulfil, waitOf } from "./end-wait.ts";

export type AnswerOptions = {
  /** Who answers. Default: the first of the form's assignees, else "user:admin". */
  readonly by?: string;
};

type Awaiting = { readonly ref: InstanceRef; readonly wait: Wait; readonly deferral: Deferral };

/** Ends the wait for a token. */
export function completeToken(run: MemoryRun, task: TaskChoice, value: unknown): void {
  const { ref, wait } = awaiting(run, task, "token");
  fulfil(run, ref, wait, value);
}

export function failToken(run: MemoryRun, task: TaskChoice, reason: unknown): void {
  const { ref, wait } = awaiting(run, task, "token");
  failWait(run, ref, wait, typeof reason === "string" ? new Error(reason) : reason);
}

export function beatToken(run: MemoryRun, task: TaskChoice): void {
  const { ref, wait } = awaiting(run, task, "token");
  run.apply({ kind: "waitBeat", ...ref, attempt: wait.attempt, at: run.clock.now });
}

export function answer(
  run: MemoryRun,
  task: TaskChoice,
  values: unknown,
  options: AnswerOptions = {},
): void {
  const { ref, wait } = awaiting(run, task, "input");
  fulfil(run, ref, wait, answered(run, ref, wait, values, options));
}

export function fire(run: MemoryRun, task: TaskChoice, event: unknown): void {
  const { ref, wait } = awaiting(run, task, "watch", "runs");
  const brought = isOutcome(event) ? broughtBy(event) : { afterMs: 0, value: event };
  if (brought.afterMs > 0)
    throw new MillraceError(
      "FIELD_INVALID",
      "What fires does so now: call advance(…) first instead of after(…).",
      { metadata: { field: "event" } },
    );
  if ("error" in brought) failWait(run, ref, wait, brought.error);
  else fulfil(run, ref, wait, brought.value);
}

/** What comes for a wait as the option `events` says it: of an input the values, of anything else the event. */
export function bring(run: MemoryRun, ref: InstanceRef, wait: Wait, event: unknown): void {
  const isInput = wait.order.trigger.kind === "input";
  fulfil(run, ref, wait, isInput ? answered(run, ref, wait, event, {}) : event);
}

/** @throws MillraceError INPUT_INVALID, INPUT_NOT_YOURS */
function answered(
  run: MemoryRun,
  { ix }: InstanceRef,
  { order }: Wait,
  given: unknown,
  options: AnswerOptions,
): { values: unknown; by: string; at: Date } {
  if (order.trigger.kind !== "input") throw new TypeError("Only forms are answered.");
  const { schema, assignees } = order.trigger.form;
  const values: unknown = structuredClone(given);
  const problem = isObject(values)
    ? fitTo(schema, values, "values")
    : `values must be an object, not ${JSON.stringify(values) ?? typeof values}`;
  const taskId = run.dag.taskIds[ix]!;
  if (problem !== null)
    throw new MillraceError(
      "INPUT_INVALID",
      `The answer to task "${taskId}" does not fit its form: ${problem}.`,
    );
  const by = options.by ?? assignees[0] ?? "user:admin";
  if (assignees.length > 0 && !assignees.includes(by))
    throw new MillraceError(
      "INPUT_NOT_YOURS",
      `Task "${taskId}" may be answered by ${assignees.join(", ")}, not by ${by}.`,
    );
  return { values, by, at: new Date(run.clock.now) };
}

const words: Readonly<Record<Deferral["kind"], string>> = {
  time: "a moment",
  token: "its token",
  input: "an answer",
  watch: "a trigger",
  runs: "runs of another DAG",
};

/** @throws MillraceError TASK_NOT_FOUND; INPUT_NOT_AWAITED, TASK_NOT_DEFERRED when it does not wait for that */
function awaiting(
  run: MemoryRun,
  task: TaskChoice,
  ...kinds: [Deferral["kind"], ...Deferral["kind"][]]
): Awaiting {
  const token = typeof task === "string" ? run.tokens.get(task) : undefined;
  const ref = token?.ref ?? instanceOf(run, task);
  const wait = waitOf(run, ref);
  const deferral = deferralOf(run.engine, ref);
  if (token !== undefined && wait?.attempt !== token.attempt && hasEnded(run, token))
    throw new MillraceError(
      "TASK_TOKEN_USED",
      `The token of task "${run.dag.taskIds[ref.ix]}" is not awaited any more: it was used, timed out, or the task ended otherwise.`,
    );
  if (wait !== null && deferral !== null && kinds.includes(deferral.kind))
    return { ref, wait, deferral };
  const [kind] = kinds;
  const state = taskStateName(instanceState(run.engine, ref.ix, ref.mapIx));
  const is = deferral === null ? `it is ${state}` : `it waits for ${words[deferral.kind]}`;
  throw new MillraceError(
    kind === "input" ? "INPUT_NOT_AWAITED" : "TASK_NOT_DEFERRED",
    `Task "${run.dag.taskIds[ref.ix]}" does not wait for ${words[kind]}: ${is}.`,
  );
}

/** Whether the attempt of a token runs no more. */
function hasEnded(run: MemoryRun, { ref, attempt }: TokenOwner): boolean {
  const isRunning = instanceState(run.engine, ref.ix, ref.mapIx) === TaskState.running;
  return (
    !isRunning || run.engine.instances.attempt[slotOf(run.engine, ref.ix, ref.mapIx)] !== attempt
  );
}

function instanceOf(run: MemoryRun, task: TaskChoice): InstanceRef {
  if (typeof task !== "string")
    return requireInstance(run, requireTask(run, task.taskId), task.mapIndex);
  const ix = requireTask(run, task);
  if (isMapped(run.engine, ix))
    throw new MillraceError(
      "FIELD_INVALID",
      `Task "${task}" is mapped: say which instance is meant, as { taskId: "${task}", mapIndex: 0 }.`,
    );
  return { ix, mapIx: -1 };
}
