/** The outside world: what bodies were begun, what workers reported, and what they were told about it. */

import { parseAttemptId } from "@millrace/wire";
import { VerdictKind, type Result, type Verdict } from "@millrace/wire/worker";
import type { Tables } from "../database/tables.ts";
import type { VirtualProcess } from "../machine.ts";
import type { History } from "./history.ts";
import { ensure } from "./violation.ts";

/** A result that a worker was told to be done with. */
export type Acknowledged = {
  readonly attemptId: string;
  readonly outcome: NonNullable<Result["outcome"]["case"]>;
};

/** A body in a worker. */
type Begun = { readonly process: VirtualProcess; readonly beganAt: number; isHeld(): boolean };

/** Until then inventories may be on their way that are older than the attempt. */
const tellsWithinMs = 15_000;

/** By outcome: the states one of which must be durable when it is acknowledged. */
const durableStates: Readonly<Record<string, readonly number[]>> = {
  succeeded: [6],
  failed: [7, 11],
  skipped: [8],
  rescheduled: [12],
  returned: [2],
  deferred: [13, 14],
};
const names = new Map(
  Object.entries(VerdictKind).map(([name, kind]) => [kind as VerdictKind, name]),
);

/** A run that is cancelled ends what runs; what was cleared meanwhile begins anew. */
const whenCancelled = [7, 8];
const whenCleared = [1];
/** What begins to wait may be ended by a neighbour's failure in the very flush that would have told of its wait. */
const whenWaiting = [7, 8];
const waits: readonly string[] = ["rescheduled", "deferred"];

export class Ledger {
  readonly #tables: Tables;
  readonly #history: History;
  readonly #begun = new Map<string, Begun>();
  /** A worker that is told to stop after it has reported reports another outcome. */
  readonly #reported = new Map<string, Set<Acknowledged["outcome"]>>();
  readonly acknowledged = new Map<string, Acknowledged>();
  /** How often each kind of verdict was given. */
  readonly verdicts = new Map<string, number>();

  constructor(tables: Tables, history: History) {
    this.#tables = tables;
    this.#history = history;
  }

  get bodies(): number {
    return this.#begun.size;
  }

  /** A body begins in a worker. */
  onBegin(attemptId: string, worker: Begun): void {
    const ref = parseAttemptId(attemptId);
    // What is watched or told is not fenced: it may be done twice.
    if (ref?.of !== "body") return;
    const before = this.#begun.get(attemptId);
    ensure(
      before === undefined,
      "S10",
      () =>
        `${attemptId} begins in ${worker.process.name}; it had begun in ${before?.process.name}`,
    );
    this.#begun.set(attemptId, worker);
    const isGranted = this.#history
      .of(ref.runKey, ref.ix, ref.mapIx)
      .some(({ state, attempt }) => state === 4 && attempt === ref.attempt);
    ensure(isGranted, "S1", () => `${attemptId} begins, and its grant is not durable`);
  }

  /** A living worker has it, running or not yet reported, for so long that it has said so. */
  isHeld(attemptId: string): boolean {
    const begun = this.#begun.get(attemptId);
    if (begun?.process.isAlive !== true) return false;
    return begun.process.machine.now - begun.beganAt > tellsWithinMs && begun.isHeld();
  }

  /** A result leaves a worker. */
  onResults(results: readonly Result[]): void {
    for (const { attemptId, outcome } of results) {
      if (outcome.case === undefined) continue;
      const reported = this.#reported.get(attemptId) ?? new Set();
      this.#reported.set(attemptId, reported.add(outcome.case));
    }
  }

  /** Verdicts reach a worker. */
  onVerdicts(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      const name = names.get(verdict.kind) ?? "?";
      this.verdicts.set(name, (this.verdicts.get(name) ?? 0) + 1);
      if (verdict.kind === VerdictKind.OK || verdict.kind === VerdictKind.ALREADY)
        this.#acknowledge(verdict.attemptId);
    }
  }

  #acknowledge(attemptId: string): void {
    const outcomes = [...(this.#reported.get(attemptId) ?? [])];
    const ref = parseAttemptId(attemptId);
    if (ref === null || ref.of !== "body") return;
    const { runKey, ix, mapIx, attempt } = ref;
    const run = this.#tables.runs.get(runKey);
    const happened = this.#history.of(runKey, ix, mapIx).filter((each) => each.attempt === attempt);
    const expected = [
      ...outcomes.flatMap((outcome) => durableStates[outcome] ?? []),
      ...(run?.cancel_requested_at === null ? [] : whenCancelled),
      ...(happened.some(({ state }) => state === 5) ? whenCleared : []),
      ...(outcomes.some((outcome) => waits.includes(outcome)) ? whenWaiting : []),
      ...(outcomes.includes("returned") ? [1, 2, 6, 7, 8, 11, 12] : []),
    ];
    ensure(
      happened.some(({ state }) => expected.includes(state)),
      "S1",
      () =>
        `${attemptId} was told that its result (${outcomes.join()}) is taken, and nothing of it is durable`,
    );
    const outcome = outcomes.find((each) =>
      happened.some(({ state }) => durableStates[each]?.includes(state)),
    );
    if (outcome !== undefined && !this.acknowledged.has(attemptId))
      this.acknowledged.set(attemptId, { attemptId, outcome });
  }

  /** Somebody outside was told that the wait of an attempt is over. */
  onTokenTaken(attemptId: string): void {
    const ref = parseAttemptId(attemptId);
    if (ref === null) return;
    const happened = this.#history
      .of(ref.runKey, ref.ix, ref.mapIx)
      .filter(({ attempt }) => attempt === ref.attempt);
    const waited = happened.findIndex(({ state }) => state === 13);
    ensure(
      waited >= 0 && happened.length > waited + 1,
      "S1",
      () => `the token of ${attemptId} was taken, and its wait is not over`,
    );
  }

  /** What was acknowledged is there, as the state of its attempt or in its history. */
  checkKept(): void {
    for (const { attemptId, outcome } of this.acknowledged.values()) {
      const ref = parseAttemptId(attemptId);
      if (ref === null || outcome !== "succeeded") continue;
      const { runKey, ix, mapIx, attempt } = ref;
      const { instances, attempts } = this.#tables.dataOf(runKey);
      const row = instances.get(`${ix} ${mapIx}`);
      const happened = this.#history.of(runKey, ix, mapIx);
      const since = happened.slice(
        happened.findLastIndex((each) => each.attempt === attempt && each.state === 6) + 1,
      );
      const isOverruled = since.some(
        (each) => each.isMarked || each.state === 1 || each.state === 10,
      );
      const isKept = row?.attempt === attempt && row.state === 6;
      const isArchived = attempts.has(`${ix} ${mapIx} ${attempt}`);
      ensure(
        isKept || isArchived || isOverruled,
        "S1",
        () => `the success of ${attemptId} was acknowledged and is lost`,
      );
    }
  }
}
