/** Starts a DAG in memory, for tests that look at a run while it goes on. */

import type { DagDefinition, Duration } from "@millrace/sdk/spec";
import type { AnswerOptions } from "./bring.ts";
import { answer, beatToken, completeToken, failToken, fire } from "./bring.ts";
import type { MemoryRun } from "./memory-run.ts";
import { readDuration } from "./outcomes.ts";
import type {
  ChangedTask,
  ClearOptions,
  MarkOptions,
  RunOutcome,
  TaskChoice,
  TaskOutcome,
} from "./people.ts";
import { cancelRun, clearTasks, markRun, markTasks } from "./people.ts";
import type { RunResult } from "./result.ts";
import { resultOf } from "./result.ts";
import type { StartDagOptions } from "./run-options.ts";
import { makeRun } from "./run-options.ts";

/** A run that goes on only when it is told to; what it shows is how it is now. */
export type StartedRun<Result = unknown> = RunResult<Result> & {
  /** By the run's own clock. */
  readonly now: Date;
  /** Lets so much virtual time pass; bodies that really run end first. `"0s"` does what is due now. */
  advance(duration: Duration): Promise<void>;
  /**
   * Lets time pass until the run is final.
   *
   * @throws MillraceError NOBODY_ANSWERS when it waits for what time does not bring
   */
  finish(): Promise<void>;
  /**
   * Has tasks run again, as a person would; everything when no task is named. Answers what it changed, as it was before.
   *
   * @throws MillraceError TASK_NOT_FOUND
   */
  clear(options?: ClearOptions): readonly ChangedTask[];
  /** `clear` of only what failed. */
  retry(): readonly ChangedTask[];
  /**
   * Says what the outcome of tasks is, as a person would; what failed after them runs again. Answers what it changed, as
   * it was before.
   *
   * @throws MillraceError TASK_NOT_FOUND
   */
  markTasks(outcome: TaskOutcome, options: MarkOptions): readonly ChangedTask[];
  /** Ends the run as a person would: at once, or when its teardowns have run. */
  mark(outcome: RunOutcome): void;
  /** Stops the run as a person would. */
  cancel(): void;
  /**
   * Ends the wait of a task for its token, as whoever has it would. Named by the task, or by the token itself.
   *
   * @throws MillraceError TASK_NOT_FOUND, TASK_NOT_DEFERRED when it does not wait for it, TASK_TOKEN_USED for a token of before
   */
  completeToken(task: TaskChoice, value?: unknown): void;
  /** The same with a failure, which is retried unless it is a `FailTask`. */
  failToken(task: TaskChoice, reason: unknown): void;
  /** Says that whoever has the token is at it: its heartbeat is due anew. */
  heartbeat(task: TaskChoice): void;
  /**
   * Answers what a task asks, as a person would; defaults of the form's schema are filled in.
   *
   * @throws MillraceError TASK_NOT_FOUND, INPUT_NOT_AWAITED, INPUT_INVALID naming the field, INPUT_NOT_YOURS
   */
  answer(task: TaskChoice, values: unknown, options?: AnswerOptions): void;
  /**
   * Has the trigger of a task fire, as a triggerer would; `fail(…)` for a watch that fails.
   *
   * @throws MillraceError TASK_NOT_FOUND, TASK_NOT_DEFERRED
   */
  fire(task: TaskChoice, event?: unknown): void;
};

/**
 * Makes a run that begins with the first `advance` or `finish`. Tasks that `outcomes` names do what it says instead of
 * running their bodies; everything else is as in `runDag`.
 *
 * @example
 * const run = startDag(etl, { outcomes: { extract: [fail("boom"), ok(rows)] } });
 * await run.advance("5m");
 * expect(run.task("extract").attempts).toBe(2);
 * @throws MillraceError TASK_NOT_FOUND, PARAMS_INVALID, FIELD_INVALID, and the reasons of compiling a DAG
 */
export function startDag<Given, Result = unknown>(
  definition: DagDefinition<Given, Result>,
  options: StartDagOptions<Given> = {},
): StartedRun<Result> {
  const run = makeRun(definition, options, false);
  const inTurn = oneByOne();
  return Object.defineProperties(
    {
      advance: (duration: Duration) => {
        const ms = readDuration(duration);
        return inTurn(() => run.advanceTo(run.clock.now + ms));
      },
      finish: () => inTurn(() => run.finish()),
      ...changesOf(run),
    },
    {
      ...Object.getOwnPropertyDescriptors(resultOf(run)),
      now: { get: () => new Date(run.clock.now), enumerable: true },
    },
  ) as StartedRun<Result>;
}

function changesOf(run: MemoryRun) {
  return {
    clear: (options: ClearOptions = {}) => clearTasks(run, options),
    retry: () => clearTasks(run, { onlyFailed: true }),
    markTasks: (outcome: TaskOutcome, options: MarkOptions) => markTasks(run, outcome, options),
    mark: (outcome: RunOutcome) => markRun(run, outcome),
    cancel: () => cancelRun(run),
    completeToken: (task: TaskChoice, value?: unknown) => completeToken(run, task, value),
    failToken: (task: TaskChoice, reason: unknown) => failToken(run, task, reason),
    heartbeat: (task: TaskChoice) => beatToken(run, task),
    answer: (task: TaskChoice, values: unknown, options?: AnswerOptions) =>
      answer(run, task, values, options),
    fire: (task: TaskChoice, event?: unknown) => fire(run, task, event),
  };
}

/** Calls that were not awaited go one after the other. */
function oneByOne(): (act: () => Promise<void>) => Promise<void> {
  let last = Promise.resolve();
  return (act) => {
    const next = last.then(act);
    last = next.catch(() => undefined);
    return next;
  };
}
