/**
 * Reads argument expressions: JSON in which `{"$":"task",…}`, `{"$":"first",…}`, `{"$":"item",…}` and `{"$":"run",…}`
 * stand for values (`docs/codec.md`).
 */

import { dagLimits } from "./dag-limits.ts";

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Where a task's arguments ask for the value of another task. */
export type TaskReference = {
  readonly taskId: string;
  readonly path: readonly (string | number)[];
};

/** Where a task's arguments ask for the element of a mapping that its instance is about. */
export type ItemReference = {
  /** The mapped task itself, or a mapped group around it. */
  readonly of: string;
  /** Which of its sources, counted over all axes. */
  readonly n: number;
  readonly path: readonly (string | number)[];
};

/** What an expression refers to, in order, without repeats. */
export type References = {
  readonly taskIds: readonly string[];
  readonly items: readonly Omit<ItemReference, "path">[];
  readonly refersToRun: boolean;
};

const runFields = new Set([
  "ds",
  "ts",
  "logicalDate",
  "dataInterval",
  "runAfter",
  "params",
  "id",
  "name",
  "dagId",
  "type",
  "dagVersion",
]);
const plainTags = new Set(["date", "bigint", "bytes", "map", "set", "undefined", "number"]);

/** Thrown inside this module's callers only; `message` completes "args …". */
export class ArgsError extends Error {}

/**
 * Parses the text of a task's arguments and names what they refer to.
 *
 * @throws ArgsError that says what is wrong
 */
export function readArgs(text: string): References & { readonly args: readonly Json[] } {
  const args = parseExpression(text);
  if (!isList(args)) throw new ArgsError('are not a JSON array; write "[]" for none');
  return { args, ...referencesOf(args) };
}

/** The tasks that arguments refer to. Cheap for the many tasks that refer to none. */
export function referredTaskIds(text: string): readonly string[] {
  return text.includes('"$"') ? readArgs(text).taskIds : [];
}

/**
 * What a list of expressions refers to.
 *
 * @throws ArgsError that says what is wrong
 */
export function referencesOf(expressions: readonly Json[]): References {
  const found: Found = { taskIds: new Set(), items: new Map(), refersToRun: false };
  for (const one of expressions) collect(one, found, 1);
  const { refersToRun } = found;
  return { taskIds: [...found.taskIds], items: [...found.items.values()], refersToRun };
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The reference that an expression is, or null when it is something else. */
export function taskReference(expression: Json): TaskReference | null {
  if (!isJsonObject(expression) || expression["$"] !== "task") return null;
  const { id, path } = expression;
  if (typeof id !== "string")
    throw new ArgsError('have a task reference without "id"; write {"$":"task","id":"…"}');
  return { taskId: id, path: readPath(path, "task reference") };
}

/** The item reference that an expression is, or null when it is something else. */
export function itemReference(expression: Json): ItemReference | null {
  if (!isJsonObject(expression) || expression["$"] !== "item") return null;
  const { of, n, path } = expression;
  if (typeof of !== "string" || typeof n !== "number" || !Number.isInteger(n) || n < 0)
    throw new ArgsError(
      'have an item reference without "of" and "n"; write {"$":"item","of":"…","n":0}',
    );
  return { of, n, path: readPath(path, "item reference") };
}

/** The path into the run that an expression is, or null when it is something else. */
export function runReference(expression: Json): readonly (string | number)[] | null {
  if (!isJsonObject(expression) || expression["$"] !== "run") return null;
  const path = readPath(expression["path"], "run reference");
  const [field] = path;
  if (typeof field !== "string" || !runFields.has(field))
    throw new ArgsError(
      `refer to run.${String(field)}, which a run does not have; use one of ${[...runFields].join(", ")}`,
    );
  return path;
}

/** @throws ArgsError for text that is not JSON */
export function parseExpression(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ArgsError(`are not JSON (${why}); write a JSON array, "[]" for none`);
  }
}

type Found = {
  readonly taskIds: Set<string>;
  readonly items: Map<string, Omit<ItemReference, "path">>;
  refersToRun: boolean;
};

function collect(expression: Json, into: Found, depth: number): void {
  if (depth > dagLimits.argsDepth)
    throw new ArgsError(`are nested deeper than ${dagLimits.argsDepth} levels; flatten them`);
  if (isList(expression)) {
    for (const item of expression) collect(item, into, depth + 1);
    return;
  }
  if (!isJsonObject(expression)) return;
  const tag = expression["$"];
  if (tag === undefined) return collectValues(expression, into, depth);
  if (tag === "object") {
    // The one tag whose content may have a key "$" of its own, which is then plain data.
    const content = expression["v"];
    if (!isJsonObject(content)) throw new ArgsError('have {"$":"object"} without an object "v"');
    collectValues(content, into, depth);
  } else if (typeof tag === "string" && plainTags.has(tag)) {
    if (expression["v"] !== undefined) collect(expression["v"], into, depth + 1);
  } else if (!collectReference(expression, into)) {
    throw new ArgsError(
      `have the unknown tag ${JSON.stringify(tag)} under "$"; docs/codec.md lists the known ones`,
    );
  }
}

function collectReference(expression: JsonObject, into: Found): boolean {
  const task = taskReference(expression);
  if (task) into.taskIds.add(task.taskId);
  const item = itemReference(expression);
  if (item) into.items.set(`${item.of}/${item.n}`, { of: item.of, n: item.n });
  const run = runReference(expression);
  if (run) into.refersToRun = true;
  const choices = firstReferences(expression);
  for (const { taskId } of choices ?? []) into.taskIds.add(taskId);
  return task !== null || item !== null || run !== null || choices !== null;
}

/** The tasks that an expression takes the first value of, or null when it is something else. */
function firstReferences(expression: JsonObject): readonly TaskReference[] | null {
  if (expression["$"] !== "first") return null;
  const { of } = expression;
  const references = isList(of) ? of.map(taskReference) : [];
  if (references.length === 0 || references.includes(null))
    throw new ArgsError(
      'have a "first" that is not about task references; write {"$":"first","of":[{"$":"task","id":"…"}]}',
    );
  return references as TaskReference[];
}

function collectValues(object: JsonObject, into: Found, depth: number): void {
  for (const value of Object.values(object)) collect(value, into, depth + 1);
}

function readPath(path: Json | undefined, what: string): readonly (string | number)[] {
  if (path === undefined) return [];
  const isPath =
    isList(path) && path.every((part) => typeof part === "string" || typeof part === "number");
  if (!isPath)
    throw new ArgsError(`have a ${what} whose "path" is not an array of strings and numbers`);
  return path;
}
