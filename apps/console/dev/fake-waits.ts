/** Waits of the test double: tasks that gave their slot back, and what ends that. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  FailureKind,
  FailureSchema,
  InputFormSchema,
  InputRequestSchema,
  InputState,
  TaskState,
  WaitingSchema,
} from "@millrace/wire/v1";
import type { Failure, InputRequest, TaskInstance, Waiting } from "@millrace/wire/v1";

/** A wait, as a behaviour has it. Spans in ms. */
export type FakeWait =
  | { readonly for: "time"; readonly ms: number }
  /** Somebody brings the token after a while. */
  | { readonly for: "token"; readonly ms: number; readonly heartbeatMs?: number }
  | {
      readonly for: "watch";
      readonly ms: number;
      readonly handler: string;
      readonly summary: string;
      readonly timeoutMs?: number;
      /** No triggerer announces the handler. */
      readonly isUnwatched?: boolean;
    }
  | {
      readonly for: "input";
      readonly form: FakeForm;
      readonly timeoutMs?: number;
      /** Of runs in the past: what somebody answered. */
      readonly answer: Readonly<Record<string, unknown>>;
      readonly answeredBy: string;
    };

export type FakeForm = {
  readonly subject: string;
  readonly body?: string;
  readonly schema: object;
  readonly defaults?: object;
  readonly assignees?: readonly string[];
};

/** What a wait has come to: it goes on, ends, or is still open. */
export type WaitNews =
  | { readonly kind: "open" }
  | { readonly kind: "over" }
  | { readonly kind: "failed"; readonly failure: Failure };

const open: WaitNews = { kind: "open" };
const over: WaitNews = { kind: "over" };

const encoder = new TextEncoder();

export function isWaiting(state: TaskState): boolean {
  return state === TaskState.DEFERRED || state === TaskState.AWAITING_INPUT;
}

export function waitingOf(wait: FakeWait, now: number): Waiting {
  const timeoutMs = "timeoutMs" in wait ? wait.timeoutMs : undefined;
  return create(WaitingSchema, {
    since: timestampFromMs(now),
    for: endOf(wait, now),
    handler: wait.for === "watch" ? wait.handler : "",
    ...(timeoutMs === undefined ? {} : { timeoutAt: timestampFromMs(now + timeoutMs) }),
  });
}

function endOf(wait: FakeWait, now: number): Waiting["for"] {
  if (wait.for === "time") return { case: "until", value: timestampFromMs(now + wait.ms) };
  if (wait.for === "watch") return { case: "summary", value: wait.summary };
  if (wait.for === "input") return { case: "form", value: formOf(wait.form) };
  const seconds = wait.heartbeatMs === undefined ? null : BigInt(wait.heartbeatMs / 1_000);
  return {
    case: "token",
    value: {
      $typeName: "millrace.v1.TokenTrigger",
      ...(seconds === null
        ? {}
        : { heartbeat: { $typeName: "google.protobuf.Duration", seconds, nanos: 0 } }),
    },
  };
}

function formOf({ subject, body = "", schema, defaults, assignees = [] }: FakeForm) {
  return create(InputFormSchema, {
    subject,
    body,
    schema: JSON.stringify(schema),
    assignees: [...assignees],
    ...(defaults === undefined ? {} : { defaults: { data: jsonOf(defaults) } }),
  });
}

/** How a wait stands that nobody has touched since `since`. */
export function newsOf(wait: FakeWait, { since, timeoutAt }: Waiting, now: number): WaitNews {
  const began = since === undefined ? now : timestampMs(since);
  if (timeoutAt !== undefined && now >= timestampMs(timeoutAt)) return timedOut(wait);
  if (wait.for === "input") return open;
  if (wait.for === "watch" && wait.isUnwatched === true) return open;
  return now >= began + wait.ms ? over : open;
}

function timedOut(wait: FakeWait): WaitNews {
  if (wait.for === "input" && wait.form.defaults !== undefined) return over;
  const message =
    wait.for === "input" ? "Nobody answered in time." : "What it waited for did not come in time.";
  return { kind: "failed", failure: create(FailureSchema, { kind: FailureKind.TIMEOUT, message }) };
}

type Asking = { readonly dagId: string; readonly runName: string; readonly now: number };

export function requestOf(
  instance: TaskInstance,
  wait: FakeWait & { readonly for: "input" },
  { dagId, runName, now }: Asking,
): InputRequest {
  const { runId, taskId, mapIndex, tryNumber, waiting } = instance;
  const timeoutAt = waiting?.timeoutAt;
  return create(InputRequestSchema, {
    runId,
    runName,
    dagId,
    taskId,
    mapIndex,
    tryNumber,
    form: formOf(wait.form),
    askedAt: timestampFromMs(now),
    state: InputState.OPEN,
    ...(timeoutAt === undefined ? {} : { timeoutAt }),
  });
}

export type Ending = {
  readonly state: InputState;
  readonly now: number;
  readonly by?: string;
  readonly values?: object;
};

/** Closes a request; one that is closed already stays as it is. */
export function endRequest(
  request: InputRequest | undefined,
  { state, now, by = "", values }: Ending,
): void {
  if (request?.state !== InputState.OPEN) return;
  request.state = state;
  request.endedAt = timestampFromMs(now);
  request.answeredBy = by;
  if (values === undefined) return;
  request.answer = { $typeName: "millrace.v1.Value", data: jsonOf(values) };
}

export function jsonOf(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(value));
}
