/** For tests: random events for a run, those of people included; most of them sensible, the rest late, repeated or about nothing. */

import * as fc from "fast-check";
import { eachInstance, stateAt } from "../run/instances.ts";
import type { InstanceRef, RunEvent, Timer } from "../run/run.ts";
import { isRunFinal } from "../run/run.ts";
import { RunState, TaskState } from "../spec/states.ts";
import { aFailure } from "../testing.ts";
import { deferred, waitEvent } from "./reference/random-waits.ts";
import type { ToldRun } from "./told-run.ts";

/** Numbers that `RandomRun.step` turns into events. */
export type Choice = { readonly kind: number; readonly pick: number };

export function choicesOf(maxLength: number): fc.Arbitrary<Choice[]> {
  const choice = fc.record({ kind: fc.nat(99), pick: fc.nat(0xffff) });
  return fc.array(choice, { maxLength, size: "max" });
}

export class RandomRun {
  readonly told: ToldRun;
  readonly grants: (InstanceRef & { readonly attempt: number })[] = [];
  readonly timers: Timer[] = [];
  readonly history: RunEvent[] = [];

  constructor(told: ToldRun) {
    this.told = told;
  }

  step({ kind, pick }: Choice): void {
    const { told } = this;
    told.at += 1;
    const { at } = told;
    if (kind < 8) this.send({ kind: "runStarted", at });
    else if (kind < 40) this.#grant(pick);
    else if (kind < 68) this.#report(pick);
    else if (kind < 75) this.#aboutWait(pick);
    else if (kind < 82) this.#fire(pick);
    else if (kind < 90) this.send({ kind: "cleared", refs: this.#some(pick), at });
    else if (kind < 94) this.#mark(pick);
    else if (kind === 95 && pick % 4 === 0) this.#markRun(pick);
    else if (kind === 96 && pick % 4 === 0) this.send({ kind: "cancelRequested", at });
    else if (kind === 97)
      this.send({ kind: pick % 2 === 0 ? "cancelForced" : "dagrunTimedOut", at });
    else if (this.history.length > 0) this.send(this.history[pick % this.history.length]!);
  }

  /** Ends the run: nothing more goes wrong, and nobody interferes. */
  toEnd(picks: Iterator<number>): void {
    this.send({ kind: "runStarted", at: this.told.at });
    for (let steps = 0; !isRunFinal(this.told.run); steps += 1) {
      if (steps > 5000) throw new Error("the run does not end");
      this.told.at += 300_000;
      const pick = picks.next().value as number;
      this.#grant(pick);
      const open = this.refs(TaskState.running, TaskState.restarting);
      const ref = open[pick % Math.max(1, open.length)];
      if (ref) this.#end(ref, pick);
      const waiting = this.refs(TaskState.up_for_retry, TaskState.up_for_reschedule);
      const late = waiting[pick % Math.max(1, waiting.length)];
      if (late) this.send({ kind: "waitDue", ...this.#about(late) });
      for (const awaited of this.refs(TaskState.deferred, TaskState.awaiting_input))
        this.send(waitEvent(this.#about(awaited), pick, this.told.at, "waitFulfilled"));
    }
  }

  refs(...states: TaskState[]): InstanceRef[] {
    const found: InstanceRef[] = [];
    eachInstance(this.told.run, (slot, ix, mapIx) => {
      if (states.includes(stateAt(this.told.run, slot))) found.push({ ix, mapIx });
    });
    return found;
  }

  send(event: RunEvent): void {
    const { told } = this;
    const verdict = told.send(event);
    const { changes } = told.effects;
    // The engine leaves the choice to the flush, which writes as much at a time as it likes.
    if (changes.length > 1) told.checkCut(1 + (this.history.length % (changes.length - 1)));
    this.history.push(event);
    this.timers.push(...told.effects.timers);
    if (event.kind === "taskGranted" && verdict.kind === "OK")
      this.grants.push(told.effects.changes[0]!);
  }

  #grant(pick: number): void {
    const ready = this.refs(TaskState.scheduled);
    const ref = ready[pick % Math.max(1, ready.length)];
    if (ref) this.send({ kind: "taskGranted", ...ref, at: this.told.at });
  }

  #report(pick: number): void {
    const { grants } = this;
    // Newer attempts more often than those that are long over.
    const reach = pick % 4 === 0 ? grants.length : Math.min(6, grants.length);
    const grant = grants.at(-1 - (pick % Math.max(1, reach)));
    if (!grant) return;
    const about = { ix: grant.ix, mapIx: grant.mapIx, attempt: grant.attempt, at: this.told.at };
    const way = (pick >> 4) % 16;
    if (way < 8) this.send(this.#success(about, pick));
    else if (way < 11)
      this.send({ kind: "taskFailed", ...about, failure: aFailure({ retryable: way > 8 }) });
    else if (way === 11) this.send({ kind: "taskSkipped", ...about });
    else if (way === 12) this.send({ kind: "taskRescheduled", ...about, until: about.at + 10 });
    else if (way === 15 && pick % 2 === 0) this.send(deferred(about, pick, about.at));
    else this.send({ kind: way === 13 ? "taskReturned" : "leaseLost", ...about });
  }

  #aboutWait(pick: number): void {
    const waiting = this.refs(TaskState.deferred, TaskState.awaiting_input);
    const ref = waiting[pick % Math.max(1, waiting.length)];
    if (ref) this.send(waitEvent(this.#about(ref), pick, this.told.at));
    else this.#report(pick | 0xf0);
  }

  #end(ref: InstanceRef, pick: number): void {
    const about = this.#about(ref);
    if (pick % 7 === 0) this.send({ kind: "taskFailed", ...about, failure: aFailure() });
    else this.send(this.#success(about, pick));
  }

  #success(about: Omit<Timer, "kind">, pick: number): RunEvent {
    const { control, cases } = this.told.dag.tasks[about.ix]!;
    const names = cases.map(({ name }) => name).filter((_, at) => (pick >> at) % 2 === 0);
    const choices = {
      none: null,
      branch: names,
      short_circuit: pick % 2 === 0 ? ["continue"] : [],
    };
    const lengths = this.told.dag.measures[about.ix]!.map((_, at) => (pick >> at) % 4);
    return {
      ...{ kind: "taskSucceeded", ...about, hasValue: pick % 9 !== 0 },
      ...{ lengths, choice: choices[control] },
    };
  }

  #fire(pick: number): void {
    const timer = this.timers[pick % Math.max(1, this.timers.length)];
    if (timer) this.send({ ...timer, at: this.told.at });
  }

  #mark(pick: number): void {
    const states = [TaskState.success, TaskState.failed, TaskState.skipped] as const;
    const refs = this.#some(pick >> 2);
    this.send({ kind: "marked", refs, state: states[pick % 3]!, at: this.told.at });
  }

  #markRun(pick: number): void {
    const state = pick % 8 === 0 ? RunState.success : RunState.failed;
    this.send({ kind: "runMarked", state, at: this.told.at });
  }

  #some(pick: number): InstanceRef[] {
    const all = this.refs(...Object.values(TaskState));
    if (pick % 16 === 0) return all;
    const { tasks } = this.told.dag;
    const named = all[pick % Math.max(1, all.length)] ?? { ix: 0, mapIx: -1 };
    // A whole task, a neighbour, or something that is not there.
    if (pick % 3 === 0) return all.filter(({ ix }) => ix === named.ix);
    return [named, { ix: (pick >> 3) % (tasks.length + 1), mapIx: -1 }];
  }

  #about(ref: InstanceRef) {
    return this.told.about(this.told.dag.taskIds[ref.ix]!, ref.mapIx);
  }
}
