/** What can be wrong with a DAG, collected up to a limit. */

import { dagLimits } from "./dag-limits.ts";
import type { ReasonName } from "../errors.ts";

/** One thing that is wrong: `message` names the field, the value and the remedy, for people. */
export type Problem = {
  readonly reason: ReasonName;
  /** Path in the DagSpec, such as `tasks["load"].retries`. */
  readonly field: string;
  readonly value: string;
  readonly message: string;
};

export type Problems = {
  readonly list: Problem[];
  /** `what` completes the sentence "<field> is <value>: …" and ends without a full stop. */
  add(field: string, value: unknown, what: string, reason?: ReasonName): void;
};

const shownLength = 120;

export function collectProblems(): Problems {
  const list: Problem[] = [];
  return {
    list,
    add(field, value, what, reason = "DAG_INVALID") {
      if (list.length >= dagLimits.problems) return;
      const shown = show(value);
      list.push({ reason, field, value: shown, message: `${field} is ${shown}: ${what}.` });
    },
  };
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = typeof value === "string" && value !== "" ? value : showOther(value);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

/** JSON has no word for numbers such as NaN. */
function showOther(value: unknown): string {
  return typeof value === "number" ? `${value}` : (JSON.stringify(value) ?? typeof value);
}
