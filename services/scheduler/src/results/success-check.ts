/** Checks what comes with a success against what was asked for: the engine decides by it, so nothing else may. */

import { outletProblem, type TaskSpec } from "@millrace/engine";
import { isBlobRef, listAt } from "@millrace/wire";
import { FailureKind } from "@millrace/wire/v1";
import type { Result, Succeeded } from "@millrace/wire/worker";
import { outletsSaid } from "../assets/outlet-events.ts";
import { deferralProblem } from "./deferral-check.ts";
import type { Version } from "../runs/run.ts";

/** Characters of the key of a value that a body leaves. */
const keyMax = 512;
/** Of a wrong key, what a message shows. */
const keyShownMax = 80;
/** Of a short circuit: what goes on. */
const goesOn = "continue";

/**
 * The result as it counts: a success whose choice or lengths cannot be, fails its attempt and says why. No retry would
 * help: the worker, or the task's code, is not what the DAG says.
 */
export function checkedResult(version: Version, ix: number, result: Result): Result {
  const message = problemOf(version, ix, result);
  if (message === null) return result;
  // Of a body that failed by itself its own failure says more; only what it left is refused.
  if (result.outcome.case === "failed") return { ...result, xcoms: {} };
  const outcome: Result["outcome"] = {
    case: "failed",
    value: {
      $typeName: "millrace.v1.Failure",
      kind: FailureKind.SETUP,
      type: "InvalidResult",
      message,
      stack: "",
      retryable: false,
    },
  };
  return { ...result, outcome, xcoms: {} };
}

function problemOf(version: Version, ix: number, { outcome, xcoms }: Result): string | null {
  const task = version.compiled.tasks[ix];
  if (task === undefined) return null;
  const wrongKey = keysProblem(task, xcoms);
  if (outcome.case === "deferred") return deferralProblem(task.id, outcome.value) ?? wrongKey;
  if (outcome.case !== "succeeded") return wrongKey;
  return (
    choiceProblem(task, outcome.value) ??
    lengthsProblem(version, ix, outcome.value) ??
    outletProblem(task, outletsSaid(outcome.value)) ??
    wrongKey
  );
}

/** Rows that the database refuses would hold up the whole run. */
function keysProblem({ id }: TaskSpec, xcoms: Result["xcoms"]): string | null {
  const wrong = Object.keys(xcoms).find(
    (key) => key === "" || key === "return_value" || key.length > keyMax || key.includes("\0"),
  );
  if (wrong === undefined) return null;
  const shown = JSON.stringify(wrong.slice(0, keyShownMax));
  return `"${id}" left a value under the key ${shown}; a key has 1 to ${keyMax} characters and is not "return_value".`;
}

function choiceProblem({ id, control, cases }: TaskSpec, { choice }: Succeeded): string | null {
  if (control === "none")
    return choice === undefined
      ? null
      : `The worker reported a choice for "${id}", which is neither a branch nor a short circuit.`;
  if (choice === undefined)
    return `The worker reported no choice for "${id}", which is a ${control.replace("_", " ")}; update its SDK.`;
  const known = control === "branch" ? cases.map((each) => each.name) : [goesOn];
  const unknown = choice.cases.find((name) => !known.includes(name));
  if (unknown === undefined) return null;
  const names = known.map((name) => `"${name}"`).join(", ");
  return `"${id}" chose "${unknown}", which is none of its cases; it may choose ${names}, several of them, or none.`;
}

/** A length that is not that of the list would promise instances elements that are not there. */
function lengthsProblem({ compiled }: Version, ix: number, succeeded: Succeeded): string | null {
  const paths = compiled.measures[ix] ?? [];
  const { lengths, returnValue } = succeeded;
  if (paths.length === 0 && lengths.length === 0) return null;
  const id = compiled.taskIds[ix] ?? "";
  if (lengths.length !== paths.length)
    return `The worker reported ${lengths.length} lengths for "${id}", of which ${paths.length} are asked for; update its SDK.`;
  // What is stored elsewhere is not looked into: its lengths are the worker's word.
  if (returnValue !== undefined && isBlobRef(returnValue.data)) {
    const isWrong = lengths.some((length) => length < 0);
    return isWrong ? `"${id}" is mapped over, and what it returned is no list; return one.` : null;
  }
  for (const [at, path] of paths.entries()) {
    const list = returnValue === undefined ? null : listAt(returnValue.data, path);
    const where = path.length === 0 ? "it" : `${JSON.stringify(path)} of it`;
    if (list === null) return `"${id}" is mapped over, and ${where} is no list; return one.`;
    const length = lengths[at] ?? -1;
    if (list.length !== length)
      return `The worker reported that ${where}, what "${id}" returned, has ${length} elements; it has ${list.length}.`;
  }
  return null;
}
