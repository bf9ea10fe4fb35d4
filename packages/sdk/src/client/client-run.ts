/** A run as a client holds it: something to follow, to wait for, and to change. */

import { randomUUID } from "node:crypto";
import { MillraceError, RunState, TaskState, type TaskStateName } from "@millrace/engine";
import {
  selectionOf,
  type ClearOptions,
  type MarkOptions,
  type TaskOutcome,
} from "./change-tasks.ts";
import type { CallOptions, Link } from "./link.ts";
import { readXCom } from "./read-xcom.ts";
import { readResult } from "./run-result.ts";
import type { RunSnapshot, RunUpdate, TaskChanges, TaskSnapshot } from "./snapshots.ts";
import { waitMs, type WaitOptions } from "./wait-options.ts";
import type { CallbackSnapshot } from "./waits.ts";

/** The key of what a body returned. */
const returnKey = "return_value";
const notMapped = -1;

/** `Result` is the type of the value that the run results in; unknown for runs found by their id. */
export class ClientRun<out Result = unknown> {
  readonly id: string;
  readonly dagId: string;
  /** As it was when the client learned of it; `refresh`, `watch` and `finished` give newer ones. */
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
  async refresh({ signal }: CallOptions = {}): Promise<ClientRun<Result>> {
    const { answered, readRun, connection } = await this.#link();
    const request = { runId: this.id };
    const { run } = await answered((call) => connection.runs.getDagRun(request, call), signal);
    return run === undefined ? this : new ClientRun<Result>(this.#link, readRun(run));
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
   * Waits until the run is final and gives back what it results in: the value of the task whose handle the wire function
   * returned, of a mapped one the list of its values. Undefined for a DAG without a result, and when that task was skipped.
   *
   * @throws MillraceError RUN_FAILED when it failed or was cancelled, WAIT_TIMED_OUT when it is still going on.
   */
  async result(options: WaitOptions = {}): Promise<Result> {
    const run = await this.finished(options);
    const value = await readResult(await this.#link(), run, options);
    // What a definition says of its result is for the compiler; the server says which task's value it is.
    return value as Result;
  }

  /**
   * Waits until the run is final and gives it back.
   *
   * @throws MillraceError RUN_FAILED when it failed or was cancelled, WAIT_TIMED_OUT when it is still going on.
   */
  async finished(options: WaitOptions = {}): Promise<RunSnapshot> {
    const timeoutMs = waitMs(options);
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
    const of = { runId: this.id, taskId, mapIndex, key };
    return (await readXCom(await this.#link(), of, signal))?.value;
  }

  /**
   * Stops the run: nothing of it starts any more, bodies that run are told to stop, and once they have it is failed as
   * cancelled; `finished` waits for that. A final run stays as it is.
   */
  async cancel({ signal }: CallOptions = {}): Promise<ClientRun<Result>> {
    const { answered, readRun, connection } = await this.#link();
    const request = { requestId: randomUUID(), runId: this.id };
    const { run } = await answered((call) => connection.runs.cancelDagRun(request, call), signal);
    return run === undefined ? this : new ClientRun<Result>(this.#link, readRun(run));
  }

  /**
   * The tasks of the run, in topological order; one entry stands for all instances of a mapped task.
   *
   * @param options `states`: only tasks of which an instance is in one of these.
   */
  tasks(
    options: CallOptions & { readonly states?: readonly TaskStateName[] } = {},
  ): AsyncIterable<TaskSnapshot> {
    return this.#list("", options);
  }

  /**
   * The instances of a mapped task by index, fetched page by page as they are asked for.
   *
   * @throws MillraceError TASK_NOT_FOUND
   */
  instances(
    taskId: string,
    options: CallOptions & { readonly states?: readonly TaskStateName[] } = {},
  ): AsyncIterable<TaskSnapshot> {
    return this.#list(taskId, options);
  }

  /**
   * Callbacks of the run and its tasks, newest first, fetched page by page as they are asked for: how far each is, and
   * why its newest try failed.
   *
   * @param options `taskId`: only those of this task.
   * @throws MillraceError TASK_NOT_FOUND
   */
  async *callbacks(
    options: CallOptions & { readonly taskId?: string } = {},
  ): AsyncIterable<CallbackSnapshot> {
    const { taskId = "", signal } = options;
    const { answered, connection, paged, readCallback } = await this.#link();
    const filter = { runId: this.id, taskId };
    yield* paged(async (pageToken) => {
      const page = await answered(
        (call) => connection.tasks.listCallbackDeliveries({ ...filter, pageToken }, call),
        signal,
      );
      return { items: page.deliveries.map(readCallback), next: page.nextPageToken };
    });
  }

  /**
   * Lets task instances run again, with all their retries; what they did stays as history. A run that was final goes on.
   * Setups and teardowns of their scopes go along.
   *
   * @example
   * await run.clear({ tasks: ["load"], downstream: true });
   * @throws MillraceError TASK_NOT_FOUND; FIELD_INVALID for past or future of a run without a logical date.
   */
  async clear(options: ClearOptions = {}): Promise<TaskChanges> {
    const { answered, connection, readChanges } = await this.#link();
    const request = { requestId: randomUUID(), runId: this.id, ...selectionOf(options) };
    const { tasks } = connection;
    return readChanges(
      await answered((call) => tasks.clearTaskInstances(request, call), options.signal),
    );
  }

  /** Lets run again what failed, and what could not run because of it. */
  retry(options: CallOptions & { readonly dryRun?: boolean } = {}): Promise<TaskChanges> {
    return this.clear({ ...options, onlyFailed: true });
  }

  /**
   * Says what the outcome of task instances is, whatever they did; those that run are stopped. What failed after them is
   * cleared.
   *
   * @throws MillraceError TASK_NOT_FOUND; FIELD_INVALID for past or future of a run without a logical date.
   */
  async markTasks(outcome: TaskOutcome, options: MarkOptions): Promise<TaskChanges> {
    const { answered, connection, readChanges } = await this.#link();
    const state = TaskState[outcome];
    const request = { requestId: randomUUID(), runId: this.id, ...selectionOf(options), state };
    const { tasks } = connection;
    return readChanges(
      await answered((call) => tasks.markTaskInstances(request, call), options.signal),
    );
  }

  /** Ends the run; its teardowns still run first. */
  async mark(
    state: "success" | "failed",
    { signal }: CallOptions = {},
  ): Promise<ClientRun<Result>> {
    const { answered, readRun, connection } = await this.#link();
    const request = { requestId: randomUUID(), runId: this.id, state: RunState[state] };
    const { run } = await answered((call) => connection.runs.markDagRun(request, call), signal);
    return run === undefined ? this : new ClientRun<Result>(this.#link, readRun(run));
  }

  /** What `mark` would change now; changes nothing. */
  async previewMark(
    state: "success" | "failed",
    { signal }: CallOptions = {},
  ): Promise<TaskChanges> {
    const { answered, connection, readChanges } = await this.#link();
    const request = { runId: this.id, state: RunState[state], dryRun: true };
    return readChanges(await answered((call) => connection.runs.markDagRun(request, call), signal));
  }

  async *#list(
    taskId: string,
    { states = [], signal }: CallOptions & { readonly states?: readonly TaskStateName[] },
  ): AsyncIterable<TaskSnapshot> {
    const { answered, connection, paged, readTask } = await this.#link();
    const filter = { runId: this.id, taskId, states: states.map((state) => TaskState[state]) };
    yield* paged(async (pageToken) => {
      const page = await answered(
        (call) => connection.tasks.listTaskInstances({ ...filter, pageToken }, call),
        signal,
      );
      return { items: page.taskInstances.map(readTask), next: page.nextPageToken };
    });
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

function failed(run: RunSnapshot): MillraceError {
  const why = run.failure?.message ?? "";
  return new MillraceError(
    "RUN_FAILED",
    `run ${run.id} of DAG "${run.dagId}" failed${why === "" ? "" : `: ${why}`}`,
    { metadata: { run_id: run.id, dag_id: run.dagId, kind: run.failure?.kind ?? "" } },
  );
}
