/** From messages about waits and callbacks to what the client gives its users. */

import { epochMsOf, failureFromProto } from "@millrace/wire";
import {
  CallbackEvent,
  DeliveryState,
  InputState,
  type CallbackDelivery,
  type InputForm,
  type InputRequest,
  type RunsTrigger,
  type Waiting,
} from "@millrace/wire/v1";
import { decodeValue } from "../codec/codec.ts";
import type {
  CallbackSnapshot,
  FormSnapshot,
  InputSnapshot,
  InputStateName,
  WaitSnapshot,
} from "./waits.ts";

export const inputStates = {
  open: InputState.OPEN,
  answered: InputState.ANSWERED,
  timed_out: InputState.TIMED_OUT,
  withdrawn: InputState.WITHDRAWN,
} as const satisfies Record<InputStateName, InputState>;

export function readWait(waiting: Waiting): WaitSnapshot {
  const { for: what, handler } = waiting;
  return {
    for: kindOf(what.case),
    since: dateOf(waiting.since),
    timeoutAt: dateOf(waiting.timeoutAt),
    until: what.case === "until" ? dateOf(what.value) : null,
    form: what.case === "form" ? readForm(what.value) : null,
    watch: what.case === "summary" ? { handler, summary: what.value } : null,
    runs: what.case === "runs" ? readRuns(what.value) : null,
  };
}

function readRuns(runs: RunsTrigger): NonNullable<WaitSnapshot["runs"]> {
  const { dagId, runId, taskIds, groupIds } = runs;
  const logicalDates = runs.logicalDates.flatMap((date) => dateOf(date) ?? []);
  return { dagId, runId: runId || null, logicalDates, taskIds, groupIds };
}

function kindOf(what: Waiting["for"]["case"]): WaitSnapshot["for"] {
  switch (what) {
    case "until":
      return "time";
    case "token":
      return "token";
    case "form":
      return "input";
    case "summary":
      return "watch";
    case "runs":
      return "runs";
    case undefined:
      return "unknown";
  }
}

function readForm({ subject, body, schema, defaults, assignees }: InputForm): FormSnapshot {
  return {
    subject,
    body,
    schema: JSON.parse(schema) as unknown,
    defaults: defaults && decodeValue(defaults.data, "the defaults of a form"),
    assignees,
  };
}

export function readInput(input: InputRequest): InputSnapshot {
  const { runId, runName, dagId, taskId, mapIndex, form, answeredBy, answer } = input;
  return {
    ...{ runId, runName, dagId, taskId },
    mapIndex: mapIndex < 0 ? null : mapIndex,
    form: form ? readForm(form) : noForm,
    state: nameIn(inputStates, input.state),
    askedAt: dateOf(input.askedAt),
    timeoutAt: dateOf(input.timeoutAt),
    endedAt: dateOf(input.endedAt),
    answeredBy: answeredBy === "" ? null : answeredBy,
    answer: answer && decodeValue(answer.data, `the answer to task "${taskId}"`),
  };
}

const noForm: FormSnapshot = {
  subject: "",
  body: "",
  schema: {},
  defaults: undefined,
  assignees: [],
};

const events = {
  success: CallbackEvent.SUCCESS,
  failure: CallbackEvent.FAILURE,
  retry: CallbackEvent.RETRY,
  skipped: CallbackEvent.SKIPPED,
  deadline_missed: CallbackEvent.DEADLINE_MISSED,
  deadline_at_risk: CallbackEvent.DEADLINE_AT_RISK,
} as const;

const deliveryStates = {
  pending: DeliveryState.PENDING,
  delivered: DeliveryState.DELIVERED,
  failed: DeliveryState.FAILED,
} as const;

export function readCallback(delivery: CallbackDelivery): CallbackSnapshot {
  const { taskId, mapIndex, tryNumber, name, tries, failure } = delivery;
  return {
    taskId: taskId === "" ? null : taskId,
    mapIndex: mapIndex < 0 ? null : mapIndex,
    ...{ tryNumber, name, tries },
    event: nameIn(events, delivery.event),
    state: nameIn(deliveryStates, delivery.state),
    failure: failure === undefined ? null : failureFromProto(failure),
    happenedAt: dateOf(delivery.happenedAt),
    nextTryAt: dateOf(delivery.nextTryAt),
    endedAt: dateOf(delivery.endedAt),
  };
}

/** Codes of a newer server have no name here. */
function nameIn<N extends string>(names: Readonly<Record<N, number>>, code: number): N | "unknown" {
  const known = Object.keys(names) as N[];
  return known.find((name) => names[name] === code) ?? "unknown";
}

function dateOf(at: Parameters<typeof epochMsOf>[0]): Date | null {
  const ms = epochMsOf(at);
  return ms === null ? null : new Date(ms);
}
