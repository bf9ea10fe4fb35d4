/** What a DAG's schedule does beside its times, in words. */

import { KeyBusy, Overlap, type DagSpec, type Schedule } from "@millrace/wire/v1";
import { durationMsOf, formatDuration, formatInstant, msOf, plural } from "./format.ts";
import { inputFacts } from "./input-words.ts";
import { deadlineNames } from "./task-limits.ts";

/** Pairs of a name and what it is; only what differs from a plain schedule. */
export function scheduleFacts(spec: DagSpec): readonly (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [];
  if (spec.schedule !== undefined) facts.push(["Runs", kindInWords(spec.schedule)]);
  const partition = spec.schedule === undefined ? null : partitionInWords(spec.schedule);
  if (partition !== null) facts.push(["Partition", partition]);
  facts.push(...inputFacts(spec));
  const [start, end] = [msOf(spec.startDate), msOf(spec.endDate)];
  if (start !== null) facts.push(["From", formatInstant(start, { zone: "UTC" })]);
  if (end !== null) facts.push(["Until", formatInstant(end, { zone: "UTC" })]);
  const kind = spec.schedule?.kind;
  const jitter = kind?.case === "cron" ? durationMsOf(kind.value.jitter) : null;
  if (jitter !== null && jitter > 0)
    facts.push([
      "Spread",
      `begins up to ${formatDuration(jitter)} later, so that DAGs share the load`,
    ]);
  // What is missed has been due: not so of assets, and of what follows the run before.
  const isDue =
    kind !== undefined &&
    kind.case !== "assets" &&
    kind.case !== "partitionedAssets" &&
    kind.case !== "continuous";
  if (isDue)
    facts.push(["Missed", spec.catchup ? "every one is made up" : "only the newest counts"]);
  if (spec.overlap === Overlap.FORBID) facts.push(["Overlap", "left out while one is not final"]);
  if (spec.overlap === Overlap.REPLACE) facts.push(["Overlap", "replaces the one before"]);
  const deadline = durationMsOf(spec.startingDeadline);
  if (deadline !== null) facts.push(["Too late", `after ${formatDuration(deadline)}`]);
  if (spec.maxConsecutiveFailedRuns > 0)
    facts.push(["Pauses", `after ${plural(spec.maxConsecutiveFailedRuns, "failed run")} in a row`]);
  if (spec.maxActiveTasksPerDag > 0)
    facts.push(["At a time", `${plural(spec.maxActiveTasksPerDag, "task")} over all runs`]);
  const key = keyInWords(spec.concurrencyKey);
  if (key !== "")
    facts.push(["One run", `for each ${key}; another ${busyWords(spec.whenKeyBusy)}`]);
  if (spec.deadlines.length > 0) facts.push(["Deadlines", deadlineNames(spec.deadlines)]);
  const kept = [
    ...(spec.keptSuccessfulRuns === undefined ? [] : [`${spec.keptSuccessfulRuns} successful`]),
    ...(spec.keptFailedRuns === undefined ? [] : [`${spec.keptFailedRuns} failed`]),
  ];
  if (kept.length > 0) facts.push(["History", `keeps ${kept.join(", ")}`]);
  return facts;
}

/** Of `{"$":"run","path":["params","customer"]}` "params.customer"; several are joined. Empty for none. */
function keyInWords(expression: Uint8Array): string {
  if (expression.length === 0) return "";
  const read: unknown = JSON.parse(new TextDecoder().decode(expression));
  const paths = (Array.isArray(read) ? read : [read]).map((one: unknown) =>
    typeof one === "object" && one !== null && "path" in one && Array.isArray(one.path)
      ? one.path.join(".")
      : JSON.stringify(one),
  );
  return paths.join(" and ");
}

function busyWords(rule: KeyBusy): string {
  if (rule === KeyBusy.CANCEL_NEWEST) return "is cancelled";
  return rule === KeyBusy.CANCEL_OLDEST ? "cancels the one before" : "waits";
}

function kindInWords({ kind }: Schedule): string {
  switch (kind.case) {
    case "cron":
      return kind.value.expressions.length > 1
        ? "at the times of any of the expressions"
        : "at each of these times";
    case "cronInterval":
      return "at the end of each interval between these times, about what was in it";
    case "delta":
      return "so long after the run before";
    case "deltaInterval":
      return "at the end of each interval of that length, about what was in it";
    case "once":
      return "once in all";
    case "continuous":
      return "again as soon as the run before has ended";
    case "events":
      return "at the dates that its code lists";
    case "assets":
      return "when assets are updated";
    case "partitionedAssets":
      return "when assets are updated, for each partition by itself";
    case "assetOrTime":
      return "when assets are updated, and at its times";
    case "custom":
      return "when a function of the DAG says";
    case undefined:
      return "by a rule that this console does not know";
  }
}

/** What the partition keys of runs are; null where the schedule gives none. */
function partitionInWords({ kind }: Schedule): string | null {
  const partition = kind.case === "cron" ? kind.value.partition : undefined;
  if (partition === undefined) return null;
  const { format, offset } = partition;
  const as = format === "" ? "the date" : `the date as ${format}`;
  if (offset === 0) return as;
  return `${as}, ${plural(Math.abs(offset), "step")} ${offset > 0 ? "later" : "earlier"}`;
}
