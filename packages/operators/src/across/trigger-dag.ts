/** Makes a run of another DAG, and waits for it if wanted. */

import {
  context,
  defer,
  FailTask,
  isMillraceError,
  MillraceError,
  SkipTask,
  task,
  trigger,
} from "@millrace/sdk";
import type {
  Arg,
  DagDefinition,
  Duration,
  EndedRun,
  Handle,
  Instant,
  TaskOptions,
  TriggeredRun,
} from "@millrace/sdk";

/** How runs end. */
type RunEnd = "success" | "failed";

export type TriggerDagOptions<Given> = Omit<TaskOptions, "triggers"> & {
  /** Unique within the DAG. May be a handle; `run.logicalDate` is the run's own. Default: the run has none. */
  readonly logicalDate?: Arg<Instant | null>;
  /** For people, at most 1000 characters. */
  readonly note?: Arg<string>;
  /**
   * Whether it ends only when the run has. It waits without a slot; `executionTimeout` limits the wait too. A failure of the
   * run is one of the task, with its retries: each runs again what failed. Default false.
   */
  readonly wait?: boolean;
  /** With `wait`: how long at most. Default: `executionTimeout`, else no limit. */
  readonly timeout?: Duration;
  /** With `wait`: how the run may end. Default ["success"]. */
  readonly successStates?: readonly RunEnd[];
  /** With `wait`: how the run may not end. In neither list means that somebody is expected to clear it. Default ["failed"]. */
  readonly failureStates?: readonly RunEnd[];
  /**
   * What to do when the DAG has a run with the logical date: the task fails for good, is skipped, clears the run so that it
   * runs again, or uses it as it is. Default "fail".
   */
  readonly ifExists?: "fail" | "skip" | "clear" | "use";
  /**
   * What a retry does with the run that an earlier try has made: goes on with it, clearing what failed in it, or makes
   * another. Default "continue". After a clear of the task it is always another.
   */
  readonly onRetry?: "continue" | "another";
  /** How many runs may have triggered one another, the new one included. Default 10, at most 100. */
  readonly maxDepth?: number;
} & (Partial<Given> extends Given
    ? { readonly params?: Arg<Given> }
    : { readonly params: Arg<Given> });

type AnyParams = Readonly<Record<string, unknown>>;

/** The options may be left out where the DAG needs no params. */
type Rest<Given> =
  Partial<Given> extends Given
    ? [options?: TriggerDagOptions<Given>]
    : [options: TriggerDagOptions<Given>];

/**
 * Makes a task that makes a run of a DAG: with its definition, params are checked by the compiler; by its id, by the server
 * only. An attempt makes one run, whatever breaks. Its value is the run; its id is the XCom "trigger_run_id" too.
 *
 * @example
 * const run = triggerDag(publish, { params: { day: run.ds }, wait: true, retries: 2 });
 * @throws MillraceError DAG_INVALID for options that contradict each other.
 */
export function triggerDag<Given>(
  dag: DagDefinition<Given>,
  ...rest: Rest<Given>
): Handle<EndedRun>;
export function triggerDag(dagId: string, options?: TriggerDagOptions<AnyParams>): Handle<EndedRun>;
export function triggerDag(
  dag: { readonly id: string } | string,
  options: TriggerDagOptions<AnyParams> = {},
): Handle<EndedRun> {
  const dagId = typeof dag === "string" ? dag : dag.id;
  const { params = {}, logicalDate = null, note = "", ...others } = options;
  const { wait = false, timeout, successStates, failureStates, ...more } = others;
  const { ifExists = "fail", onRetry = "continue", maxDepth, ...taskOptions } = more;
  const allowedStates = successStates ?? ["success"];
  const ends = { successStates, failureStates, timeout };
  refuseContradictions(dagId, wait, ends);
  const body = async (given: AnyParams, date: Instant | null, text: string) => {
    const run = await ask(dagId, {
      ...{ params: given, logicalDate: date, note: text },
      ifExists: ifExists === "skip" ? "fail" : ifExists,
      ifMade: onRetry,
      ...(maxDepth !== undefined && { maxDepth }),
    });
    if (run.outcome === "exists") throw existing(run, date, ifExists);
    const { xcom, log } = context();
    xcom.push("trigger_run_id", run.runId);
    log.info(`run ${run.runName} of DAG "${dagId}" was ${run.outcome}`, { run_id: run.runId });
    const { runId, runName, state } = run;
    const when = date === null ? null : new Date(date);
    if (!wait) return { dagId, runId, runName, logicalDate: when, state } satisfies EndedRun;
    return defer(
      trigger.runs({
        ...{ dag: dagId, runId, checkExistence: false },
        allowedStates,
        failedStates: failureStates ?? (allowedStates.includes("failed") ? [] : ["failed"]),
      }),
      timeout === undefined ? {} : { timeout },
    );
  };
  return task({ id: `trigger_${dagId}`, ...taskOptions, triggers: dagId }, body)(
    params,
    logicalDate,
    note,
  );
}

type Ends = {
  readonly successStates: readonly RunEnd[] | undefined;
  readonly failureStates: readonly RunEnd[] | undefined;
  readonly timeout: Duration | undefined;
};

function refuseContradictions(dagId: string, wait: boolean, ends: Ends): void {
  const what = `triggerDag("${dagId}")`;
  const given = Object.entries(ends).filter(([, value]) => value !== undefined);
  if (!wait && given.length > 0)
    throw new MillraceError(
      "DAG_INVALID",
      `${what} has the option "${given[0]![0]}", which means something only with wait: true`,
    );
  const { successStates = ["success"], failureStates = [] } = ends;
  const twice = successStates.find((state) => failureStates.includes(state));
  if (twice !== undefined)
    throw new MillraceError(
      "DAG_INVALID",
      `${what} has "${twice}" among successStates and among failureStates; leave it out of one`,
    );
}

/** What no retry can help. */
const lasting: ReadonlySet<string> = new Set([
  "TRIGGER_NOT_DECLARED",
  "TRIGGER_TOO_DEEP",
  "PARAMS_INVALID",
  "FIELD_INVALID",
  "VALUE_INVALID",
  "VALUE_TOO_LARGE",
]);

async function ask(
  dagId: string,
  options: Parameters<ReturnType<typeof context>["triggerDag"]>[1],
): Promise<TriggeredRun> {
  try {
    return await context().triggerDag(dagId, options);
  } catch (error) {
    if (isMillraceError(error) && lasting.has(error.reason))
      throw new FailTask(error.message, { cause: error });
    throw error;
  }
}

function existing(
  { dagId, runName, runId }: TriggeredRun,
  date: Instant | null,
  ifExists: "fail" | "skip" | "clear" | "use",
): Error {
  const shown = date === null ? "" : new Date(date).toISOString();
  const message = `DAG "${dagId}" has a run with the logical date ${shown} already: ${runName} (${runId})`;
  return ifExists === "skip"
    ? new SkipTask(`${message}.`)
    : new FailTask(`${message}; choose another date, or say with ifExists what to do with it.`);
}
