/** A typed client of the api, for programs. */

import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CompleteTaskTokenRequestSchema } from "@millrace/wire/v1";
import { MillraceError, RunState, type RunStateName } from "@millrace/engine";
import { encodeValue } from "../codec/codec.ts";
import type { DagDefinition } from "../dag/dag.ts";
import { durationForms, durationMs, type Duration } from "../options/duration.ts";
import { instantForms, instantMs, type Instant } from "../options/instant.ts";
import { backfillRequest, ClientBackfill, type BackfillOptions } from "./client-backfill.ts";
import type { BackfillDateSnapshot } from "./backfill-snapshots.ts";
import { ClientAssets } from "./client-assets.ts";
import { ClientRun } from "./client-run.ts";
import { makeLink, type CallOptions, type Link } from "./link.ts";
import type { DagSnapshot } from "./snapshots.ts";
import type { InputRef, InputSnapshot, InputStateName, TokenFailureOptions } from "./waits.ts";

export type ClientOptions = {
  /** Address of a server. Default "http://127.0.0.1:8080". */
  readonly url?: string;
  /** An API key, such as the content of `.millrace/keys/admin.key`. Task tokens need none. */
  readonly key?: string;
  /**
   * How long a call is made again, from its beginning, while no server answers it; "0s" for one try. A restart takes
   * seconds; what a node that died was in charge of, others take over within half a minute. Default "60s".
   */
  readonly retryFor?: Duration;
};

export type TriggerOptions<Given> = CallOptions & {
  /** Unique within the DAG. Default: the run has none. */
  readonly logicalDate?: Instant;
  /** For people, at most 1000 characters. */
  readonly note?: string;
  /** The part of the data that the run is about: 1 to 250 characters. Default: none. */
  readonly partitionKey?: string;
  /** Starts without waiting for the inputs of the DAG, and is given none. Default false. */
  readonly ignoreInputs?: boolean;
} & (Partial<Given> extends Given ? { readonly params?: Given } : { readonly params: Given });

/** The options may be left out where the DAG needs no params. */
type TriggerRest<Given> =
  Partial<Given> extends Given
    ? [options?: TriggerOptions<Given>]
    : [options: TriggerOptions<Given>];

const defaultUrl = "http://127.0.0.1:8080";
const defaultRetryFor = "60s";

/**
 * Talks to a server. While none answers, as when it restarts, calls are made again until `retryFor` is over; those that
 * change something carry an id, the same each time, and so are done once. Every error is a `MillraceError` with a reason;
 * UNAVAILABLE and NOT_OWNER say what did not answer, and for how long.
 *
 * @example
 * const millrace = new Client({ key });
 * const run = await millrace.trigger(etl, { params: { region: "us" } });
 * const rows = await run.result({ timeout: "10m" });
 */
export class Client {
  readonly #link: Link;
  /** Assets: what there is, what happened to it, and how something is made to happen. */
  readonly assets: ClientAssets;

