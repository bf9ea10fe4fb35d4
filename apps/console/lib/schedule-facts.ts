/** What a DAG's schedule does beside its times, in words. */

import { Overlap, type DagSpec, type Schedule } from "@millrace/wire/v1";
import { durationMsOf, formatDuration, formatInstant, msOf, plural } from "./format.ts";

/** Pairs of a name and what it is; only what differs from a plain schedule. */
export function scheduleFacts(spec: DagSpec): readonly (readonly [string, string])[] {
  const facts: [string, string][] = [];
  if (spec.schedule !== undefined) facts.push(["Runs", kindInWords(spec.schedule)]);
  const [start, end] = [msOf(spec.startDate), msOf(spec.endDate)];
  if (start !== null) facts.push(["From", formatInstant(start, { zone: "UTC" })]);
  if (end !== null) facts.push(["Until", formatInstant(end, { zone: "UTC" })]);
  if (spec.schedule !== undefined)
    facts.push(["Missed", spec.catchup ? "every one is made up" : "only the newest counts"]);
  if (spec.overlap === Overlap.FORBID) facts.push(["Overlap", "left out while one is not final"]);
  if (spec.overlap === Overlap.REPLACE) facts.push(["Overlap", "replaces the one before"]);
  const deadline = durationMsOf(spec.startingDeadline);
  if (deadline !== null) facts.push(["Too late", `after ${formatDuration(deadline)}`]);
  if (spec.maxConsecutiveFailedRuns > 0)
    facts.push(["Pauses", `after ${plural(spec.maxConsecutiveFailedRuns, "failed run")} in a row`]);
  const kept = [
    ...(spec.keptSuccessfulRuns === undefined ? [] : [`${spec.keptSuccessfulRuns} successful`]),
    ...(spec.keptFailedRuns === undefined ? [] : [`${spec.keptFailedRuns} failed`]),
  ];
  if (kept.length > 0) facts.push(["History", `keeps ${kept.join(", ")}`]);
  return facts;
}

function kindInWords({ kind }: Schedule): string {
  switch (kind.case) {
    case "cron":
      return kind.value.expressions.length > 1
        ? "at the instants of any of the expressions"
        : "at the instants of the expression";
    case "cronInterval":
      return "about the intervals between the instants, each when it has ended";
    case "delta":
      return "so long after the run before";
    case "deltaInterval":
      return "about intervals so long, each when it has ended";
    case "once":
      return "once in all";
    case "continuous":
      return "again as soon as the run before has ended";
    case "events":
      return "at named moments";
    case "assets":
      return "when assets are updated";
    case "assetOrTime":
      return "when assets are updated, and at its times";
    case "custom":
      return "when a function of the DAG says";
    case undefined:
      return "by a rule that this console does not know";
  }
}
