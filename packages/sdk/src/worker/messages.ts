/** What the session thread and those that run bodies (threads, processes, the starter) say to each other. */

import type { Failure, OutletSaid, ReasonName, SensorSpec, TaskSpec } from "@millrace/engine";
import type { AssetEventsPage, AssetEventsRequest } from "../assets/asset-events.ts";
import type { CallbackEvent } from "../callback/callback.ts";
import type { TriggeredRun, TriggerRequest } from "../across/trigger-request.ts";
import type { TriggerSpec } from "../waiting/trigger-spec.ts";
import type { RunFacts } from "../context/run-facts.ts";
import type { PullRequest } from "../context/xcom-pull.ts";

/** A sensor, and what this try has seen of it before this attempt. */
export type SensorWork = SensorSpec & {
  /** What tells the waits of this sensor and try from those of others. */
  readonly seed: string;
  /** How long ago the try began when the attempt was handed out. */
  readonly tryAgeMs: number;
  /** How often it has looked in this try. */
  readonly looks: number;
};

/** What a body goes on with. Codec JSON; null for nothing. */
export type ResumptionWork = {
  readonly event: Uint8Array | null;
  readonly state: Uint8Array | null;
};

/** What happened, where the work is a callback about an attempt or a run. */
export type CallbackWork = Pick<
  CallbackEvent,
  "event" | "happenedAt" | "runState" | "deadline" | "deliveryTry"
> & {
  readonly name: string;
  readonly failure: Failure | null;
  /** 0 for callbacks of the run. */
  readonly tryNumber: number;
};

/** What is asked, where the work is a question of the control plane. */
export type CallWork = {
  /** For people. */
  readonly name: string;
};

/** One attempt, as the place that runs it needs it. */
export type Work = {
  readonly attemptId: string;
  /** Where in the shared claims the right to begin lies; -1 when it is given with the message. */
  readonly cell: number;
  /** What stands in that cell as long as the attempt may begin. */
  readonly serial: number;
  readonly run: Omit<RunFacts, "params">;
  /** Codec JSON; null for none. */
  readonly params: Uint8Array | null;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  /** How many instances its task has; 0 when it is not mapped. */
  readonly mapLength: number;
  /** Names the instance for people; empty for none. */
  readonly mapIndexTemplate: string;
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly handler: string;
  /** File of the bundle; null for a handler of this worker. */
  readonly bundlePath: string | null;
  readonly args: Uint8Array;
  /** Codec JSON by task id. */
  readonly inputs: Readonly<Record<string, Uint8Array>>;
  /** Codec JSON of the elements it is about, by "<task or group id>/<number of the source>". */
  readonly items: Readonly<Record<string, Uint8Array>>;
  /** Paths into the return value, as JSON, whose lengths the result must tell. */
  readonly measuredPaths: readonly Uint8Array[];
  readonly control: TaskSpec["control"];
  /** Of a branch: the names it may choose. */
  readonly cases: readonly string[];
  readonly sensor: SensorWork | null;
  /** Null when the body begins. */
  readonly resumption: ResumptionWork | null;
  /** Null for an attempt of the task. */
  readonly callback: CallbackWork | null;
  /** Null for an attempt of the task, and for callbacks. */
  readonly call: CallWork | null;
  /** What this version cannot do of what the assignment asks; null when it can do everything. */
  readonly refusal: string | null;
  /** Whether the session thread wants to know the moment the body begins or a sensor looks: a time limit counts from it. */
  readonly isTimed: boolean;
  readonly fencing: string;
  readonly idempotencyKey: string;
};

export type Outcome =
  | {
      readonly kind: "succeeded";
      /** Codec JSON; null when nothing was returned. */
      readonly value: Uint8Array | null;
      /** One for each measured path. */
      readonly lengths: readonly number[];
      /** Null for a task that chooses nothing. */
      readonly choice: readonly string[] | null;
      /** Empty for none. */
      readonly mapIndexLabel: string;
      /** What the body says of its outlets. Default nothing. */
      readonly outletEvents?: readonly OutletSaid[];
    }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "skipped"; readonly message: string }
  /** A sensor has looked in vain, and wants to look again after this. */
  | { readonly kind: "rescheduled"; readonly afterMs: number }
  /** The body gave its slot back and waits for something. */
  | { readonly kind: "deferred"; readonly deferral: DeferralOrder }
  | { readonly kind: "returned"; readonly message: string };

