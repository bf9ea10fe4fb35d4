/** Whether a wait for another DAG is over, from what was found there. */

import type { Failure } from "../run/run.ts";
import type { EndState, ExternalFound, ExternalPart, ExternalRun, ExternalWait } from "./wait.ts";
import { endStates } from "./wait.ts";

export type ExternalVerdict =
  | { readonly kind: "waiting" }
  | { readonly kind: "fulfilled" }
  | { readonly kind: "skipped" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** What a run, a task or a group has come to, as far as a wait is concerned. */
type Judged = { readonly kind: "waiting" | "allowed" | "skipped" | "failed"; readonly why: string };

/**
 * A failure anywhere counts before a skip, and that before success. What is mapped, and a group, is as one: it has failed
 * as soon as one of its instances has; when all are final it has succeeded if one has, the others being skipped.
 */
export function judgeExternal(wait: ExternalWait, found: ExternalFound): ExternalVerdict {
  const missing = missingPart(wait, found);
  if (missing !== null) return failed(wait, missing, "ExternalMissing", false);
  if (wait.runId !== null && found.runs.length === 0) {
    const gone = `The run ${wait.runId} of DAG "${wait.dagId}" that it waited for does not exist any more.`;
    return failed(wait, gone, "ExternalMissing", true);
  }
  const judged = found.runs.flatMap((run) => judgeRun(wait, run));
  const broken = judged.find(({ kind }) => kind === "failed");
  if (broken !== undefined) return failed(wait, broken.why, "ExternalFailed", true);
  if (judged.some(({ kind }) => kind === "skipped")) return { kind: "skipped" };
  const wanted = wait.runId === null ? wait.logicalDates.length : 1;
  const isComplete = found.runs.length >= wanted && judged.every(({ kind }) => kind === "allowed");
  return { kind: isComplete ? "fulfilled" : "waiting" };
}

/** What does not exist and was to be checked, as a sentence; null when all is there. */
function missingPart(
  { dagId, checksExistence }: ExternalWait,
  { dag, unknownTaskIds, unknownGroupIds }: ExternalFound,
): string | null {
  if (!checksExistence) return null;
  const remedy = "correct the name, or wait for it all the same with checkExistence: false";
  if (dag === "missing") return `It waits for DAG "${dagId}", which does not exist; ${remedy}.`;
  if (dag === "inactive")
    return `It waits for DAG "${dagId}", whose file is not in its folder any more; put it back, or wait for it all the same with checkExistence: false.`;
  const named = [
    ...unknownTaskIds.map((id) => `task "${id}"`),
    ...unknownGroupIds.map((id) => `group "${id}"`),
  ];
  if (named.length === 0) return null;
  return `It waits for ${named.join(", ")} of DAG "${dagId}", which has none of this name; ${remedy}.`;
}

function failed(
  { softFail }: ExternalWait,
  message: string,
  type: string,
  retryable: boolean,
): ExternalVerdict {
  if (softFail) return { kind: "skipped" };
  const failure: Failure = {
    ...{ kind: "application", type, message, stack: "" },
    ...{ retryable, retryAfterMs: null },
  };
  return { kind: "failed", failure };
}

function judgeRun(wait: ExternalWait, run: ExternalRun): Judged[] {
  const about = `Run ${run.runName} of DAG "${wait.dagId}"`;
  if (run.parts.length === 0) return [judgeState(wait, endOfRun(run), `${about} is ${run.state}`)];
  return run.parts.map((part) => judgePart(wait, run, part, about));
}

function endOfRun({ state }: ExternalRun): EndState | null {
  return state === "success" || state === "failed" ? state : null;
}

function judgePart(
  wait: ExternalWait,
  run: ExternalRun,
  part: ExternalPart,
  about: string,
): Judged {
  const what = `${part.kind} "${part.id}"`;
  const isRunOver = endOfRun(run) !== null;
  if (!part.exists) {
    const why = `${about} has no ${what}`;
    return { kind: wait.isStrict ? "failed" : "waiting", why: `${why}.` };
  }
  const early = wait.failed.find((state) => (part.counts[state] ?? 0) > 0);
  if (early !== undefined)
    return {
      kind: "failed",
      why: `${upper(what)} of run ${run.runName} of DAG "${wait.dagId}" is ${early}.`,
    };
  const end = endOfPart(part);
  const why = `${upper(what)} of run ${run.runName} of DAG "${wait.dagId}" is ${end ?? "not final"}`;
  if (end === null && isRunOver && wait.isStrict)
    return { kind: "failed", why: `${why}, and the run is ${run.state}.` };
  return judgeState(wait, end, why);
}

function judgeState(wait: ExternalWait, end: EndState | null, why: string): Judged {
  const told = `${why}.`;
  if (end === null) return { kind: "waiting", why: told };
  if (wait.failed.includes(end)) return { kind: "failed", why: told };
  if (wait.skipped.includes(end)) return { kind: "skipped", why: told };
  if (wait.allowed.includes(end)) return { kind: "allowed", why: told };
  return { kind: wait.isStrict ? "failed" : "waiting", why: told };
}

/** How a task or a group as a whole has ended; null while one of its instances is not final. */
export function endOfPart({ counts }: Pick<ExternalPart, "counts">): EndState | null {
  const states = Object.keys(counts).filter(
    (state) => (counts[state] ?? 0) > 0 && state !== "removed",
  );
  if (states.length === 0) return null;
  if (!states.every((state) => (endStates as readonly string[]).includes(state))) return null;
  return worstFirst.find((state) => states.includes(state)) ?? null;
}

const worstFirst: readonly EndState[] = ["failed", "upstream_failed", "success", "skipped"];

function upper(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
