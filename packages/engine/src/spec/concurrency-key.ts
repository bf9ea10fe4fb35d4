/** Concurrency keys of runs: what their expressions say, and what they come to for given params. */

import {
  ArgsError,
  isJsonObject,
  isList,
  parseExpression,
  runReference,
  type Json,
} from "./args.ts";
import type { ConcurrencyKey } from "./spec.ts";

type Path = readonly (string | number)[];

/** The params that an expression refers to: itself, or each of a list; null when it is anything else. */
export function keyPaths(expression: string): readonly Path[] | null {
  try {
    const parsed = parseExpression(expression);
    const paths = (isList(parsed) ? parsed : [parsed]).map(runReference);
    const isSound =
      paths.length > 0 &&
      paths.every((path) => path !== null && path[0] === "params" && path.length > 1);
    return isSound ? (paths as Path[]) : null;
  } catch (error) {
    if (error instanceof ArgsError) return null;
    throw error;
  }
}

/**
 * The key of a run with these params (codec JSON), as text that is equal where the values are. What is missing counts as a value
 * of its own: such runs go one at a time as well.
 */
export function concurrencyKeyOf({ expression }: ConcurrencyKey, params: string): string {
  const paths = keyPaths(expression) ?? [];
  const values = parseExpression(params === "" ? "{}" : params);
  return JSON.stringify(paths.map((path) => sorted(follow(values, path.slice(1)))));
}

function follow(value: Json, path: Path): Json {
  let at: Json | undefined = value;
  for (const part of path) {
    const plain: Json | undefined = isJsonObject(at) && at["$"] === "object" ? at["v"] : at;
    if (isList(plain)) at = plain[Number(part)];
    else if (isJsonObject(plain) && Object.hasOwn(plain, part)) at = plain[part];
    else return null;
  }
  return at ?? null;
}

/** Fields in one order: objects that differ in it only are the same. */
function sorted(value: Json): Json {
  if (isList(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, sorted(one)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
