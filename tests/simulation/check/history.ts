/** What the database has been told of every task instance, looked at with each flush. */

import type { CompiledDag } from "@millrace/engine";
import { taskStateName, TaskState } from "@millrace/engine";
import type { Flushed, InstanceChange } from "../database/flush.ts";
import type { InstanceRow, RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import type { Deciders } from "./deciders.ts";
import { heldBy, presentView, type PastView } from "./past.ts";
import { ensure, Violation } from "./violation.ts";

/** One change of an instance, in the order in which changes became durable. */
export type Happened = {
  readonly state: number;
  readonly attempt: number;
  readonly isMarked: boolean;
};

/** How long a decision may be on its way to the database. */
const newsMs = 60_000;
const none = TaskState.none as number;
const running = TaskState.running as number;
const executing: readonly number[] = [TaskState.running, TaskState.restarting];
const finals: readonly number[] = [6, 7, 8, 9, 10];

/**
 * By state: what may follow when nobody says otherwise. Written from the protocol, not from the statement that guards it.
 * Anything may be removed; what is not running may be cleared.
 */
const legal: Readonly<Record<number, readonly number[]>> = {
  1: [4, 7, 8, 9],
  2: [4, 6, 7, 8, 9, 11, 12, 13, 14],
  4: [2, 5, 6, 7, 8, 11, 12, 13, 14],
  5: [1, 7, 8],
  6: [],
  7: [],
  8: [],
  9: [],
  10: [4, 7, 8, 9],
  11: [2, 4, 6, 7, 8, 9, 11, 12, 13, 14],
  12: [2, 4, 7, 8, 9],
  13: [2, 4, 6, 7, 8, 9, 11],
  14: [2, 4, 6, 7, 8, 9, 11],
};

export class History {
  readonly #tables: Tables;
  readonly #dagOf: (run: RunRow) => CompiledDag;
  readonly #deciders: Deciders;
  readonly #instances = new Map<string, Happened[]>();
  readonly #changes = new Map<number, InstanceChange[]>();
  /** Runs by the seq of the last event that was folded. */
  readonly #folded = new Map<number, number>();
  /** Runs that somebody was told are cancelled, with how often they had been opened again. */
  readonly #cancelled = new Map<number, number>();
  /** Runs that have begun to run. */
  readonly started = new Set<number>();
  flushes = 0;
  /** How often instances came into each state. */
  readonly reached = new Map<string, number>();

  constructor(tables: Tables, dagOf: (run: RunRow) => CompiledDag, deciders: Deciders) {
    this.#deciders = deciders;
    this.#tables = tables;
    this.#dagOf = dagOf;
  }

  of(runId: number, ix: number, mapIx: number): readonly Happened[] {
    return this.#instances.get(`${runId} ${ix} ${mapIx}`) ?? [];
  }

  /** Changes of a run's instances, in the order in which they became durable. */
  changesOf(runId: number): readonly InstanceChange[] {
    return this.#changes.get(runId) ?? [];
  }

  take(flushed: Flushed): void {
    this.flushes += 1;
    ensure(
      flushed.isOwners,
      "S4",
      () => "a flush took effect of a node that owns its shards no more",
    );
    const past = this.#pastBefore(flushed);
    for (const change of flushed.instances) {
      this.#takeChange(change);
      this.#checkPast(change, past, flushed.at);
      this.#checkCancelled(change.after);
    }
    this.#order(flushed);
    for (const runId of flushed.runIds) this.#foldEvents(runId, flushed);
    for (const { before, after } of flushed.runs) this.#takeRun(before, after);
    const touched = new Set([...flushed.runIds, ...flushed.runs.map(({ after }) => after.id)]);
    for (const runId of touched) this.#checkRun(runId);
  }

  #takeChange({ before, after, isMarked }: InstanceChange): void {
    const where = nameOf(after);
    const { state, attempt } = after;
    if (before !== null) {
      const mayFollow = legal[before.state]?.includes(state) === true;
      const isCleared = state === none && !executing.includes(before.state);
      const isSettledAnew = before.attempt === 0 && attempt === 0;
      ensure(
        mayFollow || isMarked || isCleared || isSettledAnew || state === TaskState.removed,
        "S3",
        () => `${where} went from ${stateText(before)} to ${stateText(after)}`,
      );
      ensure(attempt >= before.attempt, "S5", () => `${where}: the attempt fell to ${attempt}`);
    }
    const grants = before?.attempt ?? 0;
    if (state === running)
      ensure(attempt === grants + 1, "S5", () => `${where}: ${attempt} follows ${grants}`);
    else ensure(attempt === grants, "S5", () => `${where}: attempt ${attempt} was never granted`);
    const key = `${after.run_id} ${after.ix} ${after.map_ix}`;
    const list = this.#instances.get(key) ?? [];
    this.#instances.set(key, list);
    list.push({ state, attempt, isMarked });
    const name = taskStateName(state as TaskState);
    this.reached.set(name, (this.reached.get(name) ?? 0) + 1);
    this.#checkTries(after);
  }

  /**
   * The rows as they were before a flush: what succeeds with it may not be built on yet, and what is cleared with it may have
   * been built on.
   */
  #pastBefore({ instances }: Flushed): PastView {
    const earlier = new Map(
      instances.map(({ before, after }) => [`${after.run_id} ${after.ix} ${after.map_ix}`, before]),
    );
    const present = presentView(this.#tables, this.#dagOf);
    return {
      ...present,
      rowOf(runId, ix, mapIx) {
        const key = `${runId} ${ix} ${mapIx}`;
        return earlier.has(key) ? (earlier.get(key) ?? null) : present.rowOf(runId, ix, mapIx);
      },
    };
  }

  #checkPast({ before, after }: InstanceChange, past: PastView, at: number): void {
    // A body that goes on after a wait has begun before.
    if (after.state !== running || (before?.deferral ?? null) !== null) return;
    const run = this.#tables.runs.get(after.run_id);
    if (run === undefined || run.logical_at === null) return;
    const taskId = this.#dagOf(run).taskIds[after.ix]!;
    const held = heldBy(past, run, taskId);
    // Who decided may not have known of a run that has only just been made.
    const isNews = held !== null && at - held.run.queued_at < newsMs;
    if (held === null || isNews || this.#deciders.isFree(run, taskId)) return;
    const state = held.row === null ? "nothing" : stateText(held.row);
    const why = `${held.taskId} of run ${held.run.id} is ${state}`;
    throw new Violation("semantics 5.1", `${nameOf(after)} started, and ${why}`);
  }

  /** Somebody was told that the run is cancelled. */
  onCancelled(runId: number): void {
    const run = this.#tables.runs.get(runId);
    if (run === undefined || run.state >= 3) return;
    ensure(
      run.cancel_requested_at !== null,
      "S1",
      () => `run ${runId} was said to be cancelled, and nothing of that is durable`,
    );
    this.#cancelled.set(runId, run.reopen_count);
  }

  #checkCancelled(row: InstanceRow): void {
    const reopened = this.#tables.runs.get(row.run_id)?.reopen_count;
    ensure(
      row.state !== running || this.#cancelled.get(row.run_id) !== reopened,
      "S16",
      () => `${nameOf(row)} is granted after its run was cancelled`,
    );
  }

  /** Once nothing is on its way, counters are what counting gives. */
  checkCounts(): void {
    for (const run of this.#tables.runs.values()) {
      const rows = [...this.#tables.dataOf(run.id).instances.values()];
      for (let state = 1; state <= 14; state++) {
        // Instances that a mapped task has no more are not counted.
        if (state === TaskState.removed) continue;
        const counted = rows.filter((row) => row.state === state).length;
        const told = run.counts[state - 1] ?? 0;
        ensure(
          told === counted,
          "S8",
          () =>
            `run ${run.id} counts ${told} ${taskStateName(state as TaskState)}, there are ${counted}`,
        );
      }
    }
  }

  /** In one flush things happened in the order in which its event tells them. */
  #order({ runIds, instances }: Flushed): void {
    for (const runId of runIds) {
      const { events } = this.#tables.dataOf(runId);
      const changes = events.get((this.#folded.get(runId) ?? 0) + 1)?.changes ?? [];
      const places = new Map<string, number>();
      for (let at = 0; at < changes.length; at += 4)
        places.set(`${changes[at]} ${changes[at + 1]}`, at);
      const placeOf = ({ after }: InstanceChange): number =>
        places.get(`${after.ix} ${after.map_ix}`) ?? 0;
      const own = instances.filter(({ after }) => after.run_id === runId);
      const list = this.#changes.get(runId) ?? [];
      this.#changes.set(runId, list);
      list.push(...own.toSorted((a, b) => placeOf(a) - placeOf(b)));
    }
  }

  /** Grants that count are no more than the task's retries allow. */
  #checkTries(row: InstanceRow): void {
    const run = this.#tables.runs.get(row.run_id);
    if (run === undefined || row.state !== running) return;
    const retries = this.#dagOf(run).tasks[row.ix]?.retries ?? 0;
    const tries = row.attempt - row.uncounted;
    ensure(tries <= retries + 1, "S11", () => `${nameOf(row)} has its try ${tries}`);
  }

  /** Events are numbered without gaps, and folding them gives the rows. */
  #foldEvents(runId: number, flushed: Flushed): void {
    const { events, barred, instances } = this.#tables.dataOf(runId);
    let last = this.#folded.get(runId) ?? 0;
    while (barred.has(last + 1)) last += 1;
    const event = events.get(last + 1);
    ensure(event !== undefined, "S9", () => `run ${runId} has no event ${last + 1}`);
    ensure(!events.has(last + 2), "S9", () => `run ${runId} has more events than flushes`);
    this.#folded.set(runId, last + 1);
    const changes = event?.changes ?? [];
    const told = new Set<string>();
    for (let at = 0; at < changes.length; at += 4) {
      const [ix, mapIx, state, attempt] = changes.slice(at, at + 4);
      const row = instances.get(`${ix} ${mapIx}`);
      told.add(`${ix} ${mapIx}`);
      ensure(
        row !== undefined && row.state === state && row.attempt === attempt,
        "S9",
        () =>
          `run ${runId}: an event tells ${ix}/${mapIx} ${state}@${attempt}, the row ${row === undefined ? "nothing" : stateText(row)}`,
      );
    }
    const rows = flushed.instances.filter(({ after }) => after.run_id === runId);
    ensure(
      rows.every(({ after }) => told.has(`${after.ix} ${after.map_ix}`)),
      "S9",
      () => `run ${runId}: a row changed without an event`,
    );
  }

  #takeRun(before: RunRow, after: RunRow): void {
    if (after.state === 2) this.started.add(after.id);
    const isReopened = after.reopen_count > before.reopen_count;
    ensure(after.revision > before.revision, "S9", () => `run ${after.id}: its revision fell`);
    ensure(
      isReopened || before.state < 3 || after.state >= 3,
      "S8",
      () => `run ${after.id} went from an end to ${after.state}`,
    );
  }

  #checkRun(runId: number): void {
    const run = this.#tables.runs.get(runId);
    if (run === undefined) return;
    const rows = [...this.#tables.dataOf(runId).instances.values()];
    const busy = rows.filter(({ state }) => executing.includes(state)).length;
    const { maxActiveTasks } = this.#dagOf(run).spec;
    ensure(
      busy <= maxActiveTasks,
      "S12",
      () => `run ${runId} executes ${busy} tasks; its limit is ${maxActiveTasks}`,
    );
    if (run.state < 3) return;
    const open = rows.find(({ state }) => !finals.includes(state));
    if (open !== undefined)
      throw new Violation("S8", `run ${runId} is final, and ${nameOf(open)} is ${stateText(open)}`);
  }
}

function stateText({
  state,
  attempt,
}: {
  readonly state: number;
  readonly attempt: number;
}): string {
  return `${taskStateName(state as TaskState)}@${attempt}`;
}

function nameOf(row: InstanceRow): string {
  return `run ${row.run_id} task ${row.ix}/${row.map_ix}`;
}
