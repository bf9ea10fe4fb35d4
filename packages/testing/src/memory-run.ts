/** A run in one process: the engine decides, as in the scheduler; bodies run here; time is virtual. */

import type {
  Change,
  CompiledDag,
  EpochMs,
  Failure,
  InstanceRef,
  Limits,
  Run,
  RunEvent,
  Timer,
  Verdict,
} from "@millrace/engine";
import {
  admit,
  clearEffects,
  createRun,
  instanceState,
  isFinal,
  isRunFinal,
  MillraceError,
  newEffects,
  RunState,
  slotOf,
  TaskState,
  transition,
} from "@millrace/engine";
import type { LogEntry, Outcome, RunFacts, TaskCode, Work } from "@millrace/sdk/spec";
import { failureOf, lengthAt, valueOfRun } from "@millrace/sdk/spec";
import { Flight } from "./flight.ts";
import { ReadyLine } from "./ready-line.ts";
import type { LogLine } from "./records.ts";
import { Records } from "./records.ts";
import type { TieBreak } from "./tie-break.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { workOf } from "./work.ts";

export type MemoryRunOptions = {
  readonly dag: CompiledDag;
  readonly facts: RunFacts;
  readonly start: EpochMs;
  readonly tieBreak: TieBreak;
  codeOf(run: MemoryRun, flight: Flight): TaskCode;
  onLog(line: LogLine): void;
};

type Ended = { readonly flight: Flight; readonly outcome: Outcome };
type Succeeded = Extract<Outcome, { kind: "succeeded" }>;

export class MemoryRun {
  readonly dag: CompiledDag;
  readonly facts: RunFacts;
  readonly engine: Run;
  readonly clock: VirtualClock;
  readonly records = new Records();
  readonly logs: LogLine[] = [];
  /** Numbers of tasks in the order they started, once for each attempt. */
  readonly order: number[] = [];
  readonly limits: Limits;
  failure: Failure | null = null;
  readonly #options: MemoryRunOptions;
  readonly #effects = newEffects();
  readonly #line = new ReadyLine();
  readonly #flights = new Map<string, Flight>();
  readonly #working = new Set<Flight>();
  #ended: Ended[] = [];
  #onQuiet: () => void = () => undefined;

  constructor(options: MemoryRunOptions) {
    const { dag, facts, start, tieBreak } = options;
    this.#options = options;
    this.dag = dag;
    this.facts = facts;
    const clock = new VirtualClock(start, tieBreak);
    this.clock = clock;
    this.engine = createRun(dag, {
      logicalDate: facts.logicalDate?.getTime() ?? null,
      lengthOf: (path) => {
        const length = lengthAt(valueOfRun(facts), path);
        return length < 0 ? null : length;
      },
    });
    this.limits = {
      get now() {
        return clock.now;
      },
      isPaused: false,
      activeRuns: 0,
      maxActiveRuns: 1,
      waitUntilOf: (ref) => this.records.peek(ref).waitUntil,
      slots: () => ({ state: "free", workers: 1, slots: dag.spec.maxActiveTasks }),
    };
  }

  /** Goes on until the run is final. */
  async finish(): Promise<void> {
    for (;;) {
      await this.#doWhatIsDue();
      if (isRunFinal(this.engine)) return;
      if (this.clock.nextAt() === null)
        throw new MillraceError(
          "INTERNAL",
          "The run waits for nothing and is not over; this is a fault in Millrace.",
        );
      this.clock.step();
    }
  }

  /** Goes on until that moment, what happens in it included. */
  async advanceTo(time: EpochMs): Promise<void> {
    for (;;) {
      await this.#doWhatIsDue();
      const next = this.clock.nextAt();
      if (next === null || next > time) break;
      this.clock.step();
    }
    this.clock.moveTo(time);
  }

  /**
   * Applies an event, and does what follows from it.
   *
   * @param succeeded what the body left, when the event tells of its success.
   * @param onChange told of each change.
   */
  apply(
    event: RunEvent,
    succeeded: Succeeded | null = null,
    onChange: (change: Change) => void = () => undefined,
  ): Verdict {
    const effects = this.#effects;
    const verdict = transition(this.engine, event, effects);
    for (const { ix, mapIx, attempt } of effects.stop) {
      const flight = this.#flights.get(keyOf({ ix, mapIx }));
      if (flight?.attemptNumber === attempt) flight.stop("cancelled");
    }
    for (const change of effects.changes) {
      this.#record(change, event, succeeded);
      onChange(change);
    }
    for (const span of effects.ready)
      this.#line.add(span, this.dag.tasks[span.ix]!.priorityWeight, this.clock.now);
    for (const timer of effects.timers) this.clock.at(timer.at, () => this.#bringBack(timer));
    if (effects.run !== null) this.failure = effects.run.failure;
    clearEffects(effects);
    return verdict;
  }

  /** Does everything that can be done at this moment: when it is done, all bodies that run rest. */
  async #doWhatIsDue(): Promise<void> {
    if (this.engine.state === RunState.queued)
      this.apply({ kind: "runStarted", at: this.clock.now });
    do this.#startReady();
    while (await this.#takeEnded());
  }

  /** In order; the first that must wait ends it, because all gates of a run in memory are the run's own. */
  #startReady(): void {
    for (let ref = this.#line.first; ref !== null; ref = this.#line.first) {
      const isReady = instanceState(this.engine, ref.ix, ref.mapIx) === TaskState.scheduled;
      if (isReady && admit(this.engine, ref, this.limits).length > 0) return;
      this.#line.removeFirst();
      if (isReady) this.#start(ref);
    }
  }

