/** What comes of an attempt, or of the wait that it left behind: a success, another try, or the end. */

import type { Becomes } from "../run/change.ts";
import { change, slotAt } from "../run/change.ts";
import { setChoice, skipUnchosen, unknownCases } from "../judge/control.ts";
import { failFast } from "../judge/fail-fast.ts";
import { discardedSuccess, unknownCase } from "../run/failures.ts";
import { retryDelayMs } from "./retry.ts";
import type { Effects, Failure, InstanceRef, Run, RunEvent } from "../run/run.ts";
import type { EpochMs } from "../spec/spec.ts";
import { TaskState } from "../spec/states.ts";

type Success = InstanceRef &
  Pick<Extract<RunEvent, { kind: "taskSucceeded" }>, "hasValue" | "lengths" | "choice">;

export function succeed(run: Run, event: Success, effects: Effects): void {
  const { ix } = event;
  const { dag } = run;
  if (run.cancelRequested) {
    change(run, event, { state: TaskState.failed, failure: discardedSuccess }, effects);
    return;
  }
  const choice = dag.tasks[ix]!.control === "none" ? null : event.choice;
  const strange = choice === null ? [] : unknownCases(dag, ix, choice);
  if (strange.length > 0) {
    const cases = dag.tasks[ix]!.cases.map(({ name }) => name);
    failForGood(run, event, unknownCase(strange, cases), effects);
    return;
  }
  const { hasValue } = event;
  const lengths = hasValue && dag.measures[ix]!.length > 0 ? event.lengths : [];
  if (lengths.length > 0) run.lengths.measured.set(ix, lengths);
  change(run, event, { state: TaskState.success, hasValue, lengths, choice }, effects);
  if (choice === null) return;
  setChoice(run, event, choice);
  skipUnchosen(run, event, choice, effects);
}

/** Tries again after the task's delay while it has retries, or ends it. */
export function fail(
  run: Run,
  ref: InstanceRef,
  failure: Failure,
  at: EpochMs,
  effects: Effects,
): void {
  const { dag, instances, facts } = run;
  const slot = slotAt(run, ref);
  const task = dag.tasks[ref.ix]!;
  const tryNumber = instances.attempt[slot]! - instances.uncounted[slot]!;
  const mayRetry = failure.retryable && failure.kind !== "cancelled" && !run.cancelRequested;
  if (!mayRetry || tryNumber > task.retries) {
    failForGood(run, ref, failure, effects);
    return;
  }
  const seed = { dagId: dag.spec.dagId, logicalDate: facts.logicalDate, tryNumber };
  const waitUntil = at + (failure.retryAfterMs ?? retryDelayMs(task, seed));
  waitUntilDue(run, ref, { state: TaskState.up_for_retry, waitUntil, failure }, waitUntil, effects);
}

export function failForGood(run: Run, ref: InstanceRef, failure: Failure, effects: Effects): void {
  change(run, ref, { state: TaskState.failed, failure }, effects);
  if (!run.cancelRequested) failFast(run, ref.ix, effects);
}

/** Sets a state that ends with a `waitDue`. */
export function waitUntilDue(
  run: Run,
  ref: InstanceRef,
  to: Becomes,
  due: EpochMs,
  effects: Effects,
): void {
  change(run, ref, to, effects);
  const { ix, mapIx } = ref;
  const attempt = run.instances.attempt[slotAt(run, ref)]!;
  effects.timers.push({ kind: "waitDue", ix, mapIx, attempt, at: due });
}
