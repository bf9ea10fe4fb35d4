/** `concurrencyKey`: a function of params, run once when the DAG is compiled, whose answer says which params make the key. */

import { MillraceError } from "@millrace/engine";
import { refuseOption, type Read } from "../options/read-options.ts";
import { referenceOf, referenceTree, type Reference } from "../wiring/reference.ts";
import { makeParams } from "../wiring/run-refs.ts";

const remedy = "a function that gives a param, or a list of params: (params) => params.customer";

/** The expression that the function comes to. */
export const readConcurrencyKey: Read<string> = (value, name) => {
  if (typeof value !== "function") return refuseOption(name, value, remedy);
  const answer = ask(value as (params: unknown) => unknown, name);
  const all: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  const trees = all.map((one) => {
    const reference = referenceOf(one);
    if (reference === undefined || !isParam(reference))
      throw new MillraceError(
        "DAG_INVALID",
        `${name} gives ${one === undefined ? "nothing" : "something that is no param"}; it must be ${remedy}. It is asked when the DAG is compiled, and not about a run's values`,
        { metadata: { field: name } },
      );
    return referenceTree(reference);
  });
  if (trees.length === 0) return refuseOption(name, answer, remedy);
  return JSON.stringify(Array.isArray(answer) ? trees : trees[0]);
};

function ask(key: (params: unknown) => unknown, name: string): unknown {
  try {
    return key(makeParams());
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new MillraceError(
      "DAG_INVALID",
      `${name} threw when the DAG was compiled: ${problem}; it must be ${remedy}`,
      { cause: error, metadata: { field: name } },
    );
  }
}

function isParam(reference: Reference): boolean {
  return reference.kind === "run" && reference.path[0] === "params" && reference.path.length > 1;
}
