/** The sentences of `explain`, each with its facts. Kinds are those of `millrace.v1.ReasonKind`. */

import type { Limits, Slots } from "./limits.ts";
import { lossesMax } from "../run/failures.ts";
import { instanceState, slotOf } from "../run/instances.ts";
import type { InstanceRef, Run } from "../run/run.ts";
import { spanText } from "./span-text.ts";
import type { EpochMs } from "../spec/spec.ts";
import { TaskState, taskStateName } from "../spec/states.ts";
import { runningTasks } from "./waiting.ts";

export type ReasonKind =
  | "upstream"
  | "retry_wait"
  | "max_active_tasks"
  | "max_active_runs"
  | "dag_paused"
  | "no_worker_for_queue"
  | "no_worker_for_handler"
  | "no_free_slot"
  | "dispatching"
  | "running"
  | "cancelling"
  | "final"
  | "no_owner"
  | "map_length"
  | "setup"
  | "teardown_scope"
  | "reschedule_wait"
  | "restarting"
  | "deferred"
  | "pool"
  | "no_pool"
  | "max_active_tis"
  | "max_active_tis_per_run"
  | "max_active_tasks_per_dag"
  | "rate_limit"
  | "concurrency_key"
  | "awaiting_input"
  | "external_run"
  | "external_missing"
  | "backfill_paused"
  | "backfill_max_active_runs"
  | "assets"
  | "dag_inactive"
  | "schedule"
  | "depends_on_past"
  | "past_question"
  | "inputs";

/** One gate between a task instance and its start, or what keeps it from being final. */
export type Reason = {
  readonly kind: ReasonKind;
  /** One sentence with the names and numbers concerned. */
  readonly message: string;
  readonly evidence: Readonly<Record<string, string>>;
  /** When it ends by itself, where that is known. */
  readonly until: EpochMs | null;
  /** The tasks concerned, at most 20. */
  readonly taskIds: readonly string[];
};

const namedInAll = 20;

export function retryWait(run: Run, ref: InstanceRef, limits: Limits): Reason {
  const until = limits.waitUntilOf(ref);
  const tries = triesOf(run, ref);
  return {
    ...plain(
      "retry_wait",
      `Try ${tries.used} of ${tries.all} did not succeed; the next one starts ${whenText(until, limits)}.`,
      { try: String(tries.used), tries: String(tries.all) },
    ),
    until,
  };
}

/** After its second loss: a third would fail it, so it waits for whatever ends its workers to pass. */
export function lossWait(run: Run, ref: InstanceRef, limits: Limits): Reason {
  const until = limits.waitUntilOf(ref);
  const losses = run.instances.losses[slotOf(run, ref.ix, ref.mapIx)]!;
  return {
    ...plain(
      "retry_wait",
      `It lost its worker ${losses} times, and ${lossesMax} are the limit; it is handed out again ${whenText(until, limits)}.`,
      { losses: String(losses), limit: String(lossesMax) },
    ),
    until,
  };
}

export function rescheduleWait(ref: InstanceRef, limits: Limits): Reason {
  const until = limits.waitUntilOf(ref);
  const message = `It looked in vain and looks again ${whenText(until, limits)}.`;
  return { ...plain("reschedule_wait", message), until };
}

/** Without the running tasks' names: finding them costs a look at every task, which admission must not. */
export function maxActiveTasks(run: Run, active: number): Reason {
  const { maxActiveTasks: limit } = run.dag.spec;
  const are = active === 1 ? "task of this run is" : "tasks of this run are";
  const message = `${active} ${are} running, and max_active_tasks allows ${limit} at a time.`;
  return plain("max_active_tasks", message, { running: String(active), limit: String(limit) });
}

/** The tasks of which an instance runs now, at most 20. */
export function runningIds(run: Run): string[] {
  return runningTasks(run, namedInAll).map((ix) => run.dag.taskIds[ix]!);
}

