/** A typed client of the api, for programs. */

import { randomUUID } from "node:crypto";
import { MillraceError, RunState, type RunStateName } from "@millrace/engine";
import { encodeValue } from "../codec.ts";
import type { DagDefinition } from "../dag.ts";
import { instantForms, instantMs, type Instant } from "../instant.ts";
import { ClientRun } from "./client-run.ts";
import { makeLink, type Link } from "./link.ts";
import type { DagSnapshot } from "./snapshots.ts";

export type ClientOptions = {
  /** Address of a server. Default "http://127.0.0.1:8080". */
  readonly url?: string;
  /** An API key, such as the content of `.millrace/keys/admin.key`. */
  readonly key: string;
};

export type TriggerOptions<Given> = {
  /** Unique within the DAG. Default: the run has none. */
  readonly logicalDate?: Instant;
  /** For people, at most 1000 characters. */
  readonly note?: string;
} & (Partial<Given> extends Given ? { readonly params?: Given } : { readonly params: Given });

/** The options may be left out where the DAG needs no params. */
type TriggerRest<Given> =
  Partial<Given> extends Given
    ? [options?: TriggerOptions<Given>]
    : [options: TriggerOptions<Given>];

const defaultUrl = "http://127.0.0.1:8080";

/**
 * Talks to a server. Calls that change something carry an id of their own and are made again, under the same id, while
 * the server cannot be reached. Every error is a `MillraceError` with a reason.
 *
 * @example
 * const millrace = new Client({ key });
 * const run = await millrace.trigger(etl, { params: { region: "us" } });
 * await run.result({ timeout: "10m" });
 */
export class Client {
  readonly #link: Link;

  constructor(options: ClientOptions) {
    this.#link = makeLink(options.url ?? defaultUrl, options.key);
  }

  /**
   * Makes a run by hand. Given a definition, its params are checked by the compiler; given an id, by the server only.
   *
   * @throws MillraceError DAG_NOT_FOUND, PARAMS_INVALID, LOGICAL_DATE_TAKEN, VALUE_TOO_LARGE …
   */
  trigger<Given>(dag: DagDefinition<Given>, ...rest: TriggerRest<Given>): Promise<ClientRun>;
  trigger(
    dagId: string,
    options?: TriggerOptions<Readonly<Record<string, unknown>>>,
  ): Promise<ClientRun>;
  async trigger(
    dag: { readonly id: string } | string,
    options: TriggerOptions<Readonly<Record<string, unknown>>> = {},
  ): Promise<ClientRun> {
    const dagId = typeof dag === "string" ? dag : dag.id;
    const { params = {}, note = "", logicalDate } = options;
    const data = encodeValue(params, `the params of DAG "${dagId}"`);
    const at = logicalDate === undefined ? null : logicalDateMs(logicalDate);
    const { answered, connection, readRun, timestampOf } = await this.#link();
    const request = {
      requestId: randomUUID(),
      dagId,
      params: { data },
      note,
      logicalDate: timestampOf(at),
    };
    const { run } = await answered((call) => connection.runs.triggerDagRun(request, call));
    if (run === undefined) throw new MillraceError("INTERNAL", "the server answered without a run");
    return new ClientRun(this.#link, readRun(run));
  }

  /** A run by its id. @throws MillraceError RUN_NOT_FOUND */
  async run(runId: string): Promise<ClientRun> {
    const { answered, connection, readRun } = await this.#link();
    const { run } = await answered((call) => connection.runs.getDagRun({ runId }, call));
    if (run === undefined) throw new MillraceError("RUN_NOT_FOUND", `no run has the id "${runId}"`);
    return new ClientRun(this.#link, readRun(run));
  }

  /** DAGs by id, fetched page by page as they are asked for. */
  async *dags(
    options: { readonly search?: string; readonly tags?: readonly string[] } = {},
  ): AsyncIterable<DagSnapshot> {
    const { answered, connection, paged, readDag } = await this.#link();
    const filter = { search: options.search ?? "", tags: [...(options.tags ?? [])] };
    yield* paged(async (pageToken) => {
      const page = await answered((call) =>
        connection.dags.listDags({ ...filter, pageToken }, call),
      );
      return { items: page.dags.map(readDag), next: page.nextPageToken };
    });
  }

  /** Runs, newest first, fetched page by page as they are asked for. */
  async *runs(
    options: {
      readonly dag?: { readonly id: string } | string;
      readonly states?: readonly RunStateName[];
    } = {},
  ): AsyncIterable<ClientRun> {
    const { answered, connection, paged, readRun } = await this.#link();
    const { dag = "", states = [] } = options;
    const dagId = typeof dag === "string" ? dag : dag.id;
    const filter = { dagId, states: states.map((state) => RunState[state]) };
    yield* paged(async (pageToken) => {
      const page = await answered((call) =>
        connection.runs.listDagRuns({ ...filter, pageToken }, call),
      );
      const items = page.runs.map((run) => new ClientRun(this.#link, readRun(run)));
      return { items, next: page.nextPageToken };
    });
  }
}

function logicalDateMs(logicalDate: Instant): number {
  const at = instantMs(logicalDate);
  if (at !== null) return at;
  throw new MillraceError(
    "FIELD_INVALID",
    `logicalDate is ${String(logicalDate)}; it must be ${instantForms}`,
  );
}
