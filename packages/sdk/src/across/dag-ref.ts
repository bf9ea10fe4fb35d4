/** Ways to name another DAG and parts of it. */

import type { ExternalRef } from "@millrace/engine";
import { refuseOption, type Read } from "../options/read-options.ts";

/** A DAG: its definition, where it can be imported, or its id. */
export type DagRef = string | { readonly id: string };

/** What of another DAG is meant: tasks or groups of it, or, where neither is named, its runs as a whole. */
export type DagPart = {
  readonly dag: DagRef;
  readonly tasks?: readonly string[];
  readonly groups?: readonly string[];
};

/** The id; null when it is none. */
export function dagIdOf(ref: unknown): string | null {
  if (typeof ref === "string") return ref === "" ? null : ref;
  // A definition is an object, or, of a decorated class, a function.
  const isHolder = (typeof ref === "object" || typeof ref === "function") && ref !== null;
  const id = isHolder && "id" in ref ? ref.id : null;
  return typeof id === "string" && id !== "" ? id : null;
}

export const dagForms = 'a DAG, or its id, such as "orders"';

/** A list of ids out of one DAG or several. */
export const dagRefs: Read<readonly string[]> = (value, name) =>
  listOf(value).map((one) => dagIdOf(one) ?? refuseOption(name, one, dagForms));

/** References to parts of DAGs, out of one or several. */
export const dagParts: Read<readonly ExternalRef[]> = (value, name) =>
  listOf(value).map((one) => partOf(one, name));

function partOf(value: unknown, name: string): ExternalRef {
  const given: Partial<Record<keyof DagPart, unknown>> =
    typeof value === "object" && value !== null && "dag" in value ? value : { dag: value };
  const dagId = dagIdOf(given.dag) ?? refuseOption(`${name}: dag`, given.dag, dagForms);
  return {
    dagId,
    taskIds: idsOf(given.tasks, `${name}: tasks`),
    groupIds: idsOf(given.groups, `${name}: groups`),
  };
}

function idsOf(value: unknown, name: string): readonly string[] {
  if (value === undefined) return [];
  const isIds = Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "");
  return isIds ? (value as string[]) : refuseOption(name, value, "a list of ids");
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
