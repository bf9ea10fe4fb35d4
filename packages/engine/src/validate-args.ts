/** Rules for arguments: what they refer to exists, is waited for, and has the type that is asked for. */

import type { Json } from "./args.ts";
import { ArgsError, readArgs } from "./args.ts";
import { dagLimits } from "./dag-limits.ts";
import type { Mismatch } from "./json-schema.ts";
import { argMismatch, readSchema } from "./json-schema.ts";
import type { Problems } from "./problems.ts";
import type { DagSpec, TaskSpec } from "./spec.ts";

export function checkArgs(spec: DagSpec, ids: ReadonlySet<string>, problems: Problems): void {
  const edges = new Set(spec.edges.map((edge) => `${edge.from} → ${edge.to}`));
  const schemas = resultSchemas(spec);
  for (const task of spec.tasks) {
    if (task.args === "[]") continue;
    const field = `tasks["${task.id}"].args`;
    if (task.args.length > dagLimits.argsBytes) {
      const remedy = `the limit is ${dagLimits.argsBytes}; let a task return large values instead`;
      problems.add(field, `${task.args.length} characters`, remedy, "VALUE_TOO_LARGE");
      continue;
    }
    const read = readOrReport(task, field, problems);
    if (!read) continue;
    for (const id of read.taskIds) {
      if (!ids.has(id))
        problems.add(field, id, "the arguments refer to a task that the DAG does not have");
      else if (!edges.has(`${id} → ${task.id}`))
        problems.add(
          field,
          id,
          `the arguments need the value of "${id}", but no edge waits for it; add the edge ${id} → ${task.id}`,
        );
    }
    checkTypes(task, read.args, schemas, problems);
  }
}

function readOrReport(
  task: TaskSpec,
  field: string,
  problems: Problems,
): ReturnType<typeof readArgs> | null {
  try {
    return readArgs(task.args);
  } catch (error) {
    if (!(error instanceof ArgsError)) throw error;
    problems.add(field, task.args, `the arguments ${error.message}`);
    return null;
  }
}

function resultSchemas(spec: DagSpec): ReadonlyMap<string, Json> {
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
  schemas: ReadonlyMap<string, Json>,
  problems: Problems,
): void {
  if (schemas.size === 0) return;
  for (const [ix, arg] of args.entries()) {
    const text = task.argSchemas[ix];
    const wanted =
      text === undefined || text === null ? undefined : (readSchema(text) ?? undefined);
    const wrong = argMismatch(arg, wanted, (id) => schemas.get(id));
    if (wrong)
      problems.add(
        `tasks["${task.id}"].args[${ix}]`,
        wrong.taskId,
        sayMismatch(wrong.taskId, wrong, ix),
      );
  }
}

function sayMismatch(taskId: string, { at, gives, wants }: Mismatch, ix: number): string {
  const where = at === "" ? `argument ${ix + 1}` : `"${at}" of argument ${ix + 1}`;
  return `${where} takes ${wants}, but "${taskId}" gives ${gives}; change one of the two, or select another field`;
}
