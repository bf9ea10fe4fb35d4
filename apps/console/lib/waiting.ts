/** What a task that gave its slot back waits for, in words; and what else of a task is known to come at a moment. */
import { TaskState } from "@millrace/wire/v1";
import type { Attempt, RunsTrigger, TaskInstance, Waiting } from "@millrace/wire/v1";
import { durationMsOf, formatDuration, msOf } from "./format.ts";

export function isDeferred(state: TaskState): boolean {
  return state === TaskState.DEFERRED || state === TaskState.AWAITING_INPUT;
}

/** A moment at which something happens by itself, with the verb for it. UTC ms. */
export type NextMoment = { readonly verb: string; readonly at: number };

/** Null when nothing is known to come. */
export function nextMoment(task: TaskInstance | null): NextMoment | null {
  if (task === null) return null;
  const { state, waiting } = task;
  const wakesAt = waiting?.for.case === "until" ? waiting.for.value : undefined;
  const moments = [
    { state: TaskState.UP_FOR_RETRY, verb: "Retry", at: task.retryAt },
    { state: TaskState.UP_FOR_RESCHEDULE, verb: "Looks", at: task.rescheduleAt },
    { state: TaskState.DEFERRED, verb: "Wakes", at: wakesAt },
  ];
  const found = moments.find((one) => one.state === state);
  const at = msOf(found?.at);
  return found === undefined || at === null ? null : { verb: found.verb, at };
}

/** What is waited for in a few words, to follow "waits for"; empty when that is not told. */
export function waitSubject(waiting: Waiting | undefined): string {
  switch (waiting?.for.case) {
    case "until":
      return "a moment";
    case "token":
      return "its token";
    case "form":
      return waiting.for.value.subject;
    case "summary":
      return waiting.for.value;
    case "runs":
      return runsSubject(waiting.for.value);
    case undefined:
      return "";
  }
}

/** "publish of orders", "orders run_7": which part of which DAG. */
function runsSubject({ dagId, runId, taskIds, groupIds }: RunsTrigger): string {
  const parts = [...taskIds, ...groupIds].join(", ");
  return `${parts === "" ? "" : `${parts} of `}${dagId}${runId === "" ? "" : ` ${runId}`}`;
}

/** The same with its verb: "waits for its token", "asks “Release it?”"; empty when it is not told. */
export function waitPhrase(waiting: Waiting | undefined): string {
  const subject = waitSubject(waiting);
  if (subject === "") return "";
  return waiting?.for.case === "form" ? `asks “${subject}”` : `waits for ${subject}`;
}

/** One sentence about what ends the wait. */
export function waitSentence(waiting: Waiting): string {
  const end = waiting.for;
  if (end.case === "until") return "It waits for a moment, and goes on by itself.";
  if (end.case === "form") return "It waits for a person to answer.";
  if (end.case === "summary") return `It waits for ${end.value || "what is watched"}.`;
  if (end.case === "runs") return `It waits for ${runsSubject(end.value)}, without a worker.`;
  if (end.case !== "token") return "It gave its slot back and waits.";
  const beat = durationMsOf(end.value.heartbeat);
  const expected =
    beat === null ? "" : ` They say at least every ${formatSpan(beat)} that they are still at it.`;
  return `It waits for whoever has its task token.${expected}`;
}

function formatSpan(ms: number): string {
  return formatDuration(ms)
    .replace(/\.0 s$/, " s")
    .replace(/ 00s$/, "");
}

/**
 * When an attempt began. One that goes on after a wait has the begin of the task instance, which is before the wait: of the
 * newest it is known when it could go on, of others it is not known (null).
 */
export function attemptStart(
  attempt: Attempt,
  attempts: readonly Attempt[],
  task: TaskInstance,
): number | null {
  const start = msOf(attempt.startedAt);
  const before = attempts.findLast(({ tryNumber }) => tryNumber < attempt.tryNumber);
  const free = msOf(before?.endedAt);
  if (start === null || free === null || start >= free) return start;
  const ready = attempt.tryNumber === task.tryNumber ? msOf(task.readyAt) : null;
  return ready !== null && ready >= free ? ready : null;
}

/** The time between an attempt that gave its slot back and what came after it. */
export type PastWait = {
  readonly isInput: boolean;
  readonly from: number | null;
  /** Whether it goes on. */
  readonly isOpen: boolean;
  /** Null while it goes on, and when it is not known. */
  readonly to: number | null;
};

/** Null for an attempt that did not wait. */
export function waitAfter(
  attempt: Attempt,
  attempts: readonly Attempt[],
  task: TaskInstance,
): PastWait | null {
  if (!isDeferred(attempt.state)) return null;
  const next = attempts.find((one) => one.tryNumber > attempt.tryNumber);
  const isOpen = next === undefined && isDeferred(task.state);
  const ended = next === undefined ? msOf(task.endedAt) : attemptStart(next, attempts, task);
  return {
    isInput: attempt.state === TaskState.AWAITING_INPUT,
    from: msOf(attempt.endedAt),
    isOpen,
    to: isOpen ? null : ended,
  };
}
