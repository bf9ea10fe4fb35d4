/** What `trigger.runs` is told, read; and what it brings. */

import { endStates, deferralLimits, type EndState, type ExternalWait } from "@millrace/engine";
import { instantForms, instantMs, type Instant } from "../options/instant.ts";
import { refuseField } from "../options/refuse-field.ts";
import { dagForms, dagIdOf, type DagRef } from "./dag-ref.ts";

/** How runs and task instances end. No run is skipped or upstream_failed. */
export type { EndState } from "@millrace/engine";

type Which =
  /** This run. */
  | { readonly runId: string; readonly logicalDates?: never }
  /** The runs with these logical dates; each of them has to be there. */
  | { readonly logicalDates: Instant | readonly Instant[]; readonly runId?: never };

export type RunsOptions = Which & {
  readonly dag: DagRef;
  /** Tasks in these runs. A mapped one counts as one: it has failed once an instance has. Default: the runs as a whole. */
  readonly tasks?: readonly string[];
  /** Groups in these runs, each of which counts as one. */
  readonly groups?: readonly string[];
  /** The wait ends once everything is in one of these. Default ["success"]. */
  readonly allowedStates?: readonly EndState[];
  /**
   * The wait fails, and is retried as any failure, once something is in one of these. Default: every other state, and also
   * when a run has ended without everything in it having run. [] waits on for somebody to clear what failed.
   */
  readonly failedStates?: readonly EndState[];
  /** The task is skipped once something is in one of these. Default []. */
  readonly skippedStates?: readonly EndState[];
  /** Skips where it would fail. Default false. */
  readonly softFail?: boolean;
  /** Fails at once, and for good, when there is no such DAG, task or group. Default true. */
  readonly checkExistence?: boolean;
};

/** A run that was waited for. */
export type EndedRun = {
  readonly dagId: string;
  readonly runId: string;
  /** Unique within its DAG. */
  readonly runName: string;
  readonly logicalDate: Date | null;
  readonly state: "queued" | "running" | "success" | "failed";
};

/** @throws MillraceError FIELD_INVALID */
export function externalWait(options: RunsOptions, what = "trigger.runs"): ExternalWait {
  const { dag, runId, logicalDates, softFail = false, checkExistence = true } = options;
  const dagId = dagIdOf(dag) ?? refuseField(`${what}: dag`, dag, dagForms);
  if ((runId === undefined) === (logicalDates === undefined))
    refuseField(`${what}: runId`, runId, "given, or else logicalDates");
  if (runId !== undefined && (typeof runId !== "string" || runId === ""))
    refuseField(`${what}: runId`, runId, "the id of a run");
  const allowed = states(options.allowedStates, ["success"], `${what}: allowedStates`);
  const skipped = states(options.skippedStates, [], `${what}: skippedStates`);
  const rest = endStates.filter((state) => ![...allowed, ...skipped].includes(state));
  const failed = states(options.failedStates, rest, `${what}: failedStates`);
  refuseTwice({ allowedStates: allowed, failedStates: failed, skippedStates: skipped }, what);
  if (allowed.length === 0)
    refuseField(`${what}: allowedStates`, allowed, `at least one of ${endStates.join(", ")}`);
  return {
    dagId,
    runId: runId ?? null,
    logicalDates: logicalDates === undefined ? [] : dates(logicalDates, `${what}: logicalDates`),
    taskIds: ids(options.tasks, `${what}: tasks`),
    groupIds: ids(options.groups, `${what}: groups`),
    ...{ allowed, failed, skipped },
    isStrict: options.failedStates === undefined,
    softFail,
    checksExistence: checkExistence,
  };
}

function states(
  given: readonly EndState[] | undefined,
  fallback: readonly EndState[],
  field: string,
): readonly EndState[] {
  if (given === undefined) return fallback;
  const isStates = Array.isArray(given) && given.every((one: EndState) => endStates.includes(one));
  if (!isStates) return refuseField(field, given, `a list of ${endStates.join(", ")}`);
  return [...new Set<EndState>(given)];
}

/** What is in two lists would mean two things. */
function refuseTwice(lists: Readonly<Record<string, readonly EndState[]>>, what: string): void {
  const seen = new Map<EndState, string>();
  for (const [name, list] of Object.entries(lists))
    for (const state of list) {
      const other = seen.get(state);
      if (other !== undefined)
        refuseField(`${what}: ${name}`, list, `without ${state}, which is in ${other}`);
      seen.set(state, name);
    }
}

function dates(given: Instant | readonly Instant[], field: string): readonly number[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const { externalDates } = deferralLimits;
  if (list.length === 0 || list.length > externalDates)
    refuseField(field, list.length, `1 to ${externalDates} dates`);
  return [...new Set(list.map((one) => instantMs(one) ?? refuseField(field, one, instantForms)))];
}

function ids(given: readonly string[] | undefined, field: string): readonly string[] {
  if (given === undefined) return [];
  const isIds = Array.isArray(given) && given.every((one) => typeof one === "string" && one !== "");
  if (!isIds || given.length > deferralLimits.externalParts)
    refuseField(field, given, `a list of at most ${deferralLimits.externalParts} ids`);
  return [...new Set<string>(given)];
}

/** For people, in a few words. */
export function waitSummary({
  dagId,
  runId,
  logicalDates,
  taskIds,
  groupIds,
}: ExternalWait): string {
  const parts = [...taskIds, ...groupIds].join(", ");
  const which = runId ?? logicalDates.map((date) => new Date(date).toISOString()).join(", ");
  return `${parts === "" ? "" : `${parts} in `}${dagId} ${which}`;
}
