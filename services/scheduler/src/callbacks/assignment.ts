/** What a worker is told of a callback. */

import { create, fromBinary } from "@bufbuild/protobuf";
import type { DeliveryFacts } from "@millrace/db";
import { RunState, type CallbackSpec, type TaskSpec } from "@millrace/engine";
import { durationOf, runIdOf, timestampOf } from "@millrace/wire";
import {
  CallbackEvent,
  DeadlineState,
  FailureSchema,
  Isolation,
  RunState as RunStateMessage,
  TaskControl,
  TaskKind,
} from "@millrace/wire/v1";
import { AssignmentSchema, type Assignment } from "@millrace/wire/worker";
import { runFacts } from "../dispatch/assignment.ts";
import type { Version } from "../runs/run.ts";
import type { Delivery } from "./delivery.ts";

const runStates: Readonly<Record<RunState, RunStateMessage>> = {
  [RunState.queued]: RunStateMessage.QUEUED,
  [RunState.running]: RunStateMessage.RUNNING,
  [RunState.success]: RunStateMessage.SUCCESS,
  [RunState.failed]: RunStateMessage.FAILED,
};

export type CallbackParts = {
  readonly version: Version;
  readonly task: TaskSpec | null;
  readonly callback: CallbackSpec;
  readonly facts: DeliveryFacts;
  readonly timeoutMs: number;
};

export function callbackAssignment(delivery: Delivery, parts: CallbackParts): Assignment {
  const { version, task, callback, facts, timeoutMs } = parts;
  const { runId, mapIx, attempt } = delivery;
  const { isExternal, handler, config } = callback;
  return create(AssignmentSchema, {
    attemptId: delivery.id,
    run: runFacts({
      facts: { ...facts, ...delivery, id: runId, inputs: null },
      params: facts.params,
      version,
    }),
    taskId: task?.id ?? "",
    mapIndex: mapIx,
    mapLength: mapIx < 0 ? 0 : (facts.mapLength ?? 0),
    tryNumber: facts.deadline === null ? Math.max(1, attempt) : 1,
    maxTries: (task?.retries ?? 0) + 1,
    handler,
    kind: isExternal ? TaskKind.EXTERNAL : TaskKind.BUNDLE,
    bundleDigest: isExternal ? "" : version.bundleDigest,
    args: new TextEncoder().encode(`[${config}]`),
    executionTimeout: durationOf(timeoutMs),
    isolation: Isolation.THREAD,
    control: TaskControl.NONE,
    idempotencyKey: idempotencyKey(delivery, task, callback),
    callback: {
      event: delivery.event as CallbackEvent,
      name: callback.name,
      happenedAt: timestampOf(delivery.happenedAt),
      ...(facts.cause !== null && { failure: fromBinary(FailureSchema, facts.cause) }),
      ...(facts.deadline === null
        ? { tryNumber: task === null ? 0 : attempt }
        : { deadline: deadlineMessage(delivery, parts, facts.deadline) }),
      runState:
        task === null && facts.deadline === null ? endOf(delivery) : runStates[facts.runState],
      deliveryTry: delivery.tries + 1,
    },
  });
}

/** Of deadlines `attempt` is the place in the spec, from 1. */
function deadlineMessage(
  { runId, attempt }: Delivery,
  { version, task }: CallbackParts,
  {
    dueAt,
    atRiskAt,
    estimatedEndAt,
    criticalTaskIds,
    missedAt,
  }: NonNullable<DeliveryFacts["deadline"]>,
) {
  const { deadlines } = task ?? version.compiled.spec;
  return {
    runId: runIdOf(BigInt(runId)),
    taskId: task?.id ?? "",
    name: deadlines[attempt - 1]?.name ?? "",
    state: missedAt === null ? DeadlineState.AT_RISK : DeadlineState.MISSED,
    dueAt: timestampOf(dueAt),
    atRiskAt: timestampOf(atRiskAt),
    estimatedEndAt: timestampOf(estimatedEndAt),
    criticalTaskIds: [...criticalTaskIds],
    missedAt: timestampOf(missedAt),
  };
}

/** How the run ended, which may have been opened again since. */
function endOf({ event }: Delivery): RunStateMessage {
  return event === CallbackEvent.SUCCESS ? RunStateMessage.SUCCESS : RunStateMessage.FAILED;
}

/** The same for each try of a delivery, and of no other. */
function idempotencyKey(
  { runId, mapIx, attempt, happenedAt, ordinal }: Delivery,
  task: TaskSpec | null,
  { on }: CallbackSpec,
): string {
  const about = task === null ? "" : `/${task.id}${mapIx < 0 ? "" : `/${mapIx}`}`;
  return `${runIdOf(BigInt(runId))}${about}/${on}/${attempt}/${ordinal}/${happenedAt}`;
}
