/** Rules for arguments: what they refer to exists, is waited for, and has the type that is asked for. */

import type { ItemReference, Json, JsonObject } from "../spec/args.ts";
import { ArgsError, readArgs } from "../spec/args.ts";
import { dagLimits } from "../spec/dag-limits.ts";
import type { Mismatch } from "../spec/json-schema.ts";
import { argMismatch, readSchema, schemaAtPath } from "../spec/json-schema.ts";
import { isListFor, scopesFrom } from "../graph/map-scope.ts";
import { readSource } from "../graph/map-source.ts";
import type { MapAxis, TaskSpec } from "../spec/spec.ts";
import type { SpecFacts } from "./facts.ts";

type Schemas = ReadonlyMap<string, Json>;

export function checkArgs(facts: SpecFacts): void {
  const { spec, tasks, reach, problems } = facts;
  const schemas = resultSchemas(facts);
  for (const task of spec.tasks) {
    if (task.args === "[]") continue;
    const field = `tasks["${task.id}"].args`;
    if (task.args.length > dagLimits.argsBytes) {
      const remedy = `the limit is ${dagLimits.argsBytes}; let a task return large values instead`;
      problems.add(field, `${task.args.length} characters`, remedy, "VALUE_TOO_LARGE");
      continue;
    }
    const read = readOrReport(task, field, facts);
    if (!read) continue;
    for (const id of read.taskIds) {
      if (!tasks.has(id))
        problems.add(field, id, "the arguments refer to a task that the DAG does not have");
      else if (!reach.isDirect(id, task.id))
        problems.add(
          field,
          id,
          `the arguments need the value of "${id}", but no edge waits for it; add the edge ${id} → ${task.id}`,
        );
    }
    for (const item of read.items) checkItem(task, item, field, facts);
    checkTypes(task, read.args, schemas, facts);
  }
}

function readOrReport(
  task: TaskSpec,
  field: string,
  { problems }: SpecFacts,
): ReturnType<typeof readArgs> | null {
  try {
    return readArgs(task.args);
  } catch (error) {
    if (!(error instanceof ArgsError)) throw error;
    problems.add(field, task.args, `the arguments ${error.message}`);
    return null;
  }
}

function checkItem(
  task: TaskSpec,
  { of, n }: Omit<ItemReference, "path">,
  field: string,
  facts: SpecFacts,
): void {
  const { problems } = facts;
  const each = eachOf(task, of, facts);
  if (!each) {
    problems.add(
      field,
      `item ${n} of ${of}`,
      `the arguments ask for an element of "${of}", which is neither this task, mapped, nor a mapped group around it; ` +
        "refer to the value of a task instead",
    );
    return;
  }
  const count = each.reduce((sum, { sources }) => sum + sources.length, 0);
  if (n >= count)
    problems.add(
      field,
      `item ${n} of ${of}`,
      `"${of}" is mapped over ${count} ${count === 1 ? "list" : "lists"}, which are counted from 0; use a number below ${count}`,
    );
}

/** The mapping that an item reference of a task names; null when that is not one the task is in. */
function eachOf(task: TaskSpec, of: string, { scopes }: SpecFacts): readonly MapAxis[] | null {
  if (of === task.id) return task.each.length > 0 ? task.each : null;
  for (const { group } of scopesFrom(scopes.ofTask(task))) if (group.id === of) return group.each;
  return null;
}

function resultSchemas({ spec }: SpecFacts): Schemas {
  const schemas = new Map<string, Json>();
  for (const task of spec.tasks) {
    const schema = task.resultSchema === null ? null : readSchema(task.resultSchema);
    if (schema !== null) schemas.set(task.id, schema);
  }
  return schemas;
}

function checkTypes(
  task: TaskSpec,
  args: readonly Json[],
  schemas: Schemas,
  facts: SpecFacts,
): void {
  if (schemas.size === 0) return;
  const given = {
    ofTask: (id: string) => valueSchema(id, task, schemas, facts),
    ofItem: (item: ItemReference) => itemSchema(task, item, schemas, facts),
  };
  for (const [ix, arg] of args.entries()) {
    const text = task.argSchemas[ix];
    const wanted =
      text === undefined || text === null ? undefined : (readSchema(text) ?? undefined);
    const wrong = argMismatch(arg, wanted, given);
    if (wrong)
      facts.problems.add(
        `tasks["${task.id}"].args[${ix}]`,
        wrong.giver,
        sayMismatch(wrong.giver, wrong, ix),
      );
  }
}

/** What a task sees of another's value: of a mapped one, the list of its results. */
function valueSchema(
  id: string,
  reader: TaskSpec,
  schemas: Schemas,
  { tasks, scopes }: SpecFacts,
): Json | undefined {
  const schema = schemas.get(id);
  const task = tasks.get(id);
  if (schema === undefined || !task) return undefined;
  return isListFor(scopes, task, reader) ? listOf(schema) : schema;
}

function listOf(items: Json): JsonObject {
  return { type: "array", items };
}

/** What one element is of the list that a mapping walks over; undefined when that is not known. */
function itemSchema(
  task: TaskSpec,
  { of, n }: ItemReference,
  schemas: Schemas,
  facts: SpecFacts,
): Json | undefined {
  const text = eachOf(task, of, facts)?.flatMap(({ sources }) => sources)[n];
  if (text === undefined) return undefined;
  const source = sourceOf(text);
  const giver = source?.kind === "task" ? facts.tasks.get(source.taskId) : undefined;
  const schema = giver && schemas.get(giver.id);
  if (source?.kind !== "task" || !giver || schema === undefined) return undefined;
  // Of a mapped task each result is an element.
  if (giver.each.length > 0 || facts.scopes.ofTask(giver) !== null) return schema;
  const list = schemaAtPath(schema, source.path);
  if ("gives" in list) return undefined;
  const element = schemaAtPath(list.schema, [0]);
  return "gives" in element ? undefined : element.schema;
}

/** Null for what `checkMappings` reports. */
function sourceOf(text: string): ReturnType<typeof readSource> | null {
  try {
    return readSource(text);
  } catch (error) {
    if (!(error instanceof ArgsError)) throw error;
    return null;
  }
}

function sayMismatch(giver: string, { at, gives, wants }: Mismatch, ix: number): string {
  const where = at === "" ? `argument ${ix + 1}` : `"${at}" of argument ${ix + 1}`;
  return `${where} takes ${wants}, but "${giver}" gives ${gives}; change one of the two, or select another field`;
}
