/** Argument expressions: a JSON array of values in which references stand for what is known only at run time. */

import { MillraceError } from "@millrace/engine";
import { bytesOf, parseTree } from "./codec.ts";
import { fromTree } from "./codec-decode.ts";
import { toTree, type Json } from "./codec-encode.ts";
import { referenceOf, type PathKey, type Reference } from "./reference.ts";
import { valueOfRun, type RunFacts } from "./run-facts.ts";

/** Encodes the arguments of one call; `onReference` sees every reference in them, in order. */
export function encodeArgs(
  args: readonly unknown[],
  what: string,
  onReference: (reference: Reference) => void,
): string {
  const replace = (value: object) => {
    const reference = referenceOf(value);
    if (reference === undefined) return undefined;
    onReference(reference);
    return treeOf(reference);
  };
  // Depth 1: the list of arguments is the first level.
  const trees = args.map((arg, index) =>
    toTree(arg, `argument ${index + 1} of ${what}`, { replace, depth: 1 }),
  );
  const text = JSON.stringify(trees);
  bytesOf(text, `the arguments of ${what}`);
  return text;
}

/**
 * The arguments a body is called with.
 *
 * @param inputs decoded values by task id; a task that is missing returned nothing, so its value is undefined.
 * @throws MillraceError VALUE_INVALID when the expression is malformed.
 */
export function resolveArgs(
  args: string | Uint8Array,
  inputs: ReadonlyMap<string, unknown>,
  run: RunFacts,
): unknown[] {
  const what = "the argument expression";
  const resolved = fromTree(parseTree(args, what), what, (tag, _what, tagged) => {
    if (tag === "task") {
      return follow(inputs.get(textOf(tagged["id"], what)), pathOf(tagged["path"], what));
    }
    if (tag === "run") return follow(valueOfRun(run), pathOf(tagged["path"], what));
    throw new MillraceError("VALUE_INVALID", `${what} has the unknown tag "${tag}"`);
  });
  if (!Array.isArray(resolved)) throw new MillraceError("VALUE_INVALID", `${what} is no list`);
  return resolved as unknown[];
}

function treeOf(reference: Reference): Json {
  const path = [...reference.path];
  return reference.kind === "task" ? { $: "task", id: reference.id, path } : { $: "run", path };
}

/** A step that leads nowhere gives undefined, and so does every step after it. */
function follow(value: unknown, path: readonly PathKey[]): unknown {
  return path.reduce<unknown>(step, value);
}

function step(value: unknown, key: PathKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Map) return (value as ReadonlyMap<unknown, unknown>).get(key);
  if (Array.isArray(value)) return typeof key === "number" ? (value as unknown[])[key] : undefined;
  // Own fields of plain objects only: a path never reaches a method or a prototype.
  if (value instanceof Date || value instanceof Set || value instanceof Uint8Array)
    return undefined;
  return Object.hasOwn(value, key) ? (value as Record<PathKey, unknown>)[key] : undefined;
}

function textOf(tree: Json | undefined, what: string): string {
  if (typeof tree === "string") return tree;
  throw new MillraceError("VALUE_INVALID", `${what} has a reference without a task id`);
}

function pathOf(tree: Json | undefined, what: string): PathKey[] {
  const isPath =
    Array.isArray(tree) &&
    tree.every(
      (key) => typeof key === "string" || (typeof key === "number" && Number.isInteger(key)),
    );
  if (!isPath) throw new MillraceError("VALUE_INVALID", `${what} has a reference without a path`);
  return tree as PathKey[];
}
