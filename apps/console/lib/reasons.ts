/** What each gate is called, whether it blocks, and what a person can do about it. */
import { ReasonKind } from "@millrace/wire/v1";

export type ReasonWords = {
  readonly gate: string;
  readonly isBlocking: boolean;
  /** Empty when there is nothing to do but wait. */
  readonly remedy: string;
};

const words: ReadonlyMap<ReasonKind, ReasonWords> = new Map([
  [ReasonKind.UPSTREAM, blocking("Tasks before it")],
  [ReasonKind.RETRY_WAIT, blocking("Retry delay")],
  [
    ReasonKind.MAX_ACTIVE_TASKS,
    blocking(
      "Running tasks of the run",
      "Raise max_active_tasks of the DAG to run more side by side.",
    ),
  ],
  [
    ReasonKind.MAX_ACTIVE_RUNS,
    blocking("Runs of the DAG", "An earlier run must end, or max_active_runs be raised."),
  ],
  [ReasonKind.BACKFILL_PAUSED, blocking("The backfill's pause", "Resume the backfill.")],
  [
    ReasonKind.BACKFILL_MAX_ACTIVE_RUNS,
    blocking("Runs of the backfill", "An earlier run of the backfill must end."),
  ],
  [ReasonKind.DAG_PAUSED, blocking("The DAG's switch", "Make the DAG active in the list of DAGs.")],
  [
    ReasonKind.NO_WORKER_FOR_QUEUE,
    blocking("Workers of the queue", "Start a worker that serves this queue."),
  ],
  [
    ReasonKind.NO_WORKER_FOR_HANDLER,
    blocking("Workers with the handler", "Start a worker that announces this handler."),
  ],
  [ReasonKind.NO_FREE_SLOT, blocking("Free slots", "Add workers, or slots to those there are.")],
  [
    ReasonKind.NO_OWNER,
    blocking(
      "An owner for the DAG",
      "A scheduler takes it over within its lease; if none does, start one.",
    ),
  ],
  [ReasonKind.CANCELLING, blocking("Cancellation of the run")],
  [
    ReasonKind.MAP_LENGTH,
    blocking("The list it is mapped over", "Its instances are made once the list is known."),
  ],
  [ReasonKind.SETUP, blocking("Setups that it needs")],
  [
    ReasonKind.TEARDOWN_SCOPE,
    blocking("The scope it cleans up after", "It runs whatever becomes of these tasks."),
  ],
  [ReasonKind.RESCHEDULE_WAIT, blocking("The sensor's next look")],
  [
    ReasonKind.RESTARTING,
    blocking("The attempt that was cleared", "After 60 s it runs again whatever the worker says."),
  ],
  [ReasonKind.DEFERRED, blocking("What it waits for")],
  [ReasonKind.AWAITING_INPUT, blocking("A person's answer", "Answer it under Input.")],
  [
    ReasonKind.EXTERNAL_RUN,
    blocking(
      "A run of another DAG",
      "It goes on by itself when that run, or its tasks, have ended.",
    ),
  ],
  [
    ReasonKind.EXTERNAL_MISSING,
    blocking(
      "Something of another DAG that does not exist",
      "It goes on once it is there and has ended.",
    ),
  ],
  [
    ReasonKind.DEPENDS_ON_PAST,
    blocking("The run before", "It goes on once that has succeeded, was skipped, or is marked so."),
  ],
  [ReasonKind.PAST_QUESTION, blocking("Whether the past matters")],
  [ReasonKind.POOL, blocking("Slots of its pool", "See who is in it, or change it, under Pools.")],
  [ReasonKind.NO_POOL, blocking("Its pool", "Make the pool under Pools.")],
  [
    ReasonKind.MAX_ACTIVE_TIS,
    blocking("Its instances over all runs", "Raise maxActiveTis of the task to run more."),
  ],
  [
    ReasonKind.MAX_ACTIVE_TIS_PER_RUN,
    blocking("Its instances in the run", "Raise maxActiveTisPerRun of the task to run more."),
  ],
  [
    ReasonKind.MAX_ACTIVE_TASKS_PER_DAG,
    blocking("Running tasks of the DAG", "Raise maxActiveTasksPerDag of the DAG to run more."),
  ],
  [ReasonKind.RATE_LIMIT, blocking("Its rate limit")],
  [
    ReasonKind.CONCURRENCY_KEY,
    blocking("The run with the same key", "It starts when that run has ended."),
  ],
  [ReasonKind.ASSETS, blocking("Events of assets", "It is made once they have happened.")],
  [ReasonKind.DAG_INACTIVE, blocking("The DAG's file", "Put the file back into its folder.")],
  [ReasonKind.SCHEDULE, blocking("The schedule")],
  [ReasonKind.INPUTS, blocking("Its run's inputs")],
  [ReasonKind.DISPATCHING, passed("Hand-out to a worker")],
  [ReasonKind.RUNNING, passed("It runs")],
  [ReasonKind.FINAL, passed("It is final")],
]);

/** Kinds may be added by newer servers: their message still says it all. */
export function reasonWords(kind: ReasonKind): ReasonWords {
  return words.get(kind) ?? blocking("A gate this console does not know");
}

/**
 * A message that ends in a span until something happens, such as "… starts in 1 min 5 s.", without that span: the page
 * puts one there that moves. Null when it does not end so.
 */
export function beforeSpan(message: string): string | null {
  const found = /^(.*) in (?:\d+ (?:d|h|min|s|ms) ?){1,2}\.$/s.exec(message);
  return found?.[1] ?? null;
}

function blocking(gate: string, remedy = ""): ReasonWords {
  return { gate, isBlocking: true, remedy };
}

function passed(gate: string): ReasonWords {
  return { gate, isBlocking: false, remedy: "" };
}
