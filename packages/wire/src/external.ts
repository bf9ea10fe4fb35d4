/** What tasks have to do with other DAGs, on the wire and as the engine knows it. */

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { EndState as EndStateName, ExternalRef, ExternalWait } from "@millrace/engine";
import type {
  ExternalRef as ExternalRefMessage,
  ExternalRefSchema,
} from "./gen/millrace/v1/dag_pb.ts";
import { EndState, RunsTriggerSchema, type RunsTrigger } from "./gen/millrace/v1/deferral_pb.ts";
import { epochMsOf, timestampOf } from "./time.ts";

export function externalRefToProto(ref: ExternalRef): MessageInitShape<typeof ExternalRefSchema> {
  return { dagId: ref.dagId, taskIds: [...ref.taskIds], groupIds: [...ref.groupIds] };
}

export function externalRefFromProto(message: ExternalRefMessage): ExternalRef {
  const { dagId, taskIds, groupIds } = message;
  return { dagId, taskIds: [...taskIds], groupIds: [...groupIds] };
}

const numbers = {
  success: EndState.SUCCESS,
  failed: EndState.FAILED,
  skipped: EndState.SKIPPED,
  upstream_failed: EndState.UPSTREAM_FAILED,
} as const satisfies Record<EndStateName, EndState>;

const names: ReadonlyMap<EndState, EndStateName> = new Map(
  Object.entries(numbers).map(([name, number]) => [number, name as EndStateName]),
);

/** States that this version does not know are left out; `isKnownEndState` finds them. */
function statesFromProto(states: readonly EndState[]): EndStateName[] {
  return states.flatMap((state) => names.get(state) ?? []);
}

export function isKnownEndState(state: EndState): boolean {
  return names.has(state);
}

export function externalWaitFromProto(message: RunsTrigger): ExternalWait {
  const { dagId, runId, logicalDates, taskIds, groupIds, isStrict, softFail } = message;
  const allowed = statesFromProto(message.allowedStates);
  return {
    dagId,
    runId: runId || null,
    logicalDates: logicalDates.map((date) => epochMsOf(date) ?? 0),
    taskIds: [...taskIds],
    groupIds: [...groupIds],
    allowed: allowed.length === 0 ? ["success"] : allowed,
    failed: statesFromProto(message.failedStates),
    skipped: statesFromProto(message.skippedStates),
    isStrict,
    softFail,
    checksExistence: message.checksExistence,
  };
}

export function externalWaitToProto(wait: ExternalWait): RunsTrigger {
  const statesOf = (states: readonly EndStateName[]): EndState[] =>
    states.map((state) => numbers[state]);
  return create(RunsTriggerSchema, {
    dagId: wait.dagId,
    runId: wait.runId ?? "",
    logicalDates: wait.logicalDates.map((date) => timestampOf(date)!),
    taskIds: [...wait.taskIds],
    groupIds: [...wait.groupIds],
    allowedStates: statesOf(wait.allowed),
    failedStates: statesOf(wait.failed),
    skippedStates: statesOf(wait.skipped),
    isStrict: wait.isStrict,
    softFail: wait.softFail,
    checksExistence: wait.checksExistence,
  });
}
