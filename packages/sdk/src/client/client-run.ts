/** A run as a client holds it: something to follow, to wait for and to cancel. */

import { randomUUID } from "node:crypto";
import { MillraceError } from "@millrace/engine";
import { decodeValue } from "../codec.ts";
import { durationForms, durationMs, type Duration } from "../duration.ts";
import type { CallOptions, Link } from "./link.ts";
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
  async refresh({ signal }: CallOptions = {}): Promise<ClientRun> {
    const { answered, readRun, connection } = await this.#link();
    const request = { runId: this.id };
    const { run } = await answered((call) => connection.runs.getDagRun(request, call), signal);
    return run === undefined ? this : new ClientRun(this.#link, readRun(run));
  }

  /**
   * Follows the run: first everything, then changes; ends after the update in which the run is final.
   * After a broken connection everything is given once more. Goes on across restarts of the server, each of which may
   * take as long as the client's `retryFor`.
   *
   * @throws MillraceError RUN_NOT_FOUND when it was deleted meanwhile.
   */
  watch({ signal }: CallOptions = {}): AsyncIterable<RunUpdate> {
    return this.#updates(signal);
  }

  /**
   * Waits until the run is final and gives it back.
   *
   * @param options `timeout`: how long to wait at most. Default: as long as it takes.
   * @throws MillraceError RUN_FAILED when it failed or was cancelled, WAIT_TIMED_OUT when it is still going on.
   */
  async result(options: CallOptions & { readonly timeout?: Duration } = {}): Promise<RunSnapshot> {
    const timeoutMs = options.timeout === undefined ? null : waitMs(options.timeout);
    const timeout = timeoutMs === null ? undefined : AbortSignal.timeout(timeoutMs);
    const signals = [options.signal, timeout].filter((it) => it !== undefined);
    let last: RunSnapshot | undefined;
    try {
      for await (const { run } of this.#updates(AbortSignal.any(signals))) last = run;
    } catch (error) {
      if (timeout?.aborted !== true || error !== timeout.reason) throw error;
      throw new MillraceError(
        "WAIT_TIMED_OUT",
        `run ${this.id} is not final after ${timeoutMs} ms`,
        { metadata: { run_id: this.id }, cause: error },
      );
    }
    if (last?.state === "success") return last;
    throw failed(last ?? this.snapshot);
  }

  /**
   * What a task returned, or what it left under `key`; undefined when it left nothing there, or has not ended yet.
   *
   * @throws MillraceError TASK_NOT_FOUND
   */
  async xcom(
    taskId: string,
    options: CallOptions & { readonly key?: string; readonly mapIndex?: number } = {},
  ): Promise<unknown> {
    const { key = returnKey, mapIndex = notMapped, signal } = options;
    const { answered, connection } = await this.#link();
    const request = { runId: this.id, taskId, mapIndex };
    const { xcoms } = await answered((call) => connection.tasks.listXComs(request, call), signal);
    const value = xcoms.find((xcom) => xcom.key === key)?.value;
    return value && decodeValue(value.data, `what task "${taskId}" left as "${key}"`);
  }

  /**
   * Stops the run: nothing of it starts any more, bodies that run are told to stop, and once they have it is failed as
   * cancelled; `result` waits for that. A final run stays as it is.
   */
  async cancel({ signal }: CallOptions = {}): Promise<ClientRun> {
    const { answered, readRun, connection } = await this.#link();
    const request = { requestId: randomUUID(), runId: this.id };
    const { run } = await answered((call) => connection.runs.cancelDagRun(request, call), signal);
    return run === undefined ? this : new ClientRun(this.#link, readRun(run));
  }

  async *#updates(signal: AbortSignal | undefined): AsyncIterable<RunUpdate> {
    const { streamed, readRun, readTask, connection } = await this.#link();
    const updates = streamed(
      (until) => connection.runs.watchDagRun({ runId: this.id }, { signal: until }),
      ({ run }) => run !== undefined && isFinal(readRun(run)),
      signal,
    );
    for await (const { run, taskInstances } of updates) {
      if (run !== undefined) yield { run: readRun(run), tasks: taskInstances.map(readTask) };
    }
  }
}

function isFinal({ state }: RunSnapshot): boolean {
  return state === "success" || state === "failed";
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
