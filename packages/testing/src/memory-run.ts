/** A run in one process: the engine decides, as in the scheduler; bodies run here; time is virtual. */

import type { CompiledDag, Effects, Failure, Limits, Run } from "@millrace/engine";
import {
  admit,
  clearEffects,
  createRun,
  isRunFinal,
  MillraceError,
  newEffects,
  TaskState,
  transition,
} from "@millrace/engine";
import type { Body, RunFacts } from "@millrace/sdk/spec";
import { decodeValue } from "@millrace/sdk/spec";
import type { LogLine, Outcome } from "./run-body.ts";
import { runBody } from "./run-body.ts";
import type { Recorded } from "./result.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export type MemoryRunOptions = {
  readonly dag: CompiledDag;
  readonly facts: RunFacts;
  readonly clock: VirtualClock;
  bodyOf(ix: number): Body;
  onLog(line: LogLine): void;
};

/** Runs to the end. Bodies of tasks that are ready at the same time run side by side, up to `maxActiveTasks`. */
export async function runToEnd(options: MemoryRunOptions): Promise<Recorded> {
  const life = new MemoryRun(options);
  return await life.finish();
}

type Ended = { readonly ix: number; readonly attempt: number; readonly outcome: Outcome };

class MemoryRun {
  readonly #options: MemoryRunOptions;
  readonly #run: Run;
  readonly #effects: Effects = newEffects();
  readonly #limits: Limits;
  readonly #stop = new AbortController();
  readonly #running = new Map<number, Promise<Ended>>();
  readonly #values = new Map<number, ReadonlyMap<string, Uint8Array>>();
  readonly #failures = new Map<number, Failure>();
  readonly #order: number[] = [];
  readonly #logs: LogLine[] = [];
  #ready: number[] = [];
  #failure: Failure | null = null;

  constructor(options: MemoryRunOptions) {
    const { dag, facts, clock } = options;
    this.#options = options;
    this.#run = createRun(dag, facts.logicalDate?.getTime() ?? null);
    this.#limits = {
      now: clock.now(),
      isPaused: false,
      activeRuns: 0,
      maxActiveRuns: 1,
      retryAtOf: (ix) => clock.retryAtOf(ix),
      slots: () => ({ state: "free", workers: 1, slots: dag.tasks.length }),
    };
  }

  async finish(): Promise<Recorded> {
    transition(this.#run, { kind: "runStarted", at: this.#options.clock.now() }, this.#effects);
    this.#takeEffects();
    while (!isRunFinal(this.#run)) {
      this.#startReady();
      if (this.#running.size > 0) this.#end(await Promise.race(this.#running.values()));
      else this.#skipWait();
    }
    this.#stop.abort(new DOMException("The run is over.", "AbortError"));
    return {
      run: this.#run,
      name: this.#options.facts.name,
      params: this.#options.facts.params as Readonly<Record<string, unknown>>,
      failure: this.#failure,
      failures: this.#failures,
      values: this.#values,
      order: this.#order,
      logs: this.#logs,
    };
  }

  /** In order; the first that must wait ends it, because all gates of a run in memory are the run's own. */
  #startReady(): void {
    let started = 0;
    for (const ix of this.#ready) {
      if (admit(this.#run, ix, this.#limits).length > 0) break;
      this.#start(ix);
      started += 1;
    }
    this.#ready.splice(0, started);
    this.#takeEffects();
  }

  #start(ix: number): void {
    const { dag, clock, facts, bodyOf, onLog } = this.#options;
    transition(this.#run, { kind: "taskGranted", ix, mapIx: -1, at: clock.now() }, this.#effects);
    this.#order.push(ix);
    const attempt = this.#run.attempt[ix] ?? 0;
    const work = runBody(bodyOf(ix), {
      task: dag.tasks[ix]!,
      tryNumber: attempt,
      facts,
      inputs: this.#inputsOf(ix),
      signal: this.#stop.signal,
      onLog: (line) => {
        this.#logs.push(line);
        onLog(line);
      },
    });
    this.#running.set(
      ix,
      work.then((outcome) => ({ ix, attempt, outcome })),
    );
  }

  #inputsOf(ix: number): Map<string, unknown> {
    const { dag } = this.#options;
    const inputs = new Map<string, unknown>();
    for (const input of dag.inputs[ix] ?? []) {
      const data = this.#values.get(input)?.get("return_value");
      const id = dag.taskIds[input] ?? "";
      if (data !== undefined) inputs.set(id, decodeValue(data, `the result of task "${id}"`));
    }
    return inputs;
  }

  #end({ ix, attempt, outcome }: Ended): void {
    this.#running.delete(ix);
    this.#failures.delete(ix);
    const about = { ix, mapIx: -1, attempt, at: this.#options.clock.now() };
    switch (outcome.kind) {
      case "succeeded": {
        const own: [string, Uint8Array][] =
          outcome.value === null ? [] : [["return_value", outcome.value]];
        this.#values.set(ix, new Map([...outcome.xcoms, ...own]));
        transition(this.#run, { kind: "taskSucceeded", ...about }, this.#effects);
        break;
      }
      case "skipped":
        transition(this.#run, { kind: "taskSkipped", ...about }, this.#effects);
        break;
      case "failed":
        transition(
          this.#run,
          { kind: "taskFailed", ...about, failure: outcome.failure },
          this.#effects,
        );
    }
    this.#takeEffects();
  }

  /** Nothing runs: time moves on to whatever comes next. */
  #skipWait(): void {
    const timer = this.#options.clock.next();
    if (timer === null)
      throw new MillraceError(
        "INTERNAL",
        "The run waits for nothing and is not over; this is a fault in Millrace.",
      );
    transition(this.#run, timer, this.#effects);
    this.#takeEffects();
  }

  #takeEffects(): void {
    const { changes, ready, timers, run } = this.#effects;
    for (const { ix, state, failure } of changes)
      if (failure !== null && state !== TaskState.running) this.#failures.set(ix, failure);
    this.#ready.push(...ready);
    this.#options.clock.add(timers);
    if (run !== null) this.#failure = run.failure;
    clearEffects(this.#effects);
  }
}
