/** `explain` tells everything that keeps an instance from going on: without what it tells, the instance goes on. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { admit, explain } from "../../admission/admission.ts";
import type { Limits, PoolView } from "../../admission/limits.ts";
import { unlimitedPool } from "../../admission/limits.ts";
import type { PastHold } from "../../past/past.ts";
import type { Reason } from "../../admission/reasons.ts";
import type { InstanceRef } from "../../run/run.ts";
import { isRunFinal } from "../../run/run.ts";
import { slotOf } from "../../run/instances.ts";
import type { DagSpec } from "../../spec/spec.ts";
import { isFinal, RunState, TaskState } from "../../spec/states.ts";
import { someLimits } from "../../testing.ts";
import { deferralOf, isWaitState } from "../../run/waits.ts";
import { Play } from "./play.ts";
import { randomSpec } from "./random-dag.ts";
import { choices, step, success } from "./random-play.ts";

const everything = Object.values(TaskState);
const waitsForTasks = ["upstream", "setup", "teardown_scope", "map_length"];

test("every instance at every time has a reason, with words, facts and tasks", () => {
  fc.assert(
    fc.property(randomSpec(12), choices(60), (spec, events) => {
      const play = new Play(spec);
      for (const event of events) step(play, event);
      const isStarted = play.run.state === RunState.running && !play.run.cancelRequested;
      for (const ref of play.refs(...everything)) {
        const reasons = explain(play.run, ref, someLimits());
        for (const reason of reasons) checkReason(reason);
        const isWaiting = reasons.some(({ kind }) => waitsForTasks.includes(kind));
        expect(reasons.length).toBeGreaterThan(0);
        if (isStarted) expect(isWaiting).toBe(play.stateOf(ref) === TaskState.none);
      }
    }),
    { numRuns: 150 },
  );
});

/** Five of the tasks that are waited for are named in the sentence. */
function checkReason({ kind, message, taskIds }: Reason): void {
  const isWaiting = waitsForTasks.includes(kind);
  expect(message).toMatch(/^[A-Z0-9].*\.$/);
  expect(taskIds.length).toBeLessThanOrEqual(20);
  expect(taskIds.length > 0).toBe(isWaiting || kind === "max_active_tasks");
  if (isWaiting) for (const id of taskIds.slice(0, 5)) expect(message).toContain(id);
}

test("once all that is told is out of the way, an instance is admitted, or there is nothing to admit any more", () => {
  fc.assert(
    fc.property(
      randomSpec(12),
      choices(50),
      fc.nat(),
      fc.nat(2 ** 15 - 1),
      (plain, events, pick, held) => {
        const tasks = plain.tasks.map((task) => ({ ...task, dependsOnPast: (held & 512) > 0 }));
        const play = new Play(limited({ ...plain, tasks }, held));
        for (const event of events) step(play, event);
        const open = play.refs(...everything.filter((state) => !isFinal(state)));
        const ref = open[pick % Math.max(1, open.length)];
        if (ref && !play.run.cancelRequested) release(play, ref, heldBy(held));
      },
    ),
    { numRuns: 400 },
  );
});

/** Every task is in a pool, under a rate and under limits that need not hold anything back; bit 10: one instance a run. */
function limited(spec: DagSpec, bits: number): DagSpec {
  const limits = {
    maxActiveTisPerRun: (bits & 1024) > 0 ? 1 : null,
    pool: "small",
    poolSlots: 2,
    rateLimit: { key: "api", limit: 3, perMs: 60_000 },
    maxActiveTis: 100_000,
  };
  const tasks = spec.tasks.map((task) => ({ ...task, ...limits }));
  return { ...spec, tasks, maxActiveTasksPerDag: 10 };
}

/**
 * By bits: whether the DAG is paused, slots are taken, workers are missing, too many runs are active, too many tasks of the DAG,
 * too many instances of the task; whether the pool is full, or missing; whether no start is left; whether a run has the key; whether the
 * past is in the way, or a function is asked about it; whether the run is of a backfill that is paused, or has enough runs, or gave way to another.
 */
function heldBy(bits: number): Partial<Limits> {
  const isMissing = (bits & 4) > 0;
  const isTaken = (bits & 2) > 0;
  const state = isMissing ? (isTaken ? "no_handler" : "no_queue") : isTaken ? "none_free" : "free";
  return {
    isPaused: (bits & 1) > 0,
    slots: () => ({ state, workers: 1, slots: 1 }),
    activeRuns: (bits & 8) > 0 ? 1 : 0,
    maxActiveRuns: 1,
    activeTasks: (bits & 16) > 0 ? 10 : 0,
    activeTis: () => ((bits & 32) > 0 ? 100_000 : 0),
    pool: () => poolHeldBy(bits),
    rate: () => ((bits & 256) > 0 ? { started: 3, until: 60_000 } : null),
    gaveWayTo: (bits & 16384) > 0 ? "run_2" : null,
    pastOf: () => ((bits & 512) > 0 ? ((bits & 2048) > 0 ? "asked" : past) : null),
    keyHolders: (bits & 256) > 0 ? ["run_1"] : [],
    backfill: (bits & 4096) > 0 ? { ...backfill, isPaused: (bits & 8192) > 0 } : null,
  };
}

