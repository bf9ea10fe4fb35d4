/** Checks what comes with a success against what was asked for: the engine decides by it, so nothing else may. */

import type { TaskSpec } from "@millrace/engine";
import { FailureKind } from "@millrace/wire/v1";
import type { Result, Succeeded } from "@millrace/wire/worker";
import { listAt } from "./json-list.ts";
import type { Version } from "./run.ts";

/** Characters of the key of a value that a body leaves. */
const keyMax = 250;
/** Of a short circuit: what goes on. */
const goesOn = "continue";

/**
 * The result as it counts: a success whose choice or lengths cannot be, fails its attempt and says why. No retry would
 * help: the worker, or the task's code, is not what the DAG says.
 */
export function checkedResult(version: Version, ix: number, result: Result): Result {
  if (result.outcome.case !== "succeeded") return result;
  const { value } = result.outcome;
  const message = problemOf(version, ix, value);
  if (message === null) return result;
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
  return { ...result, outcome };
}

function problemOf(version: Version, ix: number, succeeded: Succeeded): string | null {
  const task = version.compiled.tasks[ix];
  if (task === undefined) return null;
  return (
    choiceProblem(task, succeeded) ??
    lengthsProblem(version, ix, succeeded) ??
    keysProblem(task, succeeded)
  );
}

/** Rows that the database refuses would hold up the whole run. */
function keysProblem({ id }: TaskSpec, { xcoms }: Succeeded): string | null {
  const wrong = Object.keys(xcoms).find(
    (key) => key === "" || key === "return_value" || key.length > keyMax || key.includes("\0"),
  );
  if (wrong === undefined) return null;
  const shown = JSON.stringify(wrong.slice(0, keyMax));
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