/** A wait as it is reported. Values are codec JSON; null for none. */
export type DeferralOrder = {
  readonly trigger: EncodedTrigger;
  /** Null for no limit. */
  readonly timeoutMs: number | null;
  readonly onTimeout: "fail" | "fail_for_good" | "skip" | "fulfil";
  /** Whether a worker goes on with what comes. */
  readonly resumes: boolean;
  readonly state: Uint8Array | null;
};

type Watch = Extract<TriggerSpec, { kind: "watch" }>;
type Input = Extract<TriggerSpec, { kind: "input" }>;

export type EncodedTrigger =
  | Exclude<TriggerSpec, Watch | Input>
  | (Omit<Watch, "config"> & { readonly config: Uint8Array })
  | {
      readonly kind: "input";
      readonly form: Omit<Input["form"], "defaults"> & { readonly defaults: Uint8Array | null };
    };

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogStream = "log" | "stdout" | "stderr" | "system";

export type LogEntry = {
  /** By this machine's clock. */
  readonly at: number;
  readonly level: LogLevel;
  readonly stream: LogStream;
  readonly message: string;
  /** JSON object; empty for none. */
  readonly fieldsJson: string;
};

export type LogBatch = { readonly attemptId: string; readonly entries: readonly LogEntry[] };

export type Ended = {
  readonly attemptId: string;
  readonly outcome: Outcome;
  /** Codec JSON of the further values it left, by key, whatever the outcome. */
  readonly xcoms: Readonly<Record<string, Uint8Array>>;
  /** Lines left out because of the attempt's limit. */
  readonly droppedLines: number;
  readonly tookMs: number;
};

/** Why a body is told to stop. */
export type StopCause = "cancelled" | "timeout" | "stale";

/** What a body asks of the server. The session thread asks for it. */
export type Ask =
  | { readonly kind: "pull"; readonly request: PullRequest }
  | { readonly kind: "token" }
  | { readonly kind: "trigger"; readonly request: TriggerRequest }
  | { readonly kind: "asset_events"; readonly request: AssetEventsRequest };

export type Answer =
  | {
      readonly kind: "pulled";
      readonly xcoms: readonly {
        readonly taskId: string;
        readonly mapIndex: number;
        /** Codec JSON. */
        readonly data: Uint8Array;
      }[];
      readonly mappedTaskIds: readonly string[];
    }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "triggered"; readonly run: Omit<TriggeredRun, "dagId"> }
  | { readonly kind: "asset_events"; readonly page: AssetEventsPage }
  /** It cannot be had. Errors lose their class between threads. */
  | { readonly kind: "refused"; readonly reason: ReasonName | null; readonly message: string };

/** To a place that runs bodies. */
export type ToRunner =
  | { readonly kind: "run"; readonly works: readonly Work[] }
  | {
      readonly kind: "answer";
      readonly attemptId: string;
      readonly askId: number;
      readonly answer: Answer;
    }
  | { readonly kind: "stop"; readonly attemptId: string; readonly cause: StopCause };

/** From a place that runs bodies. Lines of an attempt come before its end. */
export type FromRunner =
  | { readonly kind: "ready" }
  | { readonly kind: "begun"; readonly attemptId: string }
  /** A sensor has looked; its time limit rests until it begins to look again. */
  | { readonly kind: "looked"; readonly attemptId: string }
  | { readonly kind: "batch"; readonly logs: readonly LogBatch[]; readonly ended: readonly Ended[] }
  /** Its body waits for an answer with this id. */
  | {
      readonly kind: "ask";
      readonly attemptId: string;
      readonly askId: number;
      readonly ask: Ask;
    }
  /** The attempt has failed while its body still runs: the body threw where nobody awaits it, or exited. */
  | { readonly kind: "broken"; readonly attemptId: string; readonly failure: Failure }
  /** Something that no attempt can be blamed for went wrong; the thread is not to be trusted any more. */
  | { readonly kind: "suspect"; readonly message: string };

/** Where a child process has a pipe of its worker's that says nothing and ends with the worker. */
export const lifelineFd = 4;

export type ExecutionThreadData = {
  /** A cell for each attempt the thread may hold; see `Work.cell`. */
  readonly claims: SharedArrayBuffer;
  /** One counter that grows as long as the event loop turns. */
  readonly beat: SharedArrayBuffer;
};
