/** Argument expressions: a JSON array of values in which references stand for what is known only at run time. */

import { MillraceError } from "@millrace/engine";
import { bytesOf, parseTree } from "../codec/codec.ts";
import { fromTree } from "../codec/decode.ts";
import { toTree, type Json, type Replace } from "../codec/encode.ts";
import type { PathKey } from "../wiring/reference.ts";
import { valueOfRun, type RunFacts } from "./run-facts.ts";

/** Encodes the arguments of one call; `replace` gives the expression for what is known only at run time. */
export function encodeArgs(args: readonly unknown[], what: string, replace: Replace): string {
  // Depth 1: the list of arguments is the first level.
  const trees = args.map((arg, index) =>
    toTree(arg, `argument ${index + 1} of ${what}`, { replace, depth: 1 }),
  );
  const text = JSON.stringify(trees);
  bytesOf(text, `the arguments of ${what}`);
  return text;
}

const noItems: ReadonlyMap<string, unknown> = new Map();

/**
 * The arguments a body is called with.
 *
 * @param inputs decoded values by task id; a task that is missing returned nothing, so its value is undefined.
 * @param items decoded elements of the mappings around the instance, by "<task or group id>/<number of the source>".
 * @throws MillraceError VALUE_INVALID when the expression is malformed.
 */
export function resolveArgs(
  args: string | Uint8Array,
  inputs: ReadonlyMap<string, unknown>,
  run: RunFacts,
  items: ReadonlyMap<string, unknown> = noItems,
): unknown[] {
  const what = "the argument expression";
  const resolveTask = (tagged: Tagged): unknown =>
    follow(inputs.get(textOf(tagged["id"], what)), pathOf(tagged["path"], what));
  const resolved = fromTree(parseTree(args, what), what, (tag, _what, tagged) => {
    switch (tag) {
      case "task":
        return resolveTask(tagged);
      case "run":
        return follow(valueOfRun(run), pathOf(tagged["path"], what));
      case "item": {
        const key = `${textOf(tagged["of"], what)}/${numberOf(tagged["n"], what)}`;
        if (items.has(key)) return follow(items.get(key), pathOf(tagged["path"], what));
        throw new MillraceError(
          "VALUE_INVALID",
          `${what} asks for the element "${key}", which is missing`,
        );
      }
      case "first": {
        const references = referencesOf(tagged["of"], what);
        const present = references.filter((one) => inputs.has(textOf(one["id"], what)));
        // A mapped task in a case that was not taken has left an empty list.
        const isFull = (one: Tagged) => !isEmptyList(inputs.get(textOf(one["id"], what)));
        const found = present.find(isFull) ?? present[0];
        return found && resolveTask(found);
      }
      default:
        throw new MillraceError("VALUE_INVALID", `${what} has the unknown tag "${tag}"`);
    }
  });
  if (!Array.isArray(resolved)) throw new MillraceError("VALUE_INVALID", `${what} is no list`);
  return resolved as unknown[];
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** A step that leads nowhere gives undefined, and so does every step after it. */
export function follow(value: unknown, path: readonly PathKey[]): unknown {
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

/**
 * How long the list at a path of a value is; -1 when there is none. Tells how many instances a task gets that maps
 * over it.
 */
export function lengthAt(value: unknown, path: readonly PathKey[]): number {
  const found = follow(value, path);
  return Array.isArray(found) ? found.length : -1;
}

type Tagged = { readonly [key: string]: Json };

/** Of "first": a list of task references, read to the end, so that a wrong one is found whichever is chosen. */
function referencesOf(tree: Json | undefined, what: string): Tagged[] {
  const references: readonly Json[] = Array.isArray(tree) ? tree : [null];
  return references.map((one) => {
    const isTask =
      typeof one === "object" && one !== null && !Array.isArray(one) && one["$"] === "task";
    if (!isTask)
      throw new MillraceError("VALUE_INVALID", `${what} has a "first" of no task references`);
    textOf(one["id"], what);
    pathOf(one["path"], what);
    return one;
  });
}

function numberOf(tree: Json | undefined, what: string): number {
  if (typeof tree === "number" && Number.isInteger(tree) && tree >= 0) return tree;
  throw new MillraceError("VALUE_INVALID", `${what} has an item reference without a number`);
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
