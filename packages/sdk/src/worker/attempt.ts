/** An attempt where its body runs: the context the body sees, its log, and how it is told to stop. */

import { assetLimits, MillraceError, type Failure, type OutletSaid } from "@millrace/engine";
import { asset as makeAsset, type Asset, type AssetAlias } from "../assets/asset.ts";
import {
  inletOf,
  outletEvent,
  readEvents,
  type AssetEventFilter,
  type AssetEvents,
  type AssetEventsPage,
  type AssetEventsRequest,
  type OutletOptions,
} from "../assets/asset-events.ts";
import type { DagRef } from "../across/dag-ref.ts";
import {
  triggerRequest,
  type TriggeredRun,
  type TriggerRunOptions,
} from "../across/trigger-request.ts";
import type { TaskContext, TaskLog } from "../context/context.ts";
import { decodeValue, encodeValue } from "../codec/codec.ts";
import { blobBytesMax, xcomKeyCharsMax, xcomsMax } from "../limits.ts";
import { valueOfRun, type RunFacts, type RunInputs, type RunValue } from "../context/run-facts.ts";
import { pulledValue, pullRequestOf, type PullOptions } from "../context/xcom-pull.ts";
import { decodeInputs } from "./inputs.ts";
import { xcomsBytesMax } from "./limits.ts";
import { LogLines } from "./log-lines.ts";
import type { Answer, Ask, StopCause, Work } from "./messages.ts";

/** The reason that `context().signal` aborts with. */
export class TaskStopped extends Error {
  override readonly name = "TaskStopped";
  readonly why: StopCause | "broken";

  constructor(why: StopCause | "broken") {
    super(stopTexts[why]);
    this.why = why;
  }
}

const stopTexts = {
  cancelled: "The attempt was cancelled.",
  timeout: "The attempt reached its execution timeout.",
  stale: "The attempt belongs to another worker by now.",
  broken: "The attempt has failed already: it threw where nobody awaits it, or exited.",
} as const;

/** What an attempt has around it. */
export type AttemptPlace = {
  onLine(attempt: Attempt): void;
  /** Asks the server. Never rejects: a refusal is an answer. */
  ask(ask: Ask): Promise<Answer>;
  /** Milliseconds since 1970. Default: this machine's. */
  readonly clock?: () => number;
};

export class Attempt implements TaskContext {
  readonly work: Work;
  readonly facts: RunFacts;
  readonly task: TaskContext["task"];
  readonly attempt: { readonly number: number; readonly max: number };
  readonly fencing: string;
  readonly idempotencyKey: string;
  readonly lines: LogLines;
  readonly log: TaskLog;
  readonly xcoms: Record<string, Uint8Array> = {};
  readonly #outletEvents = new Map<string, OutletSaid>();
  #xcomBytes = 0;
  /** What will be reported, whatever the body does from now on. */
  broken: Failure | null = null;
  /** A controller takes time to make, and most bodies never ask for it. */
  #controller: AbortController | null = null;
  #stopped: TaskStopped | null = null;
  #run: RunValue | null = null;
  #items: ReadonlyMap<string, unknown> | null = null;
  readonly #place: AttemptPlace;

  constructor(work: Work, place: AttemptPlace) {
    this.work = work;
    this.#place = place;
    this.facts = {
      ...work.run,
      params: work.params === null ? {} : decodeValue(work.params, "params"),
    };
    const isMapped = work.mapIndex >= 0;
    this.task = {
      id: work.taskId,
      mapIndex: isMapped ? work.mapIndex : null,
      mapLength: isMapped ? work.mapLength : null,
    };
    this.attempt = { number: work.tryNumber, max: work.maxTries };
    this.fencing = work.fencing;
    this.idempotencyKey = work.idempotencyKey;
    this.lines = new LogLines(() => place.onLine(this));
    this.log = taskLog(this.lines);
  }

