/** Rules for deadlines of tasks and DAGs. */

import { dagLimits } from "../spec/dag-limits.ts";
import type { Problems } from "../spec/problems.ts";
import type { DeadlineSpec } from "../spec/spec.ts";

/** @param at what they belong to, as a prefix of the field: `tasks["load"].`, or empty for the DAG */
export function checkDeadlines(
  deadlines: readonly DeadlineSpec[],
  at: string,
  problems: Problems,
): void {
  if (deadlines.length > dagLimits.deadlines)
    problems.add(
      `${at}deadlines`,
      `${deadlines.length} deadlines`,
      `the limit is ${dagLimits.deadlines}; keep those that somebody acts on`,
    );
  const names = new Set<string>();
  for (const [ordinal, deadline] of deadlines.entries()) {
    const field = `${at}deadlines[${ordinal}]`;
    checkDeadline(deadline, field, problems);
    if (names.has(deadline.name))
      problems.add(`${field}.name`, deadline.name, "another one has this name; give it its own");
    names.add(deadline.name);
  }
}

function checkDeadline(
  { name, reference, intervalMs }: DeadlineSpec,
  at: string,
  problems: Problems,
): void {
  if (name === "" || name.length > dagLimits.deadlineNameLength)
    problems.add(`${at}.name`, name, `a name has 1 to ${dagLimits.deadlineNameLength} characters`);
  if (!Number.isFinite(intervalMs) || Math.abs(intervalMs) > dagLimits.durationMs)
    problems.add(`${at}.interval`, `${intervalMs} ms`, "it is at most ten years, before or after");
  if (reference.kind === "fixed" && !Number.isSafeInteger(reference.at))
    problems.add(`${at}.at`, reference.at, "it is no moment; write a date");
  if (reference.kind !== "average_runtime") return;
  const { maxRuns, minRuns } = reference;
  if (!isCount(maxRuns))
    problems.add(
      `${at}.maxRuns`,
      maxRuns,
      `write a whole number from 1 to ${dagLimits.averagedRuns}`,
    );
  if (!isCount(minRuns) || minRuns > maxRuns)
    problems.add(`${at}.minRuns`, minRuns, `write a whole number from 1 to maxRuns (${maxRuns})`);
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= dagLimits.averagedRuns;
}
