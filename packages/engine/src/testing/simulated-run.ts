/** For tests: a run with a world around it that remembers rows, attempts and timers, and plays random events. */

import * as fc from "fast-check";
import type { CompiledDag } from "../graph.ts";
import type { Change, Effects, Run, RunEvent, Timer, Verdict } from "../run.ts";
import { clearEffects, createRun, isRunFinal, newEffects } from "../run.ts";
import { TaskState } from "../states.ts";
import { aDag, aFailure } from "../testing.ts";
import { transition } from "../transition.ts";

/** DAGs of 1 to 60 tasks; arrows go from lower to higher ids only. */
export function randomDag(): fc.Arbitrary<CompiledDag> {
  return fc
    .record({
      count: fc.integer({ min: 1, max: 60 }),
      pairs: fc.array(fc.tuple(fc.nat(59), fc.nat(59)), { maxLength: 150 }),
      retries: fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }),
      maxActiveTasks: fc.integer({ min: 1, max: 70 }),
    })
    .map(({ count, pairs, retries, maxActiveTasks }) => {
      const tasks = Object.fromEntries(
        Array.from({ length: count }, (_, at) => [
          `t${at}`,
          { retries: retries[at] ?? 0, retryDelayMs: 1000, executionTimeoutMs: 10_000 },
        ]),
      );
      const arrows = new Set(
        pairs.filter(([a, b]) => a < b && b < count).map(([a, b]) => `t${a} > t${b}`),
      );
      return aDag({ tasks, arrows: [...arrows] }, { maxActiveTasks, dagrunTimeoutMs: 1_000_000 });
    });
}

/** Numbers that `Simulation.step` turns into events. */
export type Choice = { readonly kind: number; readonly pick: number };

export function eventsOf(maxLength: number): fc.Arbitrary<Choice[]> {
  return fc.array(fc.record({ kind: fc.nat(99), pick: fc.nat() }), { maxLength, size: "max" });
}

export type Grant = { readonly ix: number; readonly attempt: number };

export class Simulation {
  readonly dag: CompiledDag;
  readonly run: Run;
  readonly effects: Effects = newEffects();
  /** The newest change of each task: its row. */
  readonly rows = new Map<number, Change & { startedAt: number }>();
  readonly grants: Grant[] = [];
  readonly timers: Timer[] = [];
  readonly history: RunEvent[] = [];
  /** Outcomes that were answered OK, by attempt. */
  readonly outcomes = new Map<string, number>();
  readonly ready = new Set<number>();
  cancelRequestedAt: number | null = null;
  startedAt: number | null = null;
  now = 0;

  constructor(dag: CompiledDag) {
    this.dag = dag;
    this.run = createRun(dag);
  }

  send(event: RunEvent): Verdict {
    clearEffects(this.effects);
    const before = snapshot(this.run);
    const isOfNewest = event.kind === "retryDue" && event.attempt === this.run.attempt[event.ix];
    const verdict = transition(this.run, event, this.effects);
    this.history.push(event);
    if (event.kind === "cancelRequested" && verdict.kind === "OK")
      this.cancelRequestedAt = event.at;
    if (event.kind === "runStarted" && verdict.kind === "OK") this.startedAt = event.at;
    this.#remember(event, verdict);
    if (event.kind === "retryDue" && verdict.kind === "OK" && !isOfNewest)
      throw new Error("the timer of an earlier attempt started a retry");
    const isHarmless = verdict.kind === "OK" || this.effects.changes.length > 0;
    if (!isHarmless && snapshot(this.run) !== before)
      throw new Error(`${event.kind} was answered ${verdict.kind} and changed the run`);
    return verdict;
  }

