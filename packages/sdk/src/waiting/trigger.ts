/** Triggers: what ends the wait of a task that gave its slot back. */

import path from "node:path";
import { externalWait, type EndedRun, type RunsOptions } from "../across/runs-trigger.ts";
import { readDuration, readMethod, readStatuses, readUrl } from "./trigger-options.ts";
import type { Duration } from "../options/duration.ts";
import { formSpec, type InputAnswer, type InputOptions } from "./form.ts";
import { instantForms, instantMs, type Instant } from "../options/instant.ts";
import { triggerIntervalMinMs, triggerNameCharsMax, waitTextCharsMax } from "../limits.ts";
import type { ParamsOf, ParamsSchema } from "../dag/params.ts";
import { refuseField } from "../options/refuse-field.ts";
import { readHeaders, readUntil } from "./trigger-options.ts";
import type { FileWatch, HttpWatch, TriggerSpec } from "./trigger-spec.ts";

export const triggerMark: unique symbol = Symbol.for("millrace.trigger");

declare const brings: unique symbol;

/** What ends a wait, and brings an event of type `E`. */
export interface Trigger<out E> {
  readonly [triggerMark]: TriggerSpec;
  /** For the compiler only. */
  readonly [brings]?: E;
}

export type HttpTriggerOptions = {
  /** With "http://" or "https://". */
  readonly url: string;
  /** Default "GET". */
  readonly method?: string;
  /** A text, or `{ env: "NAME" }` for what is in the environment of the worker that looks, which keeps secrets there. */
  readonly headers?: Readonly<Record<string, string | { readonly env: string }>>;
  readonly body?: string;
  /** From one look to the next, at least 1 s. Default "30s". */
  readonly interval?: Duration;
  /** The status, or statuses, that are waited for. Default: 200 to 299. */
  readonly status?: number | readonly number[];
  /** Waits until this field of a JSON answer, such as "job.state", has this value. Default: for the status alone. */
  readonly until?: {
    readonly path: string | readonly (string | number)[];
    readonly equals: unknown;
  };
};

/** What an HTTP trigger brings: the answer. A body that says it is JSON is read, any other is text; null for none. */
export type HttpEvent = { readonly status: number; readonly body: unknown };

export type FileTriggerOptions = {
  readonly path: string;
  /** From one look to the next, at least 1 s. Default "10s". */
  readonly interval?: Duration;
};

export type FileEvent = {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
};

/** One run brings itself, several a list, oldest date first. */
type RunsTriggers = {
  (options: Extract<RunsOptions, { runId: string }>): Trigger<EndedRun>;
  (options: Exclude<RunsOptions, { runId: string }>): Trigger<EndedRun[]>;
};

const defaultHttpIntervalMs = 30_000;
const defaultFileIntervalMs = 10_000;

/**
 * What a task can wait for without a slot; `defer` takes one.
 *
 * @example return defer(trigger.token<JobDone>({ heartbeat: "1m" }), { timeout: "2h" });
 */
