/** Task groups: a prefix for ids, a box in pictures, and something with a place in the order. */

import { MillraceError } from "@millrace/engine";
import { makeHandle, type Handle } from "./handle.ts";
import { makeOrdered, type Ordered } from "./order.ts";
import { readOptions, text, type Read } from "./read-options.ts";
import { referenceOf } from "./reference.ts";
import { readDefaults, type TaskDefaults, type TaskSettings } from "./task-options.ts";
import { currentWiring, refusePromise } from "./wiring.ts";

export type GroupOptions = {
  /** One line for people. */
  readonly tooltip?: string;
  /** Options of the tasks inside, over those of the DAG. */
  readonly defaults?: TaskDefaults;
};

/** A handle keeps its type, and stands for the whole group in `chain`, `before` and `after`; nothing becomes `Ordered`. */
export type Grouped<R> = [R] extends [void] ? Ordered : R;

const idMax = 200;

/**
 * Wires tasks inside a group: their ids begin with the group's and a dot.
 *
 * @example const clean = group("ingest", () => validate(extract(run.ds)));
 */
export function group<R>(id: string, wire: () => R): Grouped<R>;
export function group<R>(id: string, options: GroupOptions, wire: () => R): Grouped<R>;
export function group(
  id: string,
  second: GroupOptions | (() => unknown),
  third?: () => unknown,
): unknown {
  const wiring = currentWiring(`group("${id}")`);
  const wire = third ?? (second as () => unknown);
  const what = `group "${id}" of DAG "${wiring.dagId}"`;
  if (typeof id !== "string" || !/^[\w-]+$/.test(id) || id.length > idMax) {
    throw new MillraceError(
      "DAG_INVALID",
      `${what}: the id must have 1 to ${idMax} characters of A-Z a-z 0-9 _ - and no dot`,
    );
  }
  const read = readGroupOptions(third === undefined ? {} : (second as GroupOptions), what);
  const { key, result } = wiring.inGroup({ id, tooltip: "", defaults: {}, ...read }, wire);
  refusePromise(result, `the wire function of ${what}`);
  if (result === undefined) return makeOrdered(key);
  const reference = referenceOf(result);
  if (reference?.kind !== "task") return result;
  const handle: Handle<unknown> = makeHandle(key, reference.id, reference.path);
  return handle;
}

type ReadGroup = { tooltip: string; defaults: Partial<TaskSettings> };

function readGroupOptions(options: GroupOptions, what: string): Partial<ReadGroup> {
  const defaults: Read<Partial<TaskSettings>> = (value) =>
    readDefaults(value as TaskDefaults, `defaults of ${what}`);
  return readOptions<ReadGroup>(options, { tooltip: text, defaults }, what);
}
