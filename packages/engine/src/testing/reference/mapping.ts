/** Lengths (semantics 6.2-6.3), the mapped-upstream rule (2.6) and which instances are relevant to one (2.5). */

import type { MapAxis } from "../../spec/spec.ts";
import type { Instance, World } from "./world.ts";
import { becomeNone, end } from "./attempts.ts";
import { anInstance, instancesOf, isExpanded, isFinal, isMapped } from "./world.ts";

/** Of a mapping: how many elements; or what becomes of the task instead; or that it is not known yet. */
export type Length = number | "upstream_failed" | "skipped" | "no list" | "unknown";

type Expression =
  | readonly unknown[]
  | { readonly $: "task"; readonly id: string; readonly path?: readonly (string | number)[] }
  | { readonly $: "run"; readonly path: readonly (string | number)[] };

/** What has a length of its own: a mapped group or task, by its id. */
type Unit = { readonly id: string; readonly each: readonly MapAxis[] };

/** The mappings that multiply to a task's instances: those of the groups around it, outermost first, and its own. */
function unitsOf(world: World, taskId: string): readonly Unit[] {
  const { graph } = world;
  const { each } = graph.tasks.get(taskId)!;
  return [
    ...groupsFrom(world, graph.mappedGroups(taskId)),
    ...(each.length > 0 ? [{ id: taskId, each }] : []),
  ];
}

function groupsFrom({ graph }: World, innermostFirst: readonly string[]): readonly Unit[] {
  const units = innermostFirst.map((id) => graph.spec.groups.find((group) => group.id === id)!);
  return units.toReversed();
}

export function expansionOf(world: World, taskId: string): Length {
  return axesLength(
    world,
    unitsOf(world, taskId).flatMap(({ each }) => each),
  );
}

/** Whether the instances that a task has are those that its sources ask for now. */
export function isShaped(world: World, taskId: string): boolean {
  return unitsOf(world, taskId).every(
    ({ id, each }) => world.used.get(id) === axesLength(world, each),
  );
}

function axesLength(world: World, axes: readonly MapAxis[]): Length {
  const lengths = axes.map((axis) =>
    combine(
      axis.sources.map((text) => sourceLength(world, text)),
      Math.min,
    ),
  );
  return combine(lengths, (...of) => of.reduce((product, length) => product * length, 1));
}

/** A failure outweighs a skip, both outweigh what is not known yet, and that what is no list. */
function combine(lengths: readonly Length[], of: (...lengths: number[]) => number): Length {
  for (const word of ["upstream_failed", "skipped", "unknown", "no list"] as const)
    if (lengths.includes(word)) return word;
  return of(...(lengths as readonly number[]));
}

function sourceLength(world: World, text: string): Length {
  const expression = JSON.parse(text) as Expression;
  if (!("$" in expression)) return expression.length;
  if (expression.$ === "run") return world.inputs.lengthOf(expression.path) ?? "no list";
  const { id, path = [] } = expression;
  const instances = instancesOf(world, id);
  if (!isMapped(world.graph, id)) return valueLength(instances[0]!, JSON.stringify(path));
  if (!isExpanded(world, id)) return unexpandedLength(instances[0]!);
  if (!instances.every(isFinal)) return "unknown";
  return instances.filter(({ state, hasValue }) => state === "success" && hasValue).length;
}

function valueLength(instance: Instance, path: string): Length {
  if (instance.state !== "success") return unexpandedLength(instance);
  const length = instance.lengths.get(path);
  // Marked by a person: there is no value.
  if (length === undefined) return "upstream_failed";
  return length < 0 ? "no list" : length;
}

function unexpandedLength(instance: Instance): Length {
  if (!isFinal(instance)) return "unknown";
  return instance.state === "skipped" || instance.state === "removed"
    ? "skipped"
    : "upstream_failed";
}

/** The instances of one task that count for an instance of another. */
export function relevantInstances(
  world: World,
  of: Instance,
  relativeId: string,
): readonly Instance[] {
  const relatives = instancesOf(world, relativeId);
  const { graph } = world;
  const common = graph
    .mappedGroups(of.taskId)
    .find((group) => graph.mappedGroups(relativeId).includes(group));
  // Before it is expanded, or when there are no elements any more, the task stands for itself.
  if (!isExpanded(world, relativeId)) return relatives.slice(0, 1);
  if (common === undefined || of.mapIx === -1) return relatives;
  // An instance beyond the newest expansion is removed and counts for nobody's index.
  const ancestorCount = product(world, groupsFrom(world, around(world, common)));
  const index = Math.floor((of.mapIx * ancestorCount) / countOf(world, of.taskId));
  const factor = countOf(world, relativeId) / ancestorCount;
  // An instance beyond the newest expansion is removed and counts for nobody's index.
  return relatives.filter(({ mapIx }) => mapIx >= index * factor && mapIx < (index + 1) * factor);
}

/** A mapped group and the mapped groups around it. */
function around({ graph }: World, groupId: string): readonly string[] {
  const found: string[] = [];
  let id: string | null = groupId;
  while (id !== null) {
    const group = graph.spec.groups.find((one) => one.id === id)!;
    if (group.each.length > 0) found.push(id);
    id = group.parentId;
  }
  return found;
}

/** By the lengths in use. */
function countOf(world: World, taskId: string): number {
  return product(world, unitsOf(world, taskId));
}

function product({ used }: World, units: readonly Unit[]): number {
  return units.reduce((all, { id }) => all * (used.get(id) ?? 0), 1);
}

/**
 * Gives a task the instances that its sources ask for now. Where a group has another length than before, all its tasks that
 * have instances follow. Says whether instances that were there before are affected.
 */
export function expand(world: World, taskId: string): boolean {
  const changed = unitsOf(world, taskId).filter(
    ({ id, each }) => world.used.get(id) !== axesLength(world, each),
  );
  for (const { id, each } of changed) world.used.set(id, axesLength(world, each) as number);
  const wasExpanded = instancesOf(world, taskId).some(({ mapIx }) => mapIx >= 0);
  let isAnyAffected = wasExpanded;
  for (const { id } of world.graph.order) {
    const follows = changed.some((unit) => world.graph.mappedGroups(id).includes(unit.id));
    if (id === taskId || !follows || !isExpanded(world, id)) continue;
    reshape(world, id);
    isAnyAffected = true;
  }
  reshape(world, taskId);
  return isAnyAffected;
}

/** Those that a task had stay; surplus ones as removed, which come back when there are more again. */
function reshape(world: World, taskId: string): void {
  const count = countOf(world, taskId);
  const before = instancesOf(world, taskId).filter(({ mapIx }) => mapIx >= 0);
  const row = Array.from({ length: count }, (_, at) => before[at] ?? anInstance(taskId, at));
  for (const one of row) if (one.state === "removed") becomeNone(one);
  for (const surplus of before.slice(count)) end(surplus, "removed");
  if (count === 0) row.push(anInstance(taskId, -1));
  world.instances.set(taskId, [...row, ...before.slice(count)]);
}
