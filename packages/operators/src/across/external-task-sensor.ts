/** Waits for runs of another DAG, or tasks in them, without a slot. */

import {
  context,
  defer,
  FailTask,
  MillraceError,
  durationMs,
  sensor,
  trigger,
} from "@millrace/sdk";
import type {
  DagRef,
  Deferred,
  Duration,
  EndedRun,
  EndState,
  Handle,
  Instant,
  RunValue,
  SensorOptions,
} from "@millrace/sdk";

export type ExternalTaskSensorOptions = Omit<
  SensorOptions,
  "mode" | "interval" | "backoff" | "maxInterval" | "waitsFor"
> & {
  /** Tasks in the runs. Default: the runs as a whole. */
  readonly tasks?: readonly string[];
  /** Groups in the runs. */
  readonly groups?: readonly string[];
  /** How long before the run's own logical date that of the other run lies. Default: it is the same. */
  readonly delta?: Duration;
  /** Says which dates are waited for: one, or several. Called by a worker, before the wait. Not with `delta`. */
  readonly dates?: (logicalDate: Date | null, run: RunValue) => Instant | readonly Instant[];
  /** The sensor is done once everything is in one of these. Default ["success"]. */
  readonly allowedStates?: readonly EndState[];
  /**
   * It fails, as a failure that retries, once something is in one of these. Default: all others, and also when a run has
   * ended without everything in it having run. [] waits on, for somebody to clear what failed.
   */
  readonly failedStates?: readonly EndState[];
  /** It is skipped once something is in one of these. Default []. */
  readonly skippedStates?: readonly EndState[];
  /** Fails at once, and for good, when there is no such DAG, task or group. Default true. */
  readonly checkExistence?: boolean;
};

/**
 * Makes a sensor that waits for the run of another DAG with the same logical date, for tasks in it, or for groups. Its value
 * is the list of runs. The server looks when something of that DAG has ended: no worker, no slot and no interval.
 *
 * @example
 * const orders = externalTaskSensor("orders", { tasks: ["publish"], delta: "1h", timeout: "6h" });
 * @throws MillraceError DAG_INVALID
 */
export function externalTaskSensor(
  dag: DagRef,
  options: ExternalTaskSensorOptions = {},
): Handle<EndedRun[]> {
  const dagId = typeof dag === "string" ? dag : dag.id;
  const { tasks, groups, delta, dates, ...rest } = options;
  const { allowedStates, failedStates, skippedStates, checkExistence, ...sensorOptions } = rest;
  const what = `externalTaskSensor("${dagId}")`;
  const deltaMs = delta === undefined ? 0 : durationMs(delta);
  if (deltaMs === null)
    throw new MillraceError(
      "DAG_INVALID",
      `${what}: delta is ${JSON.stringify(delta)}, which is no duration`,
    );
  if (delta !== undefined && dates !== undefined)
    throw new MillraceError(
      "DAG_INVALID",
      `${what} has both delta and dates; say the dates in one way`,
    );
  const wanted = {
    dag: dagId,
    ...(tasks && { tasks }),
    ...(groups && { groups }),
    ...(allowedStates && { allowedStates }),
    ...(failedStates && { failedStates }),
    ...(skippedStates && { skippedStates }),
    ...(checkExistence !== undefined && { checkExistence }),
    softFail: sensorOptions.softFail ?? false,
  };
  // What is wrong with the states is wrong in every run.
  refuseEarly(what, wanted);
  const wait = (): Deferred<EndedRun[]> =>
    defer(trigger.runs({ ...wanted, logicalDates: datesOf(context().run, deltaMs, dates) }));
  const waitsFor = { dag: dagId, ...(tasks && { tasks }), ...(groups && { groups }) };
  return sensor({ id: `wait_for_${dagId}`, ...sensorOptions, waitsFor }, wait)();
}

function refuseEarly(what: string, wanted: Parameters<typeof trigger.runs>[0] | object): void {
  try {
    trigger.runs({ ...(wanted as { dag: string }), logicalDates: new Date(0) });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new MillraceError(
      "DAG_INVALID",
      `${what}: ${error.message.replace("trigger.runs: ", "")}`,
    );
  }
}

function datesOf(
  run: RunValue,
  deltaMs: number,
  dates: ExternalTaskSensorOptions["dates"],
): Instant | readonly Instant[] {
  if (dates !== undefined) return dates(run.logicalDate, run);
  if (run.logicalDate !== null) return new Date(run.logicalDate.getTime() - deltaMs);
  throw new FailTask(
    "The run has no logical date, so no run of another DAG has the same; say with the option dates which are meant.",
  );
}
