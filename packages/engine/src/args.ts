/** Reads argument expressions: JSON in which `{"$":"task",…}` and `{"$":"run",…}` stand for values (`docs/codec.md`). */

import { dagLimits } from "./dag-limits.ts";

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Where a task's arguments ask for the value of another task. */
export type TaskReference = {
  readonly taskId: string;
  readonly path: readonly (string | number)[];
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
 * Parses the text of a task's arguments and names the tasks it refers to, in order, without repeats.
 *
 * @throws ArgsError that says what is wrong
 */
export function readArgs(text: string): { args: readonly Json[]; taskIds: string[] } {
  const args = parseArgs(text);
  const taskIds = new Set<string>();
  for (const arg of args) collect(arg, taskIds, 1);
  return { args, taskIds: [...taskIds] };
}

/** The tasks that arguments refer to. Cheap for the many tasks that refer to none. */
export function referredTaskIds(text: string): string[] {
  return text.includes('"$"') ? readArgs(text).taskIds : [];
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

function parseArgs(text: string): readonly Json[] {
  let args: Json;
  try {
    args = JSON.parse(text) as Json;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ArgsError(`are not JSON (${why}); write a JSON array, "[]" for none`);
  }
  if (!Array.isArray(args)) throw new ArgsError('are not a JSON array; write "[]" for none');
  return args as readonly Json[];
}

function collect(expression: Json, into: Set<string>, depth: number): void {
  if (depth > dagLimits.argsDepth)
    throw new ArgsError(`are nested deeper than ${dagLimits.argsDepth} levels; flatten them`);
  if (Array.isArray(expression)) {
    for (const item of expression as readonly Json[]) collect(item, into, depth + 1);
    return;
  }
  if (!isJsonObject(expression)) return;
  const tag = expression["$"];
  if (tag === undefined) return collectValues(expression, into, depth);
  if (tag === "task") {
    const reference = taskReference(expression);
    if (reference) into.add(reference.taskId);
  } else if (tag === "run") {
    const [field] = readPath(expression["path"], "run reference");
    if (typeof field !== "string" || !runFields.has(field))
      throw new ArgsError(
        `refer to run.${String(field)}, which a run does not have; use one of ${[...runFields].join(", ")}`,
      );
  } else if (tag === "object") {
    // The one tag whose content may have a key "$" of its own, which is then plain data.
    const content = expression["v"];
    if (!isJsonObject(content)) throw new ArgsError('have {"$":"object"} without an object "v"');
    collectValues(content, into, depth);
  } else if (typeof tag === "string" && plainTags.has(tag)) {
    if (expression["v"] !== undefined) collect(expression["v"], into, depth + 1);
  } else {
    throw new ArgsError(
      `have the unknown tag ${JSON.stringify(tag)} under "$"; docs/codec.md lists the known ones`,
    );
  }
}

function collectValues(object: JsonObject, into: Set<string>, depth: number): void {
  for (const value of Object.values(object)) collect(value, into, depth + 1);
}

function readPath(path: Json | undefined, what: string): readonly (string | number)[] {
  if (path === undefined) return [];
  const isPath =
    Array.isArray(path) &&
    path.every((part) => typeof part === "string" || typeof part === "number");
  if (!isPath)
    throw new ArgsError(`have a ${what} whose "path" is not an array of strings and numbers`);
  return path;
}
