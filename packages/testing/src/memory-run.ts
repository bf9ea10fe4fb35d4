/** A run in one process: the engine decides, as in the scheduler; bodies run here; time is virtual. */

import type {
  CallbackSpec,
  Change,
  CompiledDag,
  EpochMs,
  Failure,
  InstanceRef,
  Limits,
  ReasonKind,
  Run,
  RunEvent,
  Timer,
  Verdict,
} from "@millrace/engine";
import {
  admit,
  callbacksOf,
  callbacksOfRun,
  clearEffects,
  createRun,
  instanceState,
  isFinal,
  isMapped,
  isRunFinal,
  isWaitState,
  keepsDeferral,
  instanceCount,
  newEffects,
  nothingElse,
  RunState,
  runStateName,
  slotOf,
  TaskState,
  transition,
} from "@millrace/engine";
import type {
  Answer,
  Ask,
  LogEntry,
  Outcome,
  RunFacts,
  TaskCode,
  TriggerRequest,
  Work,
} from "@millrace/sdk/spec";
import { failureOf, lengthAt, valueOfRun } from "@millrace/sdk/spec";
import { eventsAsked, eventsMade, type GivenEvents, type MadeAssetEvent } from "./asset-events.ts";
import type { Delivery } from "./deliveries.ts";
import { setDeadlines, type Deadline } from "./deadlines.ts";
import { Deliveries } from "./deliveries.ts";
import type { FlightOutcome } from "./flight.ts";
import { Flight } from "./flight.ts";
import { nobodyAnswers } from "./nobody-answers.ts";
import { ReadyLine } from "./ready-line.ts";
import type { LogLine } from "./records.ts";
import { Records } from "./records.ts";
import { pullFrom } from "./pull.ts";
import type { TieBreak } from "./tie-break.ts";
import type { TriggeredResult } from "./triggered-result.ts";
import { VirtualClock } from "./virtual-clock.ts";
import type { DeferralOrder } from "./waits.ts";
import { answerOfTime, deferralFor } from "./waits.ts";
import { workOf } from "./work.ts";

/** Limits that hold the instances of one task, and no others. */
const ownLimits: ReadonlySet<ReasonKind> = new Set(["max_active_tis", "max_active_tis_per_run"]);

export type MemoryRunOptions = {
  readonly dag: CompiledDag;
  readonly facts: RunFacts;
  readonly start: EpochMs;
  readonly tieBreak: TieBreak;
  codeOf(run: MemoryRun, flight: Flight): TaskCode;
  /** Null for a callback that nothing in this process stands for. */
  codeOfCallback(callback: CallbackSpec): TaskCode | null;
  readonly runsCallbacks: boolean;
  readonly triggered: RunsOfOthers;
  readonly assetEvents: GivenEvents;
  /** Told when an instance has begun to wait. */
  onWait(run: MemoryRun, ref: InstanceRef): void;
  onLog(line: LogLine): void;
};

type Ended = { readonly flight: Flight; readonly outcome: FlightOutcome };
/** What a body left, or what came for one that waited. */
type Left = Pick<Extract<Outcome, { kind: "succeeded" }>, "value" | "mapIndexLabel">;

/** Whose a task token is. */
export type TokenOwner = { readonly ref: InstanceRef; readonly attempt: number };

/** In the place of a server for bodies that want runs of other DAGs. */
export type RunsOfOthers = {
  readonly all: readonly TriggeredResult[];
  answer(run: MemoryRun, request: TriggerRequest, owner: TokenOwner): Promise<Answer>;
  /** An instance has begun to wait: where that is for such a run, it ends when that has. */
  onWait(run: MemoryRun, ref: InstanceRef): void;
};