export const trigger = {
  /** Ends at an instant; one that is over ends at once. @throws MillraceError FIELD_INVALID */
  at(instant: Instant): Trigger<undefined> {
    const at = instantMs(instant);
    if (at === null) return refuseField("trigger.at", instant, instantForms);
    return make({ kind: "time", at, afterMs: null });
  },

  /** Ends this long after the task began to wait. @throws MillraceError FIELD_INVALID */
  after(duration: Duration): Trigger<undefined> {
    return make({ kind: "time", at: null, afterMs: readDuration(duration, "trigger.after") });
  },

  /**
   * Ends when somebody, anywhere, brings the task's token: `await context().taskToken()`, made before the wait begins.
   *
   * @param options `heartbeat`: the wait fails, and is retried, when the token has had no heartbeat for so long.
   * @typeParam E what the completion brings; a promise of whoever completes it.
   * @throws MillraceError FIELD_INVALID
   */
  token<E = unknown>(options: { readonly heartbeat?: Duration } = {}): Trigger<E> {
    const { heartbeat } = options;
    const heartbeatMs =
      heartbeat === undefined
        ? null
        : readDuration(heartbeat, "trigger.token: heartbeat", triggerIntervalMinMs);
    return make({ kind: "token", heartbeatMs });
  },

  /**
   * Ends when a person has filled in a form.
   *
   * @example trigger.input({ subject: "Publish?", schema: z.object({ ok: z.boolean() }) })
   * @throws MillraceError FIELD_INVALID, DAG_INVALID for a schema that is none.
   */
  input<const S extends ParamsSchema>(options: InputOptions<S>): Trigger<InputAnswer<ParamsOf<S>>> {
    return make({ kind: "input", form: formSpec(options) });
  },

  /**
   * Ends when a URL answers as asked for. A triggerer looks: see docs/waiting.md for what it takes for "not yet", and
   * its limits.
   *
   * @throws MillraceError FIELD_INVALID
   */
  http(options: HttpTriggerOptions): Trigger<HttpEvent> {
    const config: HttpWatch = {
      url: readUrl(options.url, "trigger.http: url"),
      method: readMethod(options.method ?? "GET", "trigger.http: method"),
      headers: readHeaders(options.headers ?? {}, "trigger.http: headers"),
      body: options.body ?? null,
      intervalMs: readInterval(options.interval, defaultHttpIntervalMs, "trigger.http"),
      status: readStatuses(options.status, "trigger.http: status"),
      until: options.until === undefined ? null : readUntil(options.until, "trigger.http: until"),
    };
    if (config.body !== null && ["GET", "HEAD"].includes(config.method))
      refuseField("trigger.http: body", options.body, `left out with method ${config.method}`);
    return watch("http", config, `${config.method} ${withoutSecrets(config.url)}`);
  },

  /**
   * Ends when a file is there, or a folder with something in it, where the triggerer runs. A relative path counts from
   * where the body runs.
   *
   * @throws MillraceError FIELD_INVALID
   */
  file(options: FileTriggerOptions): Trigger<FileEvent> {
    if (typeof options.path !== "string" || options.path === "")
      refuseField("trigger.file: path", options.path, "the path of a file or a folder");
    const intervalMs = readInterval(options.interval, defaultFileIntervalMs, "trigger.file");
    const config: FileWatch = { path: path.resolve(options.path), intervalMs };
    return watch("file", config, config.path);
  },

  /**
   * Ends when a run of another DAG has ended, or the runs of some dates, or tasks in them. The server looks; a worker is
   * not needed.
   *
   * @example trigger.runs({ dag: "orders", logicalDates: day, tasks: ["publish"] })
   * @throws MillraceError FIELD_INVALID
   */
  runs: ((options: RunsOptions) =>
    make({ kind: "runs", wait: externalWait(options) })) as RunsTriggers,

  /**
   * Ends when a function that a triggerer has under this name says so: `runTriggerer({ triggers: { … } })`.
   *
   * @param config what the function is told: any value that can be carried.
   * @param summary what is waited for, for people; at most 250 characters.
   * @typeParam E what the function returns; a promise of it.
   * @throws MillraceError FIELD_INVALID
   */
  custom<E = unknown>(handler: string, config: unknown, summary: string): Trigger<E> {
    const isName =
      typeof handler === "string" && handler !== "" && handler.length <= triggerNameCharsMax;
    if (!isName)
      refuseField("trigger.custom: handler", handler, `1 to ${triggerNameCharsMax} characters`);
    if (typeof summary !== "string" || summary === "" || summary.length > waitTextCharsMax)
      refuseField("trigger.custom: summary", summary, `1 to ${waitTextCharsMax} characters`);
    return watch(handler, config, summary);
  },
} as const;

function readInterval(given: Duration | undefined, fallbackMs: number, what: string): number {
  if (given === undefined) return fallbackMs;
  return readDuration(given, `${what}: interval`, triggerIntervalMinMs);
}

function watch<E>(handler: string, config: unknown, what: string): Trigger<E> {
  const summary = what.length > waitTextCharsMax ? `${what.slice(0, waitTextCharsMax - 1)}…` : what;
  return make({ kind: "watch", handler, config, summary });
}

function make<E>(spec: TriggerSpec): Trigger<E> {
  return { [triggerMark]: spec };
}

/** A summary is shown to everybody: what a URL carries behind its path may be secret. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
