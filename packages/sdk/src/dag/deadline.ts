/** Deadlines: moments by which a run, or a task of it, is to have succeeded. */

import { dagLimits, type DeadlineReference, type DeadlineSpec } from "@millrace/engine";
import { signedDurationForms, signedDurationMs, type Duration } from "../options/duration.ts";
import type { Instant } from "../options/instant.ts";
import {
  instant,
  integer,
  readOptions,
  refuseOption,
  text,
  type Read,
} from "../options/read-options.ts";

const deadlineMark: unique symbol = Symbol.for("millrace.deadline");

/** What `deadline.afterLogicalDate(…)` and the like make. */
export type Deadline = { readonly [deadlineMark]: DeadlineSpec };

export type DeadlineOptions = {
  /** What people call it; unique among those of the DAG, or of the task. Default: what it says, such as "logical date + 2h". */
  readonly name?: string;
};

export type AverageDeadlineOptions = DeadlineOptions & {
  /** The average is that of so many of the newest runs. Default 10, at most 1000. */
  readonly maxRuns?: number;
  /** Without so many that have ended there is no deadline. Default: `maxRuns`. */
  readonly minRuns?: number;
};

type ReadDeadline = { name: string; maxRuns: number; minRuns: number };

const readName: Read<string> = (value, name) =>
  text(value, name) !== "" ? text(value, name) : refuseOption(name, value, "a name for people");
const count = integer(1, dagLimits.averagedRuns);
const averageReaders = { name: readName, maxRuns: count, minRuns: count };

const signed: Read<number> = (value, name) =>
  signedDurationMs(value) ?? refuseOption(name, value, signedDurationForms);

/**
 * Moments by which a run, or a task, is to have succeeded; for the option `deadline` of DAGs and tasks.
 *
 * @example dag("report", { schedule: "@daily", deadline: deadline.afterLogicalDate("8h"), onDeadlineMissed: page }, …)
 */
export const deadline = {
  /**
   * So long after the run's logical date; before it when negative ("-30m"). Runs without a logical date have no such deadline.
   *
   * @throws MillraceError DAG_INVALID
   */
  afterLogicalDate(interval: Duration, options: DeadlineOptions = {}): Deadline {
    const where = "deadline.afterLogicalDate";
    return make(where, "logical date", { kind: "logical_date" }, interval, options);
  },
  /**
   * So long after the run was made; when it is opened again, after that.
   *
   * @throws MillraceError DAG_INVALID
   */
  afterQueued(interval: Duration, options: DeadlineOptions = {}): Deadline {
    return make("deadline.afterQueued", "queued", { kind: "queued_at" }, interval, options);
  },
  /**
   * A date, the same for all runs.
   *
   * @throws MillraceError DAG_INVALID
   */
  at(moment: Instant, options: DeadlineOptions = {}): Deadline {
    const at = instant(moment, "deadline.at: moment");
    return make("deadline.at", new Date(at).toISOString(), { kind: "fixed", at }, "0s", options);
  },
  /**
   * So long after the moment at which the run would end if it took as long as runs do on average; of a task, at which the task
   * would.
   *
   * @example deadline.afterAverageRuntime("15m", { maxRuns: 20, minRuns: 5 })
   * @throws MillraceError DAG_INVALID
   */
  afterAverageRuntime(interval: Duration, options: AverageDeadlineOptions = {}): Deadline {
    const where = "deadline.afterAverageRuntime";
    const { maxRuns = 10, minRuns = maxRuns } = readOptions<ReadDeadline>(
      options,
      averageReaders,
      where,
    );
    if (minRuns > maxRuns)
      refuseOption(`${where}: option "minRuns"`, minRuns, `at most maxRuns, which is ${maxRuns}`);
    const reference: DeadlineReference = { kind: "average_runtime", maxRuns, minRuns };
    return make(where, "average runtime", reference, interval, { name: options.name });
  },
} as const;

function make(
  where: string,
  base: string,
  reference: DeadlineReference,
  interval: Duration,
  options: { readonly name?: string | undefined },
): Deadline {
  const intervalMs = signed(interval, `${where}: interval`);
  const { name } = readOptions<Pick<ReadDeadline, "name">>(options, { name: readName }, where);
  const spec = { name: name ?? nameOf(base, interval, intervalMs), reference, intervalMs };
  return { [deadlineMark]: spec };
}

/** In the words in which it was written. */
function nameOf(base: string, interval: Duration, intervalMs: number): string {
  if (intervalMs === 0) return base;
  const written =
    typeof interval === "string"
      ? interval.replace("-", "")
      : Object.entries(interval)
          .map(([unit, n]) => `${Math.abs(n)} ${unit}`)
          .join(" ");
  return `${base} ${intervalMs < 0 ? "-" : "+"} ${written}`;
}

/** One deadline, or several. */
export type Deadlines = Deadline | readonly Deadline[];

export const readDeadlines: Read<readonly DeadlineSpec[]> = (value, name) => {
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  return all.map((one) =>
    typeof one === "object" && one !== null && deadlineMark in one
      ? (one as Deadline)[deadlineMark]
      : refuseOption(name, one, 'such as deadline.afterLogicalDate("2h"), or a list of these'),
  );
};