export function maxActiveRuns({ activeRuns, maxActiveRuns: limit }: Limits): Reason {
  const are = activeRuns === 1 ? "run of this DAG is" : "runs of this DAG are";
  const message = `${activeRuns} ${are} running, and max_active_runs allows ${limit} at a time.`;
  return plain("max_active_runs", message, { running: String(activeRuns), limit: String(limit) });
}

/** Task instances of a run that hold a worker. */
export function activeCount({ counts }: Run): number {
  return counts[TaskState.running]! + counts[TaskState.queued]! + counts[TaskState.restarting]!;
}

export function concurrencyKey({ keyHolders }: Limits): Reason {
  const [first = ""] = keyHolders;
  const message = `The run ${first} has the same concurrency key; this one starts when it has ended.`;
  return plain("concurrency_key", message, { run_id: first });
}

export function dagPaused(): Reason {
  return plain("dag_paused", "The DAG is paused; unpause it to let tasks start.");
}

/** @param handler null for tasks of bundles */
export function noSlot(
  queue: string,
  handler: string | null,
  { state, workers, slots }: Slots,
): Reason {
  if (state === "no_queue")
    return plain(
      "no_worker_for_queue",
      `No live worker serves the queue "${queue}"; start one with --queue ${queue}.`,
      { queue },
    );
  if (state === "no_handler") {
    const what = handler === null ? "runs tasks of bundles" : `announces the handler "${handler}"`;
    const facts = { queue, ...(handler === null ? {} : { handler }) };
    return plain(
      "no_worker_for_handler",
      `Workers serve the queue "${queue}", but none of them ${what}.`,
      facts,
    );
  }
  const all = slots === 1 ? "The one slot" : `All ${slots} slots`;
  const message = `${all} of ${workers === 1 ? "1 worker" : `${workers} workers`} on the queue "${queue}" ${slots === 1 ? "is" : "are"} taken.`;
  return plain("no_free_slot", message, { queue, workers: String(workers), slots: String(slots) });
}

export function running(run: Run, ref: InstanceRef): Reason {
  const attempt = String(run.instances.attempt[slotOf(run, ref.ix, ref.mapIx)]!);
  return plain("running", `A worker runs it (attempt ${attempt}).`, { attempt });
}

export function restarting(run: Run, ref: InstanceRef): Reason {
  const attempt = String(run.instances.attempt[slotOf(run, ref.ix, ref.mapIx)]!);
  const message = `It was cleared while it ran; once its worker has stopped attempt ${attempt}, it runs again.`;
  return plain("restarting", message, { attempt });
}

export function cancelling(run: Run, ref: InstanceRef): Reason {
  const isRunning = instanceState(run, ref.ix, ref.mapIx) === TaskState.running;
  const rest = isRunning ? "its worker has been told to stop it" : "it will not start";
  return plain("cancelling", `Its run is being cancelled; ${rest}.`);
}

export function final(run: Run, ref: InstanceRef): Reason {
  const state = taskStateName(instanceState(run, ref.ix, ref.mapIx));
  return plain("final", `It is final (${state}); it waits for nothing.`, { state });
}

export function dispatching(message: string): Reason {
  return plain("dispatching", message);
}

/** For those who answer while no process owns the DAG's shard. */
export function noOwner(): Reason {
  return plain(
    "no_owner",
    "No live process owns this DAG's shard yet; one takes it over within seconds.",
  );
}

function whenText(until: EpochMs | null, limits: Limits): string {
  return until === null ? "once its wait is over" : `in ${spanText(until - limits.now)}`;
}

function triesOf(run: Run, ref: InstanceRef): { used: number; all: number } {
  const { attempt, uncounted } = run.instances;
  const slot = slotOf(run, ref.ix, ref.mapIx);
  return { used: attempt[slot]! - uncounted[slot]!, all: run.dag.tasks[ref.ix]!.retries + 1 };
}

export function plain(
  kind: ReasonKind,
  message: string,
  evidence: Readonly<Record<string, string>> = {},
): Reason {
  return { kind, message, evidence, until: null, taskIds: [] };
}
