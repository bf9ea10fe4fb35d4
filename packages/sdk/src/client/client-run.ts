/** A run as a client holds it: something to follow, to wait for and to cancel. */

import { randomUUID } from "node:crypto";
import { MillraceError } from "@millrace/engine";
import { decodeValue } from "../codec.ts";
import { durationForms, durationMs, type Duration } from "../duration.ts";
import type { Link } from "./link.ts";
import type { RunSnapshot, RunUpdate } from "./snapshots.ts";

/** The key of what a body returned. */
const returnKey = "return_value";
const notMapped = -1;

export class ClientRun {
  readonly id: string;
  readonly dagId: string;
  /** As it was when the client learned of it; `refresh`, `watch` and `result` give newer ones. */
  readonly snapshot: RunSnapshot;
  readonly #link: Link;

  /** Clients make these. */
  constructor(link: Link, snapshot: RunSnapshot) {
    this.#link = link;
    this.id = snapshot.id;
    this.dagId = snapshot.dagId;
    this.snapshot = snapshot;
  }

  /** The run as it is now. */
  async refresh(): Promise<ClientRun> {
    const { answered, readRun, connection } = await this.#link();
    const { run } = await answered((options) =>
      connection.runs.getDagRun({ runId: this.id }, options),
    );
    return run === undefined ? this : new ClientRun(this.#link, readRun(run));
  }

  /**
   * Follows the run: first everything, then changes; ends after the update in which the run is final.
   * After a broken connection everything is given once more.
   */
  watch(): AsyncIterable<RunUpdate> {
    return this.#updates(undefined);
  }

  /**
   * Waits until the run is final and gives it back.
   *
   * @param options `timeout`: how long to wait at most. Default: as long as it takes.
   * @throws MillraceError RUN_FAILED when it failed or was cancelled, WAIT_TIMED_OUT when it is still going on.
   */
  async result(options: { readonly timeout?: Duration } = {}): Promise<RunSnapshot> {
    const timeoutMs = options.timeout === undefined ? null : waitMs(options.timeout);
    const timeout = timeoutMs === null ? undefined : AbortSignal.timeout(timeoutMs);
    try {
      for await (const { run } of this.#updates(timeout)) {
        if (run.state === "success") return run;
        if (run.state === "failed") throw failed(run);
      }
    } catch (error) {
      if (timeout?.aborted !== true) throw error;
      throw new MillraceError(
        "WAIT_TIMED_OUT",
        `run ${this.id} is not final after ${timeoutMs} ms`,
        {
          metadata: { run_id: this.id },
          cause: error,
        },
      );
    }
    throw new MillraceError(
      "UNAVAILABLE",
      `the server stopped following run ${this.id}; ask again`,
    );
  }

  /**
   * What a task returned, or what it left under `key`; undefined when it left nothing there, or has not ended yet.
   *
   * @throws MillraceError TASK_NOT_FOUND
   */
  async xcom(
    taskId: string,
    options: { readonly key?: string; readonly mapIndex?: number } = {},
  ): Promise<unknown> {
    const { key = returnKey, mapIndex = notMapped } = options;
    const { answered, connection } = await this.#link();
    const request = { runId: this.id, taskId, mapIndex };
    const { xcoms } = await answered((call) => connection.tasks.listXComs(request, call));
    const value = xcoms.find((xcom) => xcom.key === key)?.value;
    return value && decodeValue(value.data, `what task "${taskId}" left as "${key}"`);
  }

  /**
   * Stops the run: nothing of it starts any more, bodies that run are told to stop, and once they have it is failed as
   * cancelled; `result` waits for that. A final run stays as it is.
   */
  async cancel(): Promise<ClientRun> {
    const { answered, readRun, connection } = await this.#link();
    const request = { requestId: randomUUID(), runId: this.id };
    const { run } = await answered((options) => connection.runs.cancelDagRun(request, options));
    return run === undefined ? this : new ClientRun(this.#link, readRun(run));
  }

  async *#updates(signal: AbortSignal | undefined): AsyncIterable<RunUpdate> {
    const { streamed, readRun, readTask, connection } = await this.#link();
    const options = signal === undefined ? {} : { signal };
    const open = () => connection.runs.watchDagRun({ runId: this.id }, options);
    for await (const { run, taskInstances } of streamed(open)) {
      if (run !== undefined) yield { run: readRun(run), tasks: taskInstances.map(readTask) };
    }
  }
}

function waitMs(timeout: Duration): number {
  const ms = durationMs(timeout);
  if (ms !== null) return ms;
  throw new MillraceError(
    "FIELD_INVALID",
    `timeout is ${JSON.stringify(timeout)}; it must be ${durationForms}`,
  );
}

function failed(run: RunSnapshot): MillraceError {
  const why = run.failure?.message ?? "";
  return new MillraceError(
    "RUN_FAILED",
    `run ${run.id} of DAG "${run.dagId}" failed${why === "" ? "" : `: ${why}`}`,
    { metadata: { run_id: run.id, dag_id: run.dagId, kind: run.failure?.kind ?? "" } },
  );
}
