/** Brings steps into the database, paced by commits: an idle lane takes everything that waits, in one statement. */

import {
  newFlushBatch,
  type FlushAnswer,
  type FlushBatch,
  type Lane,
  type ShardFence,
} from "@millrace/db";
import { isMillraceError, type InstanceRef } from "@millrace/engine";
import type { Logger } from "@millrace/service";
import type { Clock } from "../clock.ts";
import { instanceKey } from "../runs/instance-key.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { SchedulerSettings } from "../settings.ts";
import { appendStep, hasEvent, isFinalState, newStep, rowsOfStep, type Step } from "./step.ts";

/** Why steps were not written, or are not known to be. What memory says of their runs is worth nothing then. */
export type FlushFailure =
  /** Another node owns one of the shards. */
  | { readonly kind: "fenced" }
  /** The database could not be reached, or was too busy. */
  | { readonly kind: "unavailable"; readonly error: unknown }
  /** The database refused this run's rows, and would again. */
  | { readonly kind: "refused"; readonly error: unknown }
  /** Some rows were not as memory had them; the others are written. */
  | { readonly kind: "diverged" };

/** What whoever waits for a step gets when it fails: ask again. */
export class StepFailed extends Error {
  constructor(failure: FlushFailure["kind"]) {
    super(`A flush failed (${failure}); ask again.`);
    this.name = "StepFailed";
  }
}

export type FlushLoopOptions = {
  readonly settings: SchedulerSettings;
  readonly log: Logger;
  readonly clock: Clock;
  readonly lanes: readonly Lane[];
  flush(lane: Lane, batch: FlushBatch): Promise<FlushAnswer>;
  /** Called before a flush is put together: what can still go with it should be added now. */
  onLeaving(): void;
  /** Slots have just been asked for: what they are granted to could go with the flush that is about to leave. */
  isAwaitingSlots(): boolean;
  /** Null once the shard is owned no more. */
  fenceOf(shard: number): ShardFence | null;
  onWritten(steps: readonly Step[]): void;
  onFailed(steps: readonly Step[], failure: FlushFailure): void;
  /** A flush has made events of assets that these DAGs wait for. */
  onAssetEvents(consumers: readonly string[]): void;
};

export type FlushLoop = {
  /** The step that takes a change of this task instance; null for a change of the run alone. Kicks the lane. */
  stepFor(run: ActiveRun, ref: InstanceRef | null): Step;
  /**
   * Task instances that one event changes: a flush writes all of them or none, as long as it is large enough. Where one
   * of them waits to be written already, the next step takes them all.
   */
  keepTogether(run: ActiveRun, refs: readonly InstanceRef[]): void;
  /** The step that opens a final run again: the one that ends it must be written before. */
  stepForReopening(run: ActiveRun): Step;
  /** Counts the task instances for the step that ends a run, if that waits: something happens to the run again. */
  countEnd(run: ActiveRun): Step | null;
  /** The run's last step that is waiting or on its way; null when everything is written. */
  lastStep(run: ActiveRun): Step | null;
  /** Something of the run waits that is not on its way yet. */
  hasWaiting(run: ActiveRun): boolean;
  /** Whether a change of this task instance, or for null of any of the run's, is not known to be written yet. */
  isUnwritten(run: ActiveRun, ref: InstanceRef | null): boolean;
  /** Drops what waits of a run, and answers it: the run has left memory. */
  forget(run: ActiveRun): readonly Step[];
  /** Task instance changes that wait. */
  readonly pendingRows: number;
  /** Resolves once nothing waits or is on its way. */
  idle(): Promise<void>;
};

type LaneState = {
  readonly lane: Lane;
  /** Runs in the order of their turns, each with its steps. */
  readonly waiting: Map<ActiveRun, Step[]>;
  inFlight: readonly Step[];
  isKicked: boolean;
};

