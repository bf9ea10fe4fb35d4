/** What to tell a worker whose attempt has an outcome already, or has lost the right to one. */

import { hasFlag, instanceFlags as flags, stateAt } from "../run/instances.ts";
import type { Run, RunEvent, Verdict } from "../run/run.ts";
import { isFinal, TaskState } from "../spec/states.ts";
import { already, cancelled, cleared, conflict, finished } from "./verdicts.ts";

/** How a worker says that an attempt has ended. */
type Outcome = Extract<
  RunEvent["kind"],
  "taskSucceeded" | "taskFailed" | "taskSkipped" | "taskRescheduled" | "taskDeferred"
>;

export function verdictOnRepeat(run: Run, slot: number, kind: Outcome): Verdict {
  const state = stateAt(run, slot);
  if (hasFlag(run, slot, flags.isCleared)) return cleared;
  // No try of its own is behind the state: a person set it, or it ended without its worker.
  const { attempt, uncounted } = run.instances;
  if (isFinal(state) && attempt[slot] === uncounted[slot])
    return run.cancelRequested ? cancelled : finished;
  // After a take-over nobody knows whether it failed or was lost; of one that was lost nothing is waited for.
  if (kind === "taskDeferred" && mayBeLost(run, slot, state)) return finished;
  if (hasSameOutcome(kind, state)) return already;
  if (run.cancelRequested) return cancelled;
  // Skipped with an attempt: by its body, by a branch, or because its run timed out.
  if (state === TaskState.skipped || state === TaskState.removed) return finished;
  return conflict;
}

function mayBeLost({ instances }: Run, slot: number, state: TaskState): boolean {
  const isBetween = state === TaskState.up_for_retry || state === TaskState.scheduled;
  return isBetween && instances.losses[slot]! > 0;
}

/** A task that is ready again has had an outcome that makes it run again. */
function hasSameOutcome(kind: Outcome, state: TaskState): boolean {
  switch (kind) {
    case "taskSucceeded":
      return state === TaskState.success;
    case "taskSkipped":
      return state === TaskState.skipped;
    case "taskRescheduled":
      return state === TaskState.up_for_reschedule || state === TaskState.scheduled;
    case "taskDeferred":
      // What came of the wait is another matter, and may be anything.
      return true;
    case "taskFailed":
      return (
        state === TaskState.failed ||
        state === TaskState.up_for_retry ||
        state === TaskState.scheduled
      );
  }
}