  get run(): RunValue {
    return (this.#run ??= valueOfRun(this.facts));
  }

  /** The elements it is about, by "<task or group id>/<number of the source>". @throws MillraceError VALUE_INVALID */
  get items(): ReadonlyMap<string, unknown> {
    return (this.#items ??= decodeInputs(this.work.items, (key) => `the element "${key}"`));
  }

  get inputs(): RunInputs {
    return this.facts.inputs ?? {};
  }

  get params(): Readonly<Record<string, unknown>> {
    return this.facts.params as Readonly<Record<string, unknown>>;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#stopped !== null) this.#controller.abort(this.#stopped);
    }
    return this.#controller.signal;
  }

  readonly now = (): Date => new Date((this.#place.clock ?? Date.now)());

  readonly xcom = {
    push: (key: string, value: unknown): void => {
      const what = `the value "${key}" of task "${this.task.id}"`;
      if (this.work.callback !== null || this.work.call !== null) {
        const who = this.work.call === null ? "A callback" : "A function that is asked";
        throw new MillraceError("WRONG_PLACE", `${who} leaves no values: xcom.push is for tasks.`);
      }
      if (isRefusedKey(key)) {
        throw new MillraceError(
          "VALUE_INVALID",
          `${what.slice(0, keyShownMax)} has a key that is not allowed: it has ${key.length} characters; 1 to ${xcomKeyCharsMax} may be, not "return_value", and none of them U+0000`,
        );
      }
      const isNew = !Object.hasOwn(this.xcoms, key);
      if (isNew && Object.keys(this.xcoms).length >= xcomsMax) {
        throw new MillraceError(
          "VALUE_INVALID",
          `${what} is one too many: an attempt may leave ${xcomsMax}`,
        );
      }
      const data = encodeValue(value, what, blobBytesMax);
      this.#xcomBytes += data.length - (this.xcoms[key]?.length ?? 0);
      if (this.#xcomBytes > xcomsBytesMax) {
        throw new MillraceError(
          "VALUE_TOO_LARGE",
          `${what} brings the values of the attempt to ${this.#xcomBytes} bytes; together they may have ${xcomsBytesMax}`,
        );
      }
      this.xcoms[key] = data;
    },
    pull: async <T = unknown>(options: PullOptions = {}): Promise<T> => {
      const own = this.task;
      const request = pullRequestOf(options, own);
      // What the values are is for the compiler; the tasks that left them say it.
      if (request === null) return [] as T;
      const answer = await this.#ask({ kind: "pull", request });
      if (answer.kind !== "pulled") throw new Error("The answer is not the one to what was asked.");
      const xcoms = answer.xcoms.map(({ taskId, mapIndex, data }) => {
        const what = `what task "${taskId}" left as "${request.key}"`;
        return { taskId, mapIndex, value: decodeValue(data, what, blobBytesMax) };
      });
      return pulledValue(options, own, { ...answer, xcoms }) as T;
    },
  };

  /** The last word about an outlet counts; of an alias each asset, and what is said of it, is one of its own. */
  get outletEvents(): readonly OutletSaid[] {
    return [...this.#outletEvents.values()];
  }

  readonly outlets = {
    extra: (
      asset: Asset,
      extra: Readonly<Record<string, unknown>>,
      options?: OutletOptions,
    ): void => {
      this.#noteOutlet(outletEvent(asset, null, extra, options));
    },
    add: (
      alias: AssetAlias,
      asset: Asset | string,
      extra?: Readonly<Record<string, unknown>>,
      options?: OutletOptions,
    ): void => {
      const named = typeof asset === "string" ? makeAsset(asset) : asset;
      this.#noteOutlet(outletEvent(named, alias, extra, options));
    },
  };

  #noteOutlet(event: OutletSaid): void {
    if (this.work.callback !== null)
      throw new MillraceError("WRONG_PLACE", "A callback makes no assets: outlets are of tasks.");
    const { uri, alias, extra, partitionKey } = event;
    const words = alias === "" || extra === null ? "" : Buffer.from(extra).toString("base64");
    this.#outletEvents.set(JSON.stringify([alias, uri, partitionKey, words]), event);
    if (this.#outletEvents.size > assetLimits.eventsPerSuccess)
      throw new MillraceError(
        "VALUE_INVALID",
        `task "${this.task.id}" names more than ${assetLimits.eventsPerSuccess} events of assets; several tasks may name more`,
      );
  }

  readonly inletEvents = (of: Asset | AssetAlias, filter: AssetEventFilter = {}): AssetEvents =>
    readEvents(inletOf(of), filter, (request) => this.#askEvents(request));

  get triggeringAssetEvents(): AssetEvents {
    return readEvents({ kind: "triggering" }, {}, (request) => this.#askEvents(request));
  }

  async #askEvents(request: AssetEventsRequest): Promise<AssetEventsPage> {
    const answer = await this.#ask({ kind: "asset_events", request });
    if (answer.kind !== "asset_events")
      throw new Error("The answer is not the one to what was asked.");
    return answer.page;
  }

  readonly taskToken = async (): Promise<string> => {
    const answer = await this.#ask({ kind: "token" });
    if (answer.kind !== "token") throw new Error("The answer is not the one to what was asked.");
    return answer.token;
  };

  readonly triggerDag = async (
    dag: DagRef,
    options: TriggerRunOptions = {},
  ): Promise<TriggeredRun> => {
    const request = triggerRequest(dag, options);
    const answer = await this.#ask({ kind: "trigger", request });
    if (answer.kind !== "triggered")
      throw new Error("The answer is not the one to what was asked.");
    return { dagId: request.dagId, ...answer.run };
  };

  async #ask(ask: Ask): Promise<Exclude<Answer, { kind: "refused" }>> {
    const answer = await this.#place.ask(ask);
    if (answer.kind !== "refused") return answer;
    const { reason, message } = answer;
    throw reason === null ? new Error(message) : new MillraceError(reason, message);
  }

  stop(why: StopCause | "broken"): void {
    this.#stopped ??= new TaskStopped(why);
    this.#controller?.abort(this.#stopped);
  }
}

/** Of a message about a key, what is shown: keys may be long. */
const keyShownMax = 120;

function isRefusedKey(key: string): boolean {
  const isReserved = key === "return_value" || key === "__proto__";
  return key === "" || isReserved || key.length > xcomKeyCharsMax || key.includes("\0");
}

function taskLog(lines: LogLines): TaskLog {
  return {
    debug: (message, fields) => lines.add("debug", "log", message, fields),
    info: (message, fields) => lines.add("info", "log", message, fields),
    warn: (message, fields) => lines.add("warn", "log", message, fields),
    error: (message, fields) => lines.add("error", "log", message, fields),
  };
}