  /** Plays one event that a number stands for; most are sensible, some are noise. */
  step({ kind, pick }: Choice): void {
    this.now += 1;
    const grant = this.grants[pick % Math.max(1, this.grants.length)];
    const scheduled = [...this.ready].filter(
      (ix) => this.run.taskState[ix] === TaskState.scheduled,
    );
    const ix = scheduled[pick % Math.max(1, scheduled.length)];
    const timer = this.timers[pick % Math.max(1, this.timers.length)];
    if (kind < 8) this.send({ kind: "runStarted", at: this.now });
    else if (kind < 45 && ix !== undefined) this.#grant(ix);
    else if (kind < 85 && grant) this.send(this.#report(grant, pick));
    else if (kind < 94 && timer) this.send({ ...timer, at: this.now });
    else if (kind < 97) this.#noise(pick);
    else if (kind === 97 && pick % 4 === 0) this.send({ kind: "cancelRequested", at: this.now });
    else if (kind === 98 && this.history.length > 0)
      this.send(this.history[pick % this.history.length]!);
  }

  /** Ends the run in order; each task's bodies succeed, skip or fail every time, as the numbers pick. */
  playPlan(picks: fc.Stream<number>): void {
    const plan = Array.from(this.dag.tasks, () => {
      const number = picks.next().value as number;
      return number % 5 === 0 ? 2 : number % 7 === 0 ? 1 : 0;
    });
    this.send({ kind: "runStarted", at: this.now });
    for (let steps = 0; !isRunFinal(this.run); steps += 1) {
      if (steps > 10_000) throw new Error("the run does not end");
      this.#advance(plan, picks.next().value as number);
    }
  }

  #advance(plan: readonly number[], pick: number): void {
    this.now += 1;
    const open = this.dag.taskIds.flatMap((_, ix) => {
      const state = this.run.taskState[ix];
      return state === TaskState.scheduled ||
        state === TaskState.running ||
        state === TaskState.up_for_retry
        ? [ix]
        : [];
    });
    const ix = open[pick % Math.max(1, open.length)];
    if (ix === undefined) return;
    const about = { ix, mapIx: -1, attempt: this.run.attempt[ix] ?? 0, at: this.now };
    const state = this.run.taskState[ix];
    if (state === TaskState.scheduled) this.#grant(ix);
    else if (state === TaskState.up_for_retry) this.send({ kind: "retryDue", ...about });
    else if (plan[ix] === 0) this.send({ kind: "taskSucceeded", ...about });
    else if (plan[ix] === 1) this.send({ kind: "taskSkipped", ...about });
    else this.send({ kind: "taskFailed", ...about, failure: aFailure() });
  }

  #grant(ix: number): void {
    if (this.send({ kind: "taskGranted", ix, mapIx: -1, at: this.now }).kind === "OK")
      this.grants.push({ ix, attempt: this.run.attempt[ix] ?? 0 });
  }

  #report({ ix, attempt }: Grant, pick: number): RunEvent {
    const about = { ix, mapIx: -1, attempt, at: this.now };
    const kinds = ["taskSucceeded", "taskSkipped", "leaseLost", "taskReturned"] as const;
    const number = pick % 16;
    if (number < 8) return { kind: "taskSucceeded", ...about };
    if (number < 12)
      return { kind: "taskFailed", ...about, failure: aFailure({ retryable: number !== 8 }) };
    return { kind: kinds[number % 4]!, ...about };
  }

  #noise(pick: number): void {
    const ix = (pick % 70) - 3;
    const about = { ix, mapIx: pick % 9 === 0 ? 0 : -1, attempt: pick % 4, at: this.now };
    const kinds = [
      "taskSucceeded",
      "leaseLost",
      "retryDue",
      "executionTimedOut",
      "taskGranted",
    ] as const;
    const kind = kinds[pick % kinds.length]!;
    // A granted task that nobody asked for is the scheduler's fault, never the network's.
    if (kind === "taskGranted" && this.run.taskState[ix] === TaskState.scheduled) return;
    this.send(pick % 11 === 0 ? { kind: "cancelForced", at: this.now } : { kind, ...about });
  }

  #remember(event: RunEvent, verdict: Verdict): void {
    for (const change of this.effects.changes) {
      const startedAt =
        change.state === TaskState.running ? this.now : (this.rows.get(change.ix)?.startedAt ?? 0);
      this.rows.set(change.ix, { ...change, startedAt });
    }
    for (const ix of this.effects.ready) this.ready.add(ix);
    this.timers.push(...this.effects.timers);
    const isOutcome =
      event.kind === "taskSucceeded" || event.kind === "taskFailed" || event.kind === "taskSkipped";
    if (!isOutcome || verdict.kind !== "OK") return;
    const key = `${event.ix}/${event.attempt}`;
    this.outcomes.set(key, (this.outcomes.get(key) ?? 0) + 1);
  }
}

function snapshot(run: Run): string {
  const { state, cancelRequested, taskState, attempt, lost, isSettled, pending } = run;
  return [state, cancelRequested, taskState, attempt, lost, isSettled, pending].join("|");
}
