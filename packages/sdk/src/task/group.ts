/** Task groups: a prefix for ids, a box in pictures, and something with a place in the order. */

import { MillraceError } from "@millrace/engine";
import { eachMark, elementRef, isEach, type Mapping, type ElementRef } from "./each.ts";
import { collected, placed, type Collected, type Placed } from "./placed.ts";
import { readOptions, text, type Read } from "../options/read-options.ts";
import { readDefaults, type TaskDefaults, type TaskSettings } from "./task-options.ts";
import { currentWiring, refusePromise } from "../wiring/wiring.ts";

export type GroupOptions = {
  /** One line for people. */
  readonly tooltip?: string;
  /** Options of the tasks inside, over those of the DAG. */
  readonly defaults?: TaskDefaults;
};

type Eaches = readonly [Mapping<unknown>, ...Mapping<unknown>[]];
type Elements<E extends Eaches> = { [K in keyof E]: ElementRef<E[K]> };

const idMax = 200;

/**
 * Wires tasks inside a group: their ids begin with the group's and a dot. With `each`, the whole group is mapped: its
 * tasks get one instance for each element, and depend on each other element by element; what it returns is the list of
 * all results.
 *
 * @example
 * const clean = group("ingest", () => validate(extract(run.ds)));
 * const sizes = group("file", each(listFiles()), (file) => measure(unzip(file)));
 */
export function group<R>(id: string, wire: () => R): Placed<R>;
export function group<R>(id: string, options: GroupOptions, wire: () => R): Placed<R>;
export function group<E extends Eaches, R>(
  id: string,
  ...rest: [...each: E, wire: (...elements: Elements<E>) => R]
): Collected<R>;
export function group<E extends Eaches, R>(
  id: string,
  options: GroupOptions,
  ...rest: [...each: E, wire: (...elements: Elements<E>) => R]
): Collected<R>;
export function group(id: string, ...rest: readonly unknown[]): unknown {
  const wiring = currentWiring(`group("${id}")`);
  const what = `group "${id}" of DAG "${wiring.dag.dagId}"`;
  if (typeof id !== "string" || !/^[\w-]+$/.test(id) || id.length > idMax) {
    throw new MillraceError(
      "DAG_INVALID",
      `${what}: the id must have 1 to ${idMax} characters of A-Z a-z 0-9 _ - and no dot`,
    );
  }
  const { options, eaches, wire } = readRest(rest, what);
  const read = readGroupOptions(options, what);
  const axes = [...new Set(eaches.map((each) => each[eachMark].axis))];
  const outer = wiring.mappedGroup;
  const { key, result } = wiring.inGroup(
    { id, tooltip: "", defaults: {}, ...read },
    axes,
    (groupId) => {
      const base = (each: Mapping<unknown>) =>
        axes
          .slice(0, axes.indexOf(each[eachMark].axis))
          .reduce((sum, { sources }) => sum + sources.length, 0);
      return wire(...eaches.map((each) => elementRef(each, { id: groupId, wiring }, base(each))));
    },
  );
  refusePromise(result, `the wire function of ${what}`);
  return axes.length === 0 ? placed(result, key) : collected(result, key, outer, what);
}

type Rest = {
  readonly options: GroupOptions;
  readonly eaches: readonly Mapping<unknown>[];
  readonly wire: (...elements: readonly unknown[]) => unknown;
};

function readRest(rest: readonly unknown[], what: string): Rest {
  const wire = rest.at(-1);
  const [first] = rest;
  const hasOptions = rest.length > 1 && !isEach(first);
  const eaches = rest.slice(hasOptions ? 1 : 0, -1);
  if (typeof wire === "function" && eaches.every(isEach)) {
    const options = hasOptions ? (first as GroupOptions) : {};
    return { options, eaches, wire: wire as Rest["wire"] };
  }
  throw new MillraceError(
    "DAG_INVALID",
    `${what}: give it options if any, each(…) if it is mapped, and its wire function last`,
  );
}

type ReadGroup = { tooltip: string; defaults: Partial<TaskSettings> };

function readGroupOptions(options: GroupOptions, what: string): Partial<ReadGroup> {
  const defaults: Read<Partial<TaskSettings>> = (value) =>
    readDefaults(value as TaskDefaults, `defaults of ${what}`);
  return readOptions<ReadGroup>(options, { tooltip: text, defaults }, what);
}
