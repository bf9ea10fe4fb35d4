/** Which mapped groups are around a task: its instances are those of the innermost one, and more if it is mapped itself. */

import type { DagSpec, GroupSpec, TaskSpec } from "../spec/spec.ts";

/** A mapped group and the mapped groups around it. */
export type MapScope = {
  readonly group: GroupSpec;
  readonly outer: MapScope | null;
  /** How many mapped groups are around it. */
  readonly depth: number;
};

export type MapScopes = {
  /** The innermost mapped group around a task; null when there is none. */
  ofTask(task: TaskSpec): MapScope | null;
  /** The innermost mapped group around a group, which may be itself; null when there is none. */
  ofGroup(groupId: string): MapScope | null;
};

/** For groups whose parents exist and that are not inside themselves. */
export function mapScopesOf(spec: DagSpec): MapScopes {
  const groups = new Map(spec.groups.map((group) => [group.id, group]));
  const known = new Map<string, MapScope | null>();
  const ofGroup = (groupId: string): MapScope | null => {
    const path: GroupSpec[] = [];
    let at = groups.get(groupId);
    while (at && !known.has(at.id)) {
      path.push(at);
      at = at.parentId === null ? undefined : groups.get(at.parentId);
    }
    let scope = at ? (known.get(at.id) ?? null) : null;
    for (const group of path.toReversed()) {
      if (group.each.length > 0) scope = { group, outer: scope, depth: (scope?.depth ?? -1) + 1 };
      known.set(group.id, scope);
    }
    return scope;
  };
  return { ofGroup, ofTask: (task) => (task.groupId === null ? null : ofGroup(task.groupId)) };
}

export function* scopesFrom(innermost: MapScope | null): Generator<MapScope> {
  for (let scope = innermost; scope; scope = scope.outer) yield scope;
}

export function outermostOf(innermost: MapScope | null): MapScope | null {
  let last: MapScope | null = null;
  for (const scope of scopesFrom(innermost)) last = scope;
  return last;
}

export function isWithin(innermost: MapScope | null, groupId: string): boolean {
  for (const scope of scopesFrom(innermost)) if (scope.group.id === groupId) return true;
  return false;
}

/**
 * Whether another task gets a list when it refers to a task's value: there are then several instances of that task for
 * one of its own.
 */
export function isListFor(scopes: MapScopes, of: TaskSpec, reader: TaskSpec): boolean {
  if (of.each.length > 0) return true;
  const inner = scopes.ofTask(of);
  return inner !== null && !isWithin(scopes.ofTask(reader), inner.group.id);
}