/** A shard's steps always go through the same lane, so that no two flushes carry changes of one run at a time. */
export function createFlushLoop(options: FlushLoopOptions): FlushLoop {
  const { settings, clock } = options;
  const lanes = options.lanes.map((lane): LaneState => ({
    lane,
    waiting: new Map(),
    inFlight: [],
    isKicked: false,
  }));
  let pendingRows = 0;
  let idleWaiters: (() => void)[] = [];

  function laneOf(run: ActiveRun): LaneState {
    const lane = lanes[run.shard % lanes.length];
    if (lane === undefined) throw new Error("The database has no lanes.");
    return lane;
  }

  function kick(lane: LaneState): void {
    if (lane.isKicked || lane.inFlight.length > 0) return;
    lane.isKicked = true;
    leaveSoon(lane, 0);
  }

  /** After everything that arrived in this turn of the event loop, and slots that are a turn or two away. */
  function leaveSoon(lane: LaneState, turns: number): void {
    setImmediate(() => {
      options.onLeaving();
      if (turns < settings.slotTurnsMax && options.isAwaitingSlots())
        return leaveSoon(lane, turns + 1);
      lane.isKicked = false;
      void drain(lane);
    });
  }

  async function drain(lane: LaneState): Promise<void> {
    if (lane.inFlight.length > 0) return;
    for (let steps = take(lane); steps.length > 0; steps = take(lane)) {
      lane.inFlight = steps;
      await send(lane, steps);
      lane.inFlight = [];
    }
    if (lanes.every((each) => each.waiting.size === 0 && each.inFlight.length === 0)) {
      for (const resolve of idleWaiters.splice(0)) resolve();
    }
  }

  function waitingOf(run: ActiveRun): Step[] {
    const lane = laneOf(run);
    let steps = lane.waiting.get(run);
    if (steps === undefined) {
      steps = [];
      lane.waiting.set(run, steps);
    }
    kick(lane);
    return steps;
  }

  function addStep(run: ActiveRun, steps: Step[]): Step {
    const step = newStep(run);
    steps.push(step);
    return step;
  }

  function hasRoomFor({ records }: Step, ref: InstanceRef): boolean {
    return records.size < settings.flushRowsMax && !records.has(instanceKey(ref));
  }

  function take(lane: LaneState): Step[] {
    options.onLeaving();
    const taken: Step[] = [];
    const again: [ActiveRun, Step[]][] = [];
    let rows = 0;
    for (const [run, steps] of lane.waiting) {
      if (rows >= settings.flushRowsMax) break;
      lane.waiting.delete(run);
      const step = steps.shift();
      if (step === undefined) continue;
      // Its next step waits for the next flush, behind the others.
      if (steps.length > 0) again.push([run, steps]);
      pendingRows -= step.records.size;
      if (options.fenceOf(run.shard) === null) {
        step.done.reject(new StepFailed("fenced"));
        continue;
      }
      taken.push(step);
      rows += rowsOfStep(step);
    }
    for (const [run, steps] of again) lane.waiting.set(run, steps);
    return taken;
  }

  async function send(lane: LaneState, steps: readonly Step[]): Promise<void> {
    try {
      const answer = await options.flush(lane.lane, batchOf(steps));
      if (answer.kind === "written" && answer.consumers !== undefined)
        options.onAssetEvents(answer.consumers);
      if (answer.kind === "fenced") fail(steps, { kind: "fenced" });
      else if (answer.missed === null) succeed(steps);
      else split(steps, answer.missed);
    } catch (error) {
      if (isMillraceError(error) && error.reason === "UNAVAILABLE") {
        fail(steps, { kind: "unavailable", error });
      } else if (steps.length === 1) {
        fail(steps, { kind: "refused", error });
      } else {
        // One run's rows break a rule of the tables; the others must not suffer for it.
        for (const step of steps) await send(lane, [step]);
      }
    }
  }

  function batchOf(steps: readonly Step[]): FlushBatch {
    const batch = newFlushBatch();
    const shards = new Set<number>();
    const now = clock.monotonicMs();
    for (const step of steps) {
      const { run } = step;
      if (!shards.has(run.shard)) {
        shards.add(run.shard);
        const fence = options.fenceOf(run.shard);
        // Lost since it was taken: an epoch that nobody has makes the flush answer so.
        batch.shards.push(fence ?? { shard: run.shard, epoch: -1 });
      }
      if (step.seq === 0) {
        if (hasEvent(step)) run.seq += 1;
        step.seq = run.seq;
      }
      // Of a run that is over nobody refreshes the summary later.
      const isOver = isFinalState(step.state) && step.records.size > 0;
      const isLate = now - run.summaryAtMs >= settings.runFeedMs && run.summarySeq < step.seq;
      const isSummaryDue = isOver || isLate;
      if (isSummaryDue || step.hasRunChanged) {
        run.summaryAtMs = now;
        run.summarySeq = step.seq;
      }
      appendStep(batch, step, isSummaryDue);
    }
    return batch;
  }

  function succeed(steps: readonly Step[]): void {
    for (const step of steps) step.isWritten = true;
    options.onWritten(steps);
    for (const step of steps) step.done.resolve();
  }

  function fail(steps: readonly Step[], failure: FlushFailure): void {
    options.log.warn(
      { failure: failure.kind, runs: steps.length, err: errorOf(failure) },
      "flush.failed",
    );
    options.onFailed(steps, failure);
    for (const step of steps) step.done.reject(new StepFailed(failure.kind));
  }

  function split(
    steps: readonly Step[],
    missed: NonNullable<Extract<FlushAnswer, { kind: "written" }>["missed"]>,
  ): void {
    const runIds = new Set<number>();
    for (const row of [...missed.finished, ...missed.started, ...missed.settled, ...missed.events])
      runIds.add(row.runId);
    // A summary that the row has already is none: after a reload nobody knows which one was written last.
    const changed = new Set(steps.filter((step) => step.hasRunChanged).map((step) => step.run.key));
    for (const row of missed.runs) if (changed.has(row.id)) runIds.add(row.id);
    const diverged = steps.filter((step) => runIds.has(step.run.key));
    succeed(steps.filter((step) => !runIds.has(step.run.key)));
    if (diverged.length > 0) fail(diverged, { kind: "diverged" });
  }

  return {
    stepFor(run, ref) {
      const steps = waitingOf(run);
      const last = steps.at(-1);
      const isFull = last === undefined || (ref !== null && !hasRoomFor(last, ref));
      if (ref !== null) pendingRows += 1;
      return isFull ? addStep(run, steps) : last;
    },
    keepTogether(run, refs) {
      const last = laneOf(run).waiting.get(run)?.at(-1);
      if (last === undefined || refs.length < 2 || refs.length > settings.flushRowsMax) return;
      const isRoomy = last.records.size + refs.length <= settings.flushRowsMax;
      if (!isRoomy || refs.some((ref) => last.records.has(instanceKey(ref))))
        addStep(run, waitingOf(run));
    },
    stepForReopening(run) {
      const steps = waitingOf(run);
      const last = steps.at(-1);
      return last === undefined || isFinalState(last.state) ? addStep(run, steps) : last;
    },
    countEnd(run) {
      const last = laneOf(run).waiting.get(run)?.at(-1);
      if (last === undefined || !isFinalState(last.state) || last.counts !== null) return null;
      last.counts = Array.from(run.engine.counts.subarray(1));
      return last;
    },
    lastStep(run) {
      const lane = laneOf(run);
      return (
        lane.waiting.get(run)?.at(-1) ?? lane.inFlight.find((step) => step.run === run) ?? null
      );
    },
    hasWaiting: (run) => laneOf(run).waiting.has(run),
    isUnwritten(run, ref) {
      const lane = laneOf(run);
      const key = ref === null ? null : instanceKey(ref);
      const isAbout = ({ records }: Step) => (key === null ? records.size > 0 : records.has(key));
      const isOn = (step: Step) => step.run === run && !step.isWritten && isAbout(step);
      return (lane.waiting.get(run) ?? []).some(isOn) || lane.inFlight.some(isOn);
    },
    forget(run) {
      const lane = laneOf(run);
      const dropped = lane.waiting.get(run) ?? [];
      for (const step of dropped) {
        pendingRows -= step.records.size;
        step.done.reject(new StepFailed("unavailable"));
      }
      lane.waiting.delete(run);
      return dropped;
    },
    get pendingRows() {
      return pendingRows;
    },
    idle() {
      if (lanes.every((lane) => lane.waiting.size === 0 && lane.inFlight.length === 0))
        return Promise.resolve();
      return new Promise((resolve) => idleWaiters.push(resolve));
    },
  };
}

function errorOf(failure: FlushFailure): unknown {
  return "error" in failure ? failure.error : undefined;
}