export class MemoryRun {
  readonly dag: CompiledDag;
  readonly facts: RunFacts;
  readonly engine: Run;
  readonly clock: VirtualClock;
  readonly records = new Records();
  readonly logs: LogLine[] = [];
  /** That successes made, in that order. */
  readonly assetEvents: MadeAssetEvent[] = [];
  /** Numbers of tasks in the order they started, once for each attempt. */
  readonly order: number[] = [];
  readonly limits: Limits;
  /** By the token's text. */
  readonly tokens = new Map<string, TokenOwner>();
  readonly deliveries: Deliveries;
  readonly triggered: RunsOfOthers;
  failure: Failure | null = null;
  /** Null until the run has begun. */
  deadlines: Deadline[] | null = null;
  readonly #options: MemoryRunOptions;
  readonly #effects = newEffects();
  readonly #line = new ReadyLine();
  readonly #flights = new Map<string, Flight>();
  /** Bodies and callbacks: virtual time stands still while there are any. */
  readonly #working = new Set<object>();
  #ended: Ended[] = [];
  /** How often the run has ended. */
  #ends = 0;
  #onQuiet: () => void = () => undefined;

  constructor(options: MemoryRunOptions) {
    const { dag, facts, start, tieBreak } = options;
    this.#options = options;
    this.dag = dag;
    this.triggered = options.triggered;
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
      ...nothingElse,
      activeTis: (taskId) => this.engine.occupied?.[dag.ixOf.get(taskId)!] ?? 0,
      waitUntilOf: (ref) => this.records.peek(ref).waitUntil,
      triggererOf: () => "the test",
      externalOf: () => null,
      // There is no run before.
      pastOf: () => null,
      slots: () => ({ state: "free", workers: 1, slots: dag.spec.maxActiveTasks }),
    };
    this.deliveries = new Deliveries({
      ...{ facts, clock, areRun: options.runsCallbacks },
      codeOf: (callback) => options.codeOfCallback(callback),
      ask: async (ask, attemptId) => this.#answer(ask, attemptId, null),
      onLog: (delivery, entry) => this.#logOfCallback(delivery, entry),
      runState: () => runStateName(this.engine.state),
      hold: (work) => this.#hold(work),
    });
  }

  /** Goes on until the run is final, and its callbacks are delivered. */
  async finish(): Promise<void> {
    for (;;) {
      await this.#doWhatIsDue();
      if (isRunFinal(this.engine) && !this.deliveries.isAnyOpen) return;
      if (this.clock.nextAt() === null)
        throw nobodyAnswers({ run: this.engine, records: this.records });
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
   * @param left what the body left, when the event tells of its success; or what came, when it ends a wait.
   * @param onChange told of each change.
   */
  apply(
    event: RunEvent,
    left: Left | null = null,
    onChange: (change: Change) => void = () => undefined,
  ): Verdict {
    const effects = this.#effects;
    const verdict = transition(this.engine, event, effects);
    for (const { ix, mapIx, attempt } of effects.stop) {
      const flight = this.#flights.get(keyOf({ ix, mapIx }));
      if (flight?.attemptNumber === attempt) flight.stop("cancelled");
    }
    for (const change of effects.changes) {
      this.#record(change, event, left);
      this.#callBack(change, event);
      onChange(change);
    }
    for (const span of effects.ready)
      this.#line.add(span, this.dag.weights[span.ix]!, this.clock.now);
    for (const timer of effects.timers) this.clock.at(timer.at, () => this.#bringBack(timer));
    if (effects.run !== null) {
      this.failure = effects.run.failure;
      if (isRunFinal(this.engine)) this.#ends += 1;
      const due = callbacksOfRun(this.engine, event, effects.run);
      const about = { task: null, tryNumber: this.#ends, failure: this.failure, deadline: null };
      this.deliveries.add(due, about);
    }
    clearEffects(effects);
    return verdict;
  }

  /** Does everything that can be done at this moment: when it is done, all bodies that run rest. */
  async #doWhatIsDue(): Promise<void> {
    if (this.engine.state === RunState.queued) {
      this.deadlines ??= setDeadlines(
        { dag: this.dag, logicalDate: this.engine.facts.logicalDate },
        this,
      );
      this.apply({ kind: "runStarted", at: this.clock.now });
    }
    do this.#startReady();
    while (await this.#takeEnded());
  }

  /** In order; the first that must wait ends it, unless what holds it is a limit of its own. */
  #startReady(): void {
    const aside: (() => void)[] = [];
    for (let ref = this.#line.first; ref !== null; ref = this.#line.first) {
      const isReady = instanceState(this.engine, ref.ix, ref.mapIx) === TaskState.scheduled;
      const reasons = isReady ? admit(this.engine, ref, this.limits) : [];
      if (reasons.some(({ kind }) => !ownLimits.has(kind))) break;
      if (reasons.length > 0) {
        aside.push(this.#line.setFirstAside());
        continue;
      }
      this.#line.removeFirst();
      if (isReady) this.#start(ref);
    }
    for (const bringBack of aside) bringBack();
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
      ask: async (one, ask) =>
        this.#answer(ask, work.attemptId, { ref, attempt: one.attemptNumber }),
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

  #hold(work: Promise<void>): void {
    const token = {};
    this.#working.add(token);
    void work.finally(() => {
      this.#working.delete(token);
      this.#onQuiet();
    });
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
    const left = outcome.kind === "succeeded" ? outcome : null;
    const verdict = this.apply(this.#eventOf(about, outcome), left);
    if (verdict.kind !== "OK" || outcome.kind === "lost") return;
    const record = this.records.of(ref);
    record.xcoms = { ...record.xcoms, ...flight.xcoms };
    if (instanceState(this.engine, ref.ix, ref.mapIx) === TaskState.success && left !== null)
      this.assetEvents.push(
        ...eventsMade(this.dag.tasks[ref.ix]!, ref.mapIx, left, this.facts.partitionKey),
      );
    if (outcome.kind === "deferred") this.#beginWait(ref, about.attempt, outcome.deferral);
  }

  #eventOf(
    about: InstanceRef & { readonly attempt: number; readonly at: EpochMs },
    outcome: FlightOutcome,
  ): RunEvent {
    switch (outcome.kind) {
      case "succeeded": {
        const { value, lengths, choice } = outcome;
        return { kind: "taskSucceeded", ...about, hasValue: value !== null, lengths, choice };
      }
      case "failed":
        return { kind: "taskFailed", ...about, failure: outcome.failure };
      case "skipped":
        return { kind: "taskSkipped", ...about };
      case "rescheduled":
        return { kind: "taskRescheduled", ...about, until: about.at + outcome.afterMs };
      case "deferred": {
        const isMeasured = this.dag.measures[about.ix]!.length > 0;
        const deferral = deferralFor(outcome.deferral, isMeasured, about.at);
        return { kind: "taskDeferred", ...about, deferral };
      }
      case "returned":
        return { kind: "taskReturned", ...about };
      case "lost":
        return { kind: "leaseLost", ...about };
    }
  }

  #beginWait(ref: InstanceRef, attempt: number, order: DeferralOrder): void {
    if (!isWaitState(instanceState(this.engine, ref.ix, ref.mapIx))) return;
    this.records.of(ref).wait = { order, attempt, event: null };
    this.#options.onWait(this, ref);
  }

  /** In the place of a server. */
  async #answer(ask: Ask, attemptId: string, owner: TokenOwner | null): Promise<Answer> {
    if (ask.kind === "asset_events") {
      const task = owner === null ? undefined : this.dag.tasks[owner.ref.ix];
      const start = new Date(this.#options.start);
      return eventsAsked(this.#options.assetEvents, task ?? { inlets: [] }, ask.request, start);
    }
    if (ask.kind === "token") {
      if (owner !== null) this.tokens.set(attemptId, owner);
      return { kind: "token", token: attemptId };
    }
    if (ask.kind === "trigger") {
      if (owner !== null) return this.triggered.answer(this, ask.request, owner);
      const message = "A callback makes no runs: triggerDag is for tasks.";
      return { kind: "refused", reason: "WRONG_PLACE", message };
    }
    return pullFrom({ run: this.engine, facts: this.facts, records: this.records }, ask.request);
  }

  #bringBack({ kind, ix, mapIx, attempt }: Timer): void {
    const at = this.clock.now;
    if (kind === "dagrunTimedOut" || kind === "cancelForced") this.apply({ kind, at });
    else this.apply({ kind, ix, mapIx, attempt, at }, this.#broughtBy(kind, { ix, mapIx }));
  }

  /** The answer that time gives, where a form has one. */
  #broughtBy(kind: Timer["kind"], ref: InstanceRef): Left | null {
    const { wait } = this.records.peek(ref);
    if (kind !== "waitTimedOut" || wait === null) return null;
    return { value: answerOfTime(wait.order, this.clock.now), mapIndexLabel: "" };
  }

  #callBack(change: Change, event: RunEvent): void {
    const due = callbacksOf(this.engine, event, change);
    if (due.length === 0) return;
    const { ix, mapIx, attempt, failure } = change;
    const mapLength = isMapped(this.engine, ix) ? Math.max(0, instanceCount(this.engine, ix)) : 0;
    const task = { id: this.dag.taskIds[ix]!, mapIx, mapLength };
    this.deliveries.add(due, { task, tryNumber: attempt, failure, deadline: null });
  }

  #record(change: Change, event: RunEvent, left: Left | null): void {
    const { state, attempt } = change;
    const record = this.records.of(change);
    record.failure = change.failure;
    record.waitUntil = change.waitUntil;
    if (!keepsDeferral(change)) record.wait = null;
    const isSameTry = record.wait !== null || isWaitState(state);
    if (state === TaskState.up_for_reschedule || isSameTry) record.firstAttempt ||= attempt;
    else if (state !== TaskState.running) record.firstAttempt = 0;
    // What attempts before have left counts no more once there is a new one, or the outcome is another.
    if (state === TaskState.running || state === TaskState.none || isFinal(state)) {
      record.out = null;
      record.label = null;
    }
    const isNewTry = state === TaskState.running && record.wait === null;
    if (isNewTry || state === TaskState.none) record.xcoms = {};
    const isOwn = "ix" in event && event.ix === change.ix && event.mapIx === change.mapIx;
    if (left === null || !isOwn) return;
    if (state === TaskState.scheduled && record.wait !== null) record.wait.event = left.value;
    if (state !== TaskState.success) return;
    record.out = left.value;
    record.label = left.mapIndexLabel === "" ? null : left.mapIndexLabel;
  }

  #logOfCallback({ task, tryNumber, logs }: Delivery, entry: LogEntry): void {
    logs.push(entry);
    this.#options.onLog(lineOf(task?.id ?? "", task?.mapIx ?? -1, tryNumber, entry));
  }

  #log({ ix, mapIx }: InstanceRef, tryNumber: number, entry: LogEntry): void {
    const line = lineOf(this.dag.taskIds[ix]!, mapIx, tryNumber, entry);
    this.logs.push(line);
    this.records.of({ ix, mapIx }).logs.push(line);
    this.#options.onLog(line);
  }
}

function lineOf(taskId: string, mapIx: number, tryNumber: number, entry: LogEntry): LogLine {
  const { level, message, fieldsJson } = entry;
  const fields = fieldsJson === "" ? {} : (JSON.parse(fieldsJson) as LogLine["fields"]);
  return { taskId, mapIndex: mapIx < 0 ? null : mapIx, tryNumber, level, message, fields };
}

/** Taken at once: a test may put a false one in its place. */
const nextTurn = setImmediate;

function keyOf({ ix, mapIx }: InstanceRef): string {
  return `${ix}/${mapIx}`;
}
