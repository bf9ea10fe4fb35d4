/** Which callbacks a change causes (semantics 12.1-12.2). */

import type { Change, Effects, Run, RunEvent } from "../run/run.ts";
import type { CallbackSpec } from "../spec/spec.ts";
import { RunState, TaskState } from "../spec/states.ts";

/** A callback that is to run. `ordinal` is its place in the spec of its task, or of the DAG. */
export type DueCallback = { readonly ordinal: number; readonly callback: CallbackSpec };

const none: readonly DueCallback[] = [];

/**
 * The callbacks of a task that a change of an instance causes; what happened is about its attempt `change.attempt`.
 *
 * Success and failure for good are the task's own: by its body, its wait, a time limit, its workers, or because it could not
 * be mapped. Not what a person marked, and not what befell it because its run was cancelled, timed out or failed fast. A
 * retry is one after a failure, not after a lost worker. Skipped is only who chose so: body or wait.
 *
 * @param run as the event left it
 * @param event what caused the change; null for what a take-over makes up for
 */
export function callbacksOf(
  run: Run,
  event: RunEvent | null,
  change: Change,
): readonly DueCallback[] {
  const { callbacks } = run.dag.tasks[change.ix]!;
  if (callbacks.length === 0) return none;
  const on = eventOf(run, event, change);
  return on === null ? none : dueOn(callbacks, on);
}

/**
 * The callbacks of the DAG that the end of a run causes: when it ends by itself or by its dagrun timeout, not when a person
 * cancelled it or said how it ends.
 *
 * @param end `Effects.run`
 */
export function callbacksOfRun(
  run: Run,
  event: RunEvent | null,
  end: Effects["run"],
): readonly DueCallback[] {
  const { callbacks } = run.dag.spec;
  if (end === null || callbacks.length === 0) return none;
  if (event?.kind === "runMarked" || run.isMarkedFailed || run.cancelRequested) return none;
  // Another run has gone in its stead.
  if (event?.kind === "runLeftOut") return none;
  if (end.state === RunState.success) return dueOn(callbacks, "success");
  return end.state === RunState.failed ? dueOn(callbacks, "failure") : none;
}

function eventOf(run: Run, event: RunEvent | null, change: Change): CallbackSpec["on"] | null {
  const { state, failure } = change;
  if (run.cancelRequested) return null;
  if (state === TaskState.success) return isByPerson(event) ? null : "success";
  if (state === TaskState.failed) return failure?.kind === "cancelled" ? null : "failure";
  if (state === TaskState.up_for_retry) return event?.kind === "leaseLost" ? null : "retry";
  return state === TaskState.skipped && isOwnChoice(event, change) ? "skipped" : null;
}

function isByPerson(event: RunEvent | null): boolean {
  return event?.kind === "marked" || event?.kind === "runMarked";
}

/** Whether it was this instance's body, or its wait, that said so. */
function isOwnChoice(event: RunEvent | null, { ix, mapIx }: Change): boolean {
  if (event?.kind !== "taskSkipped" && event?.kind !== "waitTimedOut") return false;
  return event.ix === ix && event.mapIx === mapIx;
}

function dueOn(callbacks: readonly CallbackSpec[], on: CallbackSpec["on"]): DueCallback[] {
  return callbacks.flatMap((callback, ordinal) =>
    callback.on === on ? [{ ordinal, callback }] : [],
  );
}