  #start(ref: InstanceRef): void {
    const { clock, records } = this;
    this.apply({ kind: "taskGranted", ...ref, at: clock.now });
    this.order.push(ref.ix);
    const record = records.of(ref);
    if (record.firstAttempt === 0) record.startedAt = clock.now;
    let work: Work;
    try {
      const from = { run: this.engine, facts: this.facts, records };
      work = workOf(from, ref, clock.now);
    } catch (error) {
      this.#refuse(ref, error);
      return;
    }
    const flight = new Flight({
      ref,
      serial: this.order.length,
      work,
      timeoutMs: this.dag.tasks[ref.ix]!.executionTimeoutMs,
      clock,
      codeOf: (one) => this.#options.codeOf(this, one),
      onLog: (entry) => this.#log(ref, work.tryNumber, entry),
      onWorking: (one, isWorking) => this.#setWorking(one, isWorking),
      onEnd: (one, outcome) => {
        this.#ended.push({ flight: one, outcome });
        this.#setWorking(one, false);
      },
    });
    this.#flights.set(keyOf(ref), flight);
    flight.start();
  }

  /** It cannot be given what it needs; no worker would hear of it. */
  #refuse({ ix, mapIx }: InstanceRef, error: unknown): void {
    const attempt = this.engine.instances.attempt[slotOf(this.engine, ix, mapIx)] ?? 0;
    const failure = { ...failureOf(error, "setup", false), type: "InputInvalid", stack: "" };
    const about = { ix, mapIx, attempt, at: this.clock.now };
    this.apply({ kind: "taskFailed", ...about, failure });
  }

  #setWorking(flight: Flight, isWorking: boolean): void {
    if (isWorking) this.#working.add(flight);
    else {
      this.#working.delete(flight);
      this.#onQuiet();
    }
  }

  /** Waits until bodies have ended or all rest. False when none has ended. */
  async #takeEnded(): Promise<boolean> {
    while (this.#working.size > 0 && this.#ended.length === 0)
      await new Promise<void>((resolve) => (this.#onQuiet = resolve));
    if (this.#ended.length === 0) return false;
    // Bodies that waited for nothing real end together, whatever their number of steps.
    await new Promise((resolve) => nextTurn(resolve));
    const ended = this.#ended.toSorted((one, other) => one.flight.serial - other.flight.serial);
    this.#ended = [];
    for (const one of this.#options.tieBreak.sort(ended)) this.#end(one);
    return true;
  }

  #end({ flight, outcome }: Ended): void {
    const { ref } = flight;
    if (this.#flights.get(keyOf(ref)) === flight) this.#flights.delete(keyOf(ref));
    const about = { ...ref, attempt: flight.attemptNumber, at: this.clock.now };
    switch (outcome.kind) {
      case "succeeded": {
        const { value, lengths, choice } = outcome;
        const hasValue = value !== null;
        this.apply({ kind: "taskSucceeded", ...about, hasValue, lengths, choice }, outcome);
        break;
      }
      case "failed":
        this.apply({ kind: "taskFailed", ...about, failure: outcome.failure });
        break;
      case "skipped":
        this.apply({ kind: "taskSkipped", ...about });
        break;
      case "rescheduled":
        this.apply({ kind: "taskRescheduled", ...about, until: about.at + outcome.afterMs });
        break;
      case "returned":
        this.apply({ kind: "taskReturned", ...about });
    }
  }

  #bringBack({ kind, ix, mapIx, attempt }: Timer): void {
    const at = this.clock.now;
    if (kind === "dagrunTimedOut" || kind === "cancelForced") this.apply({ kind, at });
    else this.apply({ kind, ix, mapIx, attempt, at });
  }

  #record(change: Change, event: RunEvent, succeeded: Succeeded | null): void {
    const { state, attempt } = change;
    const record = this.records.of(change);
    record.failure = change.failure;
    record.waitUntil = change.waitUntil;
    if (state === TaskState.up_for_reschedule) record.firstAttempt ||= attempt;
    else if (state !== TaskState.running) record.firstAttempt = 0;
    // What attempts before have left counts no more once there is a new one, or the outcome is another.
    if (state === TaskState.running || state === TaskState.none || isFinal(state)) {
      record.out = null;
      record.label = null;
    }
    if (state === TaskState.running || state === TaskState.none) record.xcoms = {};
    const isOwn = "ix" in event && event.ix === change.ix && event.mapIx === change.mapIx;
    if (succeeded === null || !isOwn || state !== TaskState.success) return;
    record.out = succeeded.value;
    record.xcoms = succeeded.xcoms;
    record.label = succeeded.mapIndexLabel === "" ? null : succeeded.mapIndexLabel;
  }

  #log({ ix, mapIx }: InstanceRef, tryNumber: number, entry: LogEntry): void {
    const { level, message, fieldsJson } = entry;
    const line: LogLine = {
      taskId: this.dag.taskIds[ix]!,
      mapIndex: mapIx < 0 ? null : mapIx,
      tryNumber,
      level,
      message,
      fields: fieldsJson === "" ? {} : (JSON.parse(fieldsJson) as LogLine["fields"]),
    };
    this.logs.push(line);
    this.records.of({ ix, mapIx }).logs.push(line);
    this.#options.onLog(line);
  }
}

/** Taken at once: a test may put a false one in its place. */
const nextTurn = setImmediate;

function keyOf({ ix, mapIx }: InstanceRef): string {
  return `${ix}/${mapIx}`;
}
