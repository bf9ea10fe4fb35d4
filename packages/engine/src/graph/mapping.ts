/** What is mapped over what, by numbers: made once for a DAG version. */

import type { Json } from "../spec/args.ts";
import type { Path } from "./arrows.ts";
import { mapScopesOf } from "./map-scope.ts";
import type { MapSource } from "./map-source.ts";
import { readSource } from "./map-source.ts";
import type { DagSpec, MapAxis, TaskSpec } from "../spec/spec.ts";

/** Where the elements of a mapping come from. */
export type PlannedSource =
  | { readonly kind: "list"; readonly elements: readonly Json[] }
  | { readonly kind: "run"; readonly path: Path }
  | {
      readonly kind: "task";
      readonly ix: number;
      /** Of a task that is not mapped: where the list is in its value, and which of its measures tells the length. */
      readonly path: Path;
      readonly measure: number;
      /** Whether the elements are what the instances of the task returned. */
      readonly isMapped: boolean;
    };

/** What has a length of its own: a mapped group, or a task with `each`. */
export type MapUnit = {
  /** Of the group or task. */
  readonly id: string;
  /** The task; -1 for a group. */
  readonly ix: number;
  /** Sources by axis; the last axis varies fastest. */
  readonly axes: readonly (readonly PlannedSource[])[];
};

/**
 * Mapped groups are *frames*: units 0 … frames-1, each after the one around it. Units behind them are tasks with `each`.
 * The instances of a task are, from outside in, those of its frames and its own; the index of the innermost varies fastest.
 */
export type MappingPlan = {
  readonly units: readonly MapUnit[];
  readonly frameCount: number;
  /** By frame: the one around it, or -1. */
  readonly outerFrame: Int32Array;
  /** By frame: its tasks, those of frames inside included, in topological order. */
  readonly frameTasks: readonly (readonly number[])[];
  /** By task: the innermost frame around it, or -1. */
  readonly frameOf: Int32Array;
  /** By task: its own unit when it has `each`, or -1. */
  readonly ownUnit: Int32Array;
  /** By task that something is mapped over: the units that are. */
  readonly usersOf: ReadonlyMap<number, readonly number[]>;
  /** By task: what a success must tell the length of. */
  readonly measures: readonly (readonly Path[])[];
  /** The innermost frame around both tasks, or -1. */
  commonFrame(a: number, b: number): number;
};

const nothing: readonly Path[] = [];

export function mappingPlanOf(
  spec: DagSpec,
  tasks: readonly TaskSpec[],
  ixOf: ReadonlyMap<string, number>,
): MappingPlan {
  const scopes = mapScopesOf(spec);
  const mappedGroups = spec.groups.filter(({ each }) => each.length > 0);
  const depthOf = (id: string): number => scopes.ofGroup(id)?.depth ?? 0;
  mappedGroups.sort((a, b) => depthOf(a.id) - depthOf(b.id));
  const frameIx = new Map(mappedGroups.map(({ id }, frame) => [id, frame]));
  const outerFrame = Int32Array.from(mappedGroups, ({ id }) => {
    const outer = scopes.ofGroup(id)?.outer;
    return outer ? frameIx.get(outer.group.id)! : -1;
  });
  const frameOf = Int32Array.from(tasks, (task) => {
    const scope = scopes.ofTask(task);
    return scope ? frameIx.get(scope.group.id)! : -1;
  });
  const frameTasks = mappedGroups.map((): number[] => []);
  for (const [ix, innermost] of frameOf.entries())
    for (let frame = innermost; frame >= 0; frame = outerFrame[frame]!) frameTasks[frame]!.push(ix);

  const measures: (readonly Path[])[] = tasks.map(() => nothing);
  const usersOf = new Map<number, number[]>();
  const isMapped = (ix: number): boolean => frameOf[ix]! >= 0 || tasks[ix]!.each.length > 0;
  const plan = (source: MapSource): PlannedSource => {
    if (source.kind !== "task") return source;
    const ix = ixOf.get(source.taskId)!;
    if (isMapped(ix)) return { kind: "task", ix, path: [], measure: -1, isMapped: true };
    const { path } = source;
    return { kind: "task", ix, path, measure: measureAt(measures, ix, path), isMapped: false };
  };
  const unitOf = (id: string, ix: number, each: readonly MapAxis[], unit: number): MapUnit => {
    const axes = each.map(({ sources }) => sources.map((text) => plan(readSource(text))));
    for (const source of axes.flat())
      if (source.kind === "task") noteUser(usersOf, source.ix, unit);
    return { id, ix, axes };
  };
  const units = mappedGroups.map(({ id, each }, frame) => unitOf(id, -1, each, frame));
  const ownUnit = new Int32Array(tasks.length).fill(-1);
  for (const [ix, { id, each }] of tasks.entries()) {
    if (each.length === 0) continue;
    ownUnit[ix] = units.length;
    units.push(unitOf(id, ix, each, units.length));
  }
  return {
    units,
    frameCount: mappedGroups.length,
    outerFrame,
    frameTasks,
    frameOf,
    ownUnit,
    usersOf,
    measures,
    commonFrame: (a, b) => commonFrame(outerFrame, frameOf[a]!, frameOf[b]!),
  };
}

/** Frames are numbered from outside in, so the larger of two that differ is not around the other. */
function commonFrame(outerFrame: Int32Array, a: number, b: number): number {
  while (a !== b) {
    if (a > b) a = outerFrame[a]!;
    else b = outerFrame[b]!;
  }
  return a;
}

function measureAt(measures: (readonly Path[])[], ix: number, path: Path): number {
  const text = JSON.stringify(path);
  const known = measures[ix]!.findIndex((one) => JSON.stringify(one) === text);
  if (known >= 0) return known;
  measures[ix] = [...measures[ix]!, path];
  return measures[ix].length - 1;
}

function noteUser(usersOf: Map<number, number[]>, ix: number, unit: number): void {
  const users = usersOf.get(ix);
  if (!users) usersOf.set(ix, [unit]);
  else if (!users.includes(unit)) users.push(unit);
}