function poolHeldBy(bits: number): PoolView {
  const isHere = (bits & 64) === 0;
  const open = (bits & 128) > 0 ? 1 : 2;
  return { exists: isHere, slots: 2, open, openInAll: null, holders: ["demo run_1 a"] };
}

const backfill = { id: "backfill_1", isPaused: false, activeRuns: 2, maxActiveRuns: 2 };

const past: PastHold = {
  ...{ runId: "run_1", runName: "the run before", taskId: "a", isDownstream: false },
  instance: { mapIx: -1, state: TaskState.failed },
};

/** What was told once must not be told again: round by round everything is removed, and nothing else. */
function release(play: Play, ref: InstanceRef, limits: Partial<Limits>): void {
  const told = new Set<string>();
  let left = limits;
  for (;;) {
    if (isDone(play, ref) || admit(play.run, ref, someLimits(left)).length === 0) return;
    const reasons = explain(play.run, ref, someLimits(left));
    const text = JSON.stringify(reasons);
    expect(told, text).not.toContain(text);
    told.add(text);
    for (const reason of reasons) left = remove(play, ref, reason, left);
  }
}

function remove(
  play: Play,
  ref: InstanceRef,
  { kind, taskIds, evidence }: Reason,
  left: Partial<Limits>,
): Partial<Limits> {
  if (kind === "dispatching" && evidence["handler"]) return { ...left, triggererOf: () => "w1" };
  if (kind === "backfill_paused")
    return { ...left, backfill: left.backfill ? { ...left.backfill, isPaused: false } : null };
  if (kind === "backfill_max_active_runs")
    return { ...left, backfill: left.backfill ? { ...left.backfill, activeRuns: 0 } : null };
  if (kind === "depends_on_past" || kind === "past_question")
    return { ...left, pastOf: () => null };
  if (kind === "pool" || kind === "no_pool") return { ...left, pool: () => unlimitedPool };
  if (kind === "max_active_tis") return { ...left, activeTis: () => 0 };
  if (kind === "max_active_tasks_per_dag") return { ...left, activeTasks: 0 };
  if (kind === "rate_limit") return { ...left, rate: () => null };
  if (kind === "concurrency_key") return { ...left, keyHolders: [] };
  if (kind === "dag_paused") return { ...left, isPaused: false };
  if (kind === "max_active_runs")
    return evidence["run_id"] === "run_2"
      ? { ...left, gaveWayTo: null }
      : { ...left, activeRuns: 0 };
  if (kind.startsWith("no_")) return { ...left, slots: someLimits().slots };
  if (kind === "max_active_tis_per_run") endOther(play, ref);
  else if (kind === "dispatching") start(play);
  else if (taskIds.length > 0) for (const id of taskIds) finishTask(play, id);
  else advance(play, ref);
  return left;
}

/** Another instance of the task that counts as active comes to its end. */
function endOther(play: Play, ref: InstanceRef): void {
  const { running, restarting, deferred, awaiting_input: awaiting } = TaskState;
  const others = play
    .refs(running, restarting, deferred, awaiting)
    .filter(({ ix, mapIx }) => ix === ref.ix && mapIx !== ref.mapIx);
  for (const other of others) advance(play, other);
}

function start(play: Play): void {
  if (play.run.state === RunState.queued) play.send({ kind: "runStarted", at: play.now });
}

function finishTask(play: Play, id: string): void {
  const ix = play.dag.ixOf.get(id)!;
  for (let steps = 0; steps < 2000; steps += 1) {
    const open = play
      .refs(...everything.filter((state) => !isFinal(state)))
      .find((ref) => ref.ix === ix);
    if (!open || isRunFinal(play.run)) return;
    advance(play, open);
  }
  throw new Error(`${id} does not end`);
}

/** One step towards the end of an instance, or of what is before it. */
function advance(play: Play, ref: InstanceRef): void {
  const at = (play.now += 1);
  const attempt = { ...ref, attempt: play.rowOf(ref)?.attempt ?? 0 };
  const state = play.stateOf(ref);
  if (state === TaskState.none) {
    for (const reason of explain(play.run, ref, someLimits()))
      if (!isDone(play, ref)) remove(play, ref, reason, {});
  } else if (state === TaskState.scheduled && play.run.state === RunState.queued) start(play);
  else if (state === TaskState.scheduled) play.send({ kind: "taskGranted", ...ref, at });
  else if (state === TaskState.running || state === TaskState.restarting)
    play.send(success(play, attempt, at));
  else if (isWaitState(state) && deferralOf(play.run, ref)?.kind !== "time")
    play.send({ kind: "waitFulfilled", ...attempt, at, hasValue: false, lengths: [] });
  else play.send({ kind: "waitDue", ...attempt, at: at + 300_000 });
}

/** It runs, is final, or has given way to its instances. */
function isDone(play: Play, ref: InstanceRef): boolean {
  const state = play.stateOf(ref);
  const isGone = slotOf(play.run, ref.ix, ref.mapIx) < 0;
  return isGone || isFinal(state) || state === TaskState.running || isRunFinal(play.run);
}
