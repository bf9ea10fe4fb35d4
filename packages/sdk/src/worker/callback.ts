/** Callbacks where they run: what they are told, and what comes of them. */

import { callbackEvents, failureFromProto } from "@millrace/wire";
import { RunState, type Deadline } from "@millrace/wire/v1";
import type { CallbackFacts } from "@millrace/wire/worker";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { CallbackDeadline, CallbackEvent } from "../callback/callback.ts";
import type { TaskCode } from "../wiring/code-of.ts";
import { runInContext } from "../context/context.ts";
import type { Attempt } from "./attempt.ts";
import { millraceCallBody } from "./call-body.ts";
import type { CallbackWork, Outcome } from "./messages.ts";
import { failureOf } from "./outcome.ts";

const runStates: Readonly<Record<number, CallbackEvent["runState"]>> = {
  [RunState.QUEUED]: "queued",
  [RunState.RUNNING]: "running",
  [RunState.SUCCESS]: "success",
  [RunState.FAILED]: "failed",
};

/** @throws Error for an event or a state that this version does not know. */
export function callbackWork(facts: CallbackFacts): CallbackWork {
  const words = Object.keys(callbackEvents) as CallbackEvent["event"][];
  const event = words.find((word) => callbackEvents[word] === facts.event);
  const runState = runStates[facts.runState];
  if (event === undefined || runState === undefined) {
    throw new Error(
      `It is told of the event ${facts.event} of a run in state ${facts.runState}, which this version does not know.`,
    );
  }
  return {
    event,
    name: facts.name,
    happenedAt: facts.happenedAt === undefined ? new Date(0) : timestampDate(facts.happenedAt),
    failure: facts.failure === undefined ? null : failureFromProto(facts.failure),
    tryNumber: facts.tryNumber,
    deadline: facts.deadline === undefined ? null : deadlineOf(facts.deadline),
    runState,
    deliveryTry: facts.deliveryTry,
  };
}

function deadlineOf(deadline: Deadline): CallbackDeadline {
  const { name, dueAt, estimatedEndAt, criticalTaskIds } = deadline;
  return {
    name,
    dueAt: dueAt === undefined ? new Date(0) : timestampDate(dueAt),
    estimatedEndAt: estimatedEndAt === undefined ? null : timestampDate(estimatedEndAt),
    criticalTaskIds,
  };
}

/** What the function is told first. */
export function callbackEventOf({ work, run, task }: Attempt, told: CallbackWork): CallbackEvent {
  const { event, runState, happenedAt, deliveryTry, deadline, failure, tryNumber } = told;
  const isOfRun = work.taskId === "";
  return {
    ...{ event, run, runState, happenedAt, deliveryTry, deadline },
    task: isOfRun ? null : { id: task.id, mapIndex: task.mapIndex },
    tryNumber: isOfRun || deadline !== null ? null : tryNumber,
    failure: failure && {
      kind: failure.kind,
      type: failure.type,
      message: failure.message,
      stack: failure.stack,
    },
  };
}

/**
 * Calls the function. What it returns is nobody's business; whatever it throws is a failure. Never rejects.
 *
 * @param onBegun told when the time limit begins to count.
 */
export async function callCallback(
  attempt: Attempt,
  { body }: TaskCode,
  args: unknown[],
  onBegun: () => void,
): Promise<Outcome> {
  try {
    onBegun();
    await runInContext(attempt, () => millraceCallBody(body, args));
    return {
      kind: "succeeded",
      value: null,
      lengths: [],
      choice: null,
      mapIndexLabel: "",
    };
  } catch (thrown) {
    return { kind: "failed", failure: failureOf(thrown, "application") };
  }
}
