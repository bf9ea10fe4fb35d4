/** The sentences of `explain`, each with its facts. Kinds are those of `millrace.v1.ReasonKind`. */

import type { Limits, Slots } from "./limits.ts";
import type { Run } from "./run.ts";
import { taskStateOf } from "./run.ts";
import { spanText } from "./span-text.ts";
import type { EpochMs, TaskSpec } from "./spec.ts";
import { isFinal, TaskState, taskStateName } from "./states.ts";

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
  | "no_owner";

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

const namedInSentence = 5;
const namedInAll = 20;

const words: Readonly<Partial<Record<TaskState, string>>> = {
  [TaskState.none]: "not started",
  [TaskState.scheduled]: "ready, not started",
  [TaskState.running]: "running",
  [TaskState.up_for_retry]: "up for retry",
};

export function upstream(run: Run, ix: number, limits: Limits): Reason {
  const { parents, parentOffsets, taskIds } = run.dag;
  const all = parents.subarray(parentOffsets[ix], parentOffsets[ix + 1]);
  const open: number[] = [];
  for (const parent of all)
    if (open.length < namedInAll && !isFinal(taskStateOf(run, parent))) open.push(parent);
  const count = run.pending[ix]!;
  const named = open
    .slice(0, namedInSentence)
    .map((parent) => `${taskIds[parent]} (${word(run, parent, limits)})`);
  const more = count > named.length ? ` and ${count - named.length} more` : "";
  return {
    kind: "upstream",
    message: `Waits for ${count} of ${all.length} upstream ${all.length === 1 ? "task" : "tasks"}: ${named.join(", ")}${more}.`,
    evidence: { waiting: String(count), upstream: String(all.length) },
    until: null,
    taskIds: open.map((parent) => taskIds[parent]!),
  };
}

export function retryWait(run: Run, ix: number, limits: Limits): Reason {
  const until = limits.retryAtOf(ix);
  const left = until === null ? "at its retry time" : `in ${spanText(until - limits.now)}`;
  const tries = triesOf(run, ix);
  return {
    kind: "retry_wait",
    message: `Try ${tries.used} of ${tries.all} did not succeed; the next one starts ${left}.`,
    evidence: { try: String(tries.used), tries: String(tries.all) },
    until,
    taskIds: [],
  };
}

/** Without the running tasks' names: finding them costs a look at every task, which admission must not. */
export function maxActiveTasks(run: Run, active: number): Reason {
  const { maxActiveTasks: limit } = run.dag.spec;
  const are = active === 1 ? "task of this run is" : "tasks of this run are";
  const message = `${active} ${are} running, and max_active_tasks allows ${limit} at a time.`;
  return plain("max_active_tasks", message, { running: String(active), limit: String(limit) });
}

/** The tasks that run now, at most 20. */
export function runningIds(run: Run): string[] {
  const taskIds: string[] = [];
  for (let ix = 0; ix < run.taskState.length && taskIds.length < namedInAll; ix += 1)
    if (run.taskState[ix] === TaskState.running) taskIds.push(run.dag.taskIds[ix]!);
  return taskIds;
}

export function maxActiveRuns({ activeRuns, maxActiveRuns: limit }: Limits): Reason {
  const are = activeRuns === 1 ? "run of this DAG is" : "runs of this DAG are";
  const message = `${activeRuns} ${are} running, and max_active_runs allows ${limit} at a time.`;
  return plain("max_active_runs", message, { running: String(activeRuns), limit: String(limit) });
}

export function dagPaused(): Reason {
  return plain("dag_paused", "The DAG is paused; unpause it to let tasks start.");
}

export function noSlot(task: TaskSpec, { state, workers, slots }: Slots): Reason {
  const { queue, handler } = task;
  if (state === "no_queue")
    return plain(
      "no_worker_for_queue",
      `No live worker serves the queue "${queue}"; start one with --queue ${queue}.`,
      { queue },
    );
  if (state === "no_handler") {
    const what =
      task.kind === "external" ? `announces the handler "${handler}"` : "runs tasks of bundles";
    const facts = { queue, ...(task.kind === "external" ? { handler } : {}) };
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

export function running(run: Run, ix: number): Reason {
  const attempt = String(run.attempt[ix]!);
  return plain("running", `A worker runs it (attempt ${attempt}).`, { attempt });
}

export function cancelling(run: Run, ix: number): Reason {
  const isRunning = taskStateOf(run, ix) === TaskState.running;
  const rest = isRunning ? "its worker has been told to stop it" : "it will not start";
  return plain("cancelling", `Its run is being cancelled; ${rest}.`);
}

export function final(run: Run, ix: number): Reason {
  const state = taskStateName(taskStateOf(run, ix));
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

function word(run: Run, ix: number, limits: Limits): string {
  const state = taskStateOf(run, ix);
  const text = words[state] ?? taskStateName(state);
  const until = state === TaskState.up_for_retry ? limits.retryAtOf(ix) : null;
  return until === null ? text : `${text} in ${spanText(until - limits.now)}`;
}

function triesOf(run: Run, ix: number): { used: number; all: number } {
  return { used: run.attempt[ix]! - run.lost[ix]!, all: run.dag.tasks[ix]!.retries + 1 };
}

function plain(
  kind: ReasonKind,
  message: string,
  evidence: Readonly<Record<string, string>> = {},
): Reason {
  return { kind, message, evidence, until: null, taskIds: [] };
}
