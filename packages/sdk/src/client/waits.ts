/** What the client says of waits, of what people are asked, and of callbacks. */

import type { Failure } from "@millrace/engine";
import type { CallbackEvent } from "../callback/callback.ts";

/** What a task that gave its slot back waits for. */
export type WaitSnapshot = {
  /** "unknown" for what this version does not know. */
  readonly for: "time" | "token" | "input" | "watch" | "runs" | "unknown";
  readonly since: Date | null;
  /** When it is given up; null means never. */
  readonly timeoutAt: Date | null;
  /** The moment it waits for; null for anything else. */
  readonly until: Date | null;
  /** What people are asked; null for anything else. */
  readonly form: FormSnapshot | null;
  /** What a triggerer watches for, in a few words, and the handler that does; null for anything else. */
  readonly watch: { readonly handler: string; readonly summary: string } | null;
  /** Of what another DAG is waited for; `runId` is null where its runs of `logicalDates` are. Null for anything else. */
  readonly runs: {
    readonly dagId: string;
    readonly runId: string | null;
    readonly logicalDates: readonly Date[];
    readonly taskIds: readonly string[];
    readonly groupIds: readonly string[];
  } | null;
};

export type FormSnapshot = {
  readonly subject: string;
  /** Markdown. */
  readonly body: string;
  /** JSON Schema of an object. */
  readonly schema: unknown;
  /** What is taken when the time is over; undefined for nothing. */
  readonly defaults: unknown;
  /** Who may answer, such as "user:anna"; empty means everybody who may trigger the DAG. */
  readonly assignees: readonly string[];
};

/** Names a task instance that asks something. */
export type InputRef = {
  readonly runId: string;
  readonly taskId: string;
  /** Null, or left out, for a task that is not mapped. */
  readonly mapIndex?: number | null;
};

export type InputStateName = "open" | "answered" | "timed_out" | "withdrawn";

/** What people were asked, and what they said. */
export type InputSnapshot = InputRef & {
  readonly runName: string;
  readonly dagId: string;
  readonly mapIndex: number | null;
  readonly form: FormSnapshot;
  readonly state: InputStateName | "unknown";
  readonly askedAt: Date | null;
  /** When it is given up; null means never. */
  readonly timeoutAt: Date | null;
  readonly endedAt: Date | null;
  /** Such as "user:admin", or "timeout" when the defaults were taken; null unless it was answered. */
  readonly answeredBy: string | null;
  /** The values, with the defaults of the form; undefined unless it was answered. */
  readonly answer: unknown;
};

/** Why what a token stands for did not work. */
export type TokenFailureOptions = {
  /** One sentence. */
  readonly message: string;
  /** The error's class. Default: none. */
  readonly type?: string;
  /** Whether another try of the task can help. Default true. */
  readonly retryable?: boolean;
};

/** One callback of a run or a task that is to run, or ran. */
export type CallbackSnapshot = {
  /** Null for callbacks of the run. */
  readonly taskId: string | null;
  readonly mapIndex: number | null;
  /** The attempt it is about; of the run, how often it has ended. */
  readonly tryNumber: number;
  readonly event: CallbackEvent["event"] | "unknown";
  /** What people call it, such as "slack". */
  readonly name: string;
  readonly state: "pending" | "delivered" | "failed" | "unknown";
  /** How often it was tried. */
  readonly tries: number;
  /** Why the newest try failed. */
  readonly failure: Failure | null;
  readonly happenedAt: Date | null;
  readonly nextTryAt: Date | null;
  readonly endedAt: Date | null;
};