  /** @throws MillraceError FIELD_INVALID when `retryFor` is no duration. */
  constructor({ url = defaultUrl, key, retryFor = defaultRetryFor }: ClientOptions = {}) {
    this.#link = makeLink({ url, key, retryForMs: retryMs(retryFor) });
    this.assets = new ClientAssets(this.#link);
  }

  /**
   * Makes a run by hand. Given a definition, its params are checked by the compiler; given an id, by the server only.
   *
   * @throws MillraceError DAG_NOT_FOUND, PARAMS_INVALID, LOGICAL_DATE_TAKEN, VALUE_TOO_LARGE …
   */
  trigger<Given, Result>(
    dag: DagDefinition<Given, Result>,
    ...rest: TriggerRest<Given>
  ): Promise<ClientRun<Result>>;
  trigger(
    dagId: string,
    options?: TriggerOptions<Readonly<Record<string, unknown>>>,
  ): Promise<ClientRun>;
  async trigger(
    dag: { readonly id: string } | string,
    options: TriggerOptions<Readonly<Record<string, unknown>>> = {},
  ): Promise<ClientRun> {
    const dagId = typeof dag === "string" ? dag : dag.id;
    const { params = {}, note = "", logicalDate, partitionKey = "", signal } = options;
    const { ignoreInputs = false } = options;
    const data = encodeValue(params, `the params of DAG "${dagId}"`);
    const at = logicalDate === undefined ? null : logicalDateMs(logicalDate);
    const { answered, connection, readRun, timestampOf } = await this.#link();
    const request = {
      requestId: randomUUID(),
      dagId,
      params: { data },
      ...{ note, partitionKey, ignoreInputs },
      logicalDate: timestampOf(at),
    };
    const { run } = await answered((call) => connection.runs.triggerDagRun(request, call), signal);
    if (run === undefined) throw new MillraceError("INTERNAL", "the server answered without a run");
    return new ClientRun(this.#link, readRun(run));
  }

  /** A run by its id. @throws MillraceError RUN_NOT_FOUND */
  async run(runId: string, { signal }: CallOptions = {}): Promise<ClientRun> {
    const { answered, connection, readRun } = await this.#link();
    const { run } = await answered((call) => connection.runs.getDagRun({ runId }, call), signal);
    if (run === undefined) throw new MillraceError("RUN_NOT_FOUND", `no run has the id "${runId}"`);
    return new ClientRun(this.#link, readRun(run));
  }

  /** DAGs by id, fetched page by page as they are asked for. */
  async *dags(
    options: CallOptions & { readonly search?: string; readonly tags?: readonly string[] } = {},
  ): AsyncIterable<DagSnapshot> {
    const { answered, connection, paged, readDag } = await this.#link();
    const filter = { search: options.search ?? "", tags: [...(options.tags ?? [])] };
    yield* paged(async (pageToken) => {
      const page = await answered(
        (call) => connection.dags.listDags({ ...filter, pageToken }, call),
        options.signal,
      );
      return { items: page.dags.map(readDag), next: page.nextPageToken };
    });
  }

  /** Runs, newest first, fetched page by page as they are asked for. */
  async *runs(
    options: CallOptions & {
      readonly dag?: { readonly id: string } | string;
      readonly states?: readonly RunStateName[];
    } = {},
  ): AsyncIterable<ClientRun> {
    const { answered, connection, paged, readRun } = await this.#link();
    const { dag = "", states = [] } = options;
    const dagId = typeof dag === "string" ? dag : dag.id;
    const filter = { dagId, states: states.map((state) => RunState[state]) };
    yield* paged(async (pageToken) => {
      const page = await answered(
        (call) => connection.runs.listDagRuns({ ...filter, pageToken }, call),
        options.signal,
      );
      const items = page.runs.map((run) => new ClientRun(this.#link, readRun(run)));
      return { items, next: page.nextPageToken };
    });
  }

  /**
   * Makes runs for the dates of a DAG's schedule from one date to another, both included.
   *
   * @example
   * const backfill = await millrace.backfill("etl", { from: "2026-01-01T00:00Z", to: "2026-01-31T00:00Z", reprocess: "failed" });
   * await backfill.finished();
   * @throws MillraceError DAG_NOT_FOUND, BACKFILL_OPEN, BACKFILL_IMPOSSIBLE, BACKFILL_TOO_LARGE, FIELD_INVALID, PARAMS_INVALID …
   */
  async backfill(
    dag: { readonly id: string } | string,
    options: BackfillOptions & CallOptions,
  ): Promise<ClientBackfill> {
    const { answered, connection, readBackfill, timestampOf } = await this.#link();
    const request = { requestId: randomUUID(), ...backfillRequest(dag, options, timestampOf) };
    const { backfill } = await answered(
      (call) => connection.backfills.createBackfill(request, call),
      options.signal,
    );
    return new ClientBackfill(this.#link, readBackfill(backfill));
  }

  /** What a backfill would make of each date, in its order, fetched page by page as it is asked for. Makes nothing. */
  async *previewBackfill(
    dag: { readonly id: string } | string,
    options: BackfillOptions & CallOptions,
  ): AsyncIterable<BackfillDateSnapshot> {
    const { answered, connection, paged, readBackfillDate, timestampOf } = await this.#link();
    const request = { ...backfillRequest(dag, options, timestampOf), dryRun: true };
    yield* paged(async (pageToken) => {
      const page = await answered(
        (call) => connection.backfills.createBackfill({ ...request, pageToken }, call),
        options.signal,
      );
      return { items: page.dates.map(readBackfillDate), next: page.nextPageToken };
    });
  }

  /** A backfill by its id. @throws MillraceError BACKFILL_NOT_FOUND */
  async findBackfill(backfillId: string, { signal }: CallOptions = {}): Promise<ClientBackfill> {
    const { answered, connection, readBackfill } = await this.#link();
    const { backfill } = await answered(
      (call) => connection.backfills.getBackfill({ backfillId }, call),
      signal,
    );
    return new ClientBackfill(this.#link, readBackfill(backfill));
  }

  /** Backfills, newest first, fetched page by page as they are asked for. */
  async *backfills(
    options: CallOptions & {
      readonly dag?: { readonly id: string } | string;
      /** Only those that are not over. */
      readonly openOnly?: boolean;
    } = {},
  ): AsyncIterable<ClientBackfill> {
    const { answered, connection, paged, readBackfill } = await this.#link();
    const { dag = "", openOnly = false, signal } = options;
    const filter = { dagId: typeof dag === "string" ? dag : dag.id, openOnly };
    yield* paged(async (pageToken) => {
      const page = await answered(
        (call) => connection.backfills.listBackfills({ ...filter, pageToken }, call),
        signal,
      );
      const items = page.backfills.map((it) => new ClientBackfill(this.#link, readBackfill(it)));
      return { items, next: page.nextPageToken };
    });
  }

  /**
   * What people are asked, newest first, fetched page by page as it is asked for.
   *
   * @param options `states`: default `["open"]`, what waits for an answer.
   * @example
   * for await (const input of millrace.inputs({ dag: "payments" })) await millrace.answer(input, { approved: true });
   */
  async *inputs(
    options: CallOptions & {
      readonly dag?: { readonly id: string } | string;
      readonly run?: { readonly id: string } | string;
      readonly states?: readonly InputStateName[];
    } = {},
  ): AsyncIterable<InputSnapshot> {
    const { answered, connection, inputStates, paged, readInput } = await this.#link();
    const { dag = "", run = "", states = [], signal } = options;
    const idOf = (it: { readonly id: string } | string) => (typeof it === "string" ? it : it.id);
    const wanted = states.map((state) => inputStates[state]);
    const filter = { dagId: idOf(dag), runId: idOf(run), states: wanted };
    yield* paged(async (pageToken) => {
      const page = await answered(
        (call) => connection.tasks.listInputRequests({ ...filter, pageToken }, call),
        signal,
      );
      return { items: page.inputRequests.map(readInput), next: page.nextPageToken };
    });
  }

  /**
   * Answers the form of a task that awaits input. Defaults of its schema are filled in.
   *
   * @param input what `inputs()` gave, or where the task is.
   * @param values plain JSON.
   * @throws MillraceError INPUT_INVALID naming the field, INPUT_NOT_AWAITED, INPUT_NOT_YOURS, TASK_NOT_FOUND
   */
  async answer(
    { runId, taskId, mapIndex = null }: InputRef,
    values: Readonly<Record<string, unknown>>,
    { signal }: CallOptions = {},
  ): Promise<void> {
    const data = new TextEncoder().encode(JSON.stringify(values));
    const { answered, connection } = await this.#link();
    const at = mapIndex === null ? {} : { mapIndex };
    const request = { requestId: randomUUID(), runId, taskId, ...at, values: { data } };
    await answered((call) => connection.tasks.answerInput(request, call), signal);
  }

  /**
   * Ends the wait of the task whose token this is: the task gets `value`. Whoever has the token may; no key is needed.
   * While the task has not begun to wait, the call is made again.
   *
   * @throws MillraceError TASK_TOKEN_INVALID, TASK_TOKEN_USED, TASK_NOT_DEFERRED, VALUE_INVALID, VALUE_TOO_LARGE
   */
  async completeToken(token: string, value?: unknown, options: CallOptions = {}): Promise<void> {
    const data = encodeValue(value, "the value for a task token");
    const outcome = { case: "success", value: { data } } as const;
    await this.#endWait({ token, outcome }, options);
  }

  /**
   * Ends the wait of the task whose token this is: it failed, and is retried if it has retries left.
   *
   * @throws MillraceError TASK_TOKEN_INVALID, TASK_TOKEN_USED, TASK_NOT_DEFERRED
   */
  async failToken(
    token: string,
    { message, type = "", retryable = true }: TokenFailureOptions,
    options: CallOptions = {},
  ): Promise<void> {
    const outcome = { case: "failure", value: { message, type, retryable } } as const;
    await this.#endWait({ token, outcome }, options);
  }

  /**
   * Says that whoever has the token is still at it, for triggers with a `heartbeat`.
   *
   * @throws MillraceError TASK_TOKEN_INVALID, TASK_TOKEN_USED
   */
  async heartbeatToken(token: string, { signal }: CallOptions = {}): Promise<void> {
    const { answered, connection } = await this.#link();
    const request = { requestId: randomUUID(), token };
    await answered((call) => connection.tasks.heartbeatTaskToken(request, call), signal);
  }

  async #endWait(
    asked: Pick<MessageInitShape<typeof CompleteTaskTokenRequestSchema>, "token" | "outcome">,
    { signal }: CallOptions,
  ): Promise<void> {
    const { answered, connection } = await this.#link();
    const request = { requestId: randomUUID(), ...asked };
    await answered((call) => connection.tasks.completeTaskToken(request, call), signal);
  }
}

function retryMs(retryFor: Duration): number {
  const ms = durationMs(retryFor);
  if (ms !== null) return ms;
  throw new MillraceError(
    "FIELD_INVALID",
    `retryFor is ${JSON.stringify(retryFor)}; it must be ${durationForms}`,
  );
}

function logicalDateMs(logicalDate: Instant): number {
  const at = instantMs(logicalDate);
  if (at !== null) return at;
  throw new MillraceError(
    "FIELD_INVALID",
    `logicalDate is ${String(logicalDate)}; it must be ${instantForms}`,
  );
}
