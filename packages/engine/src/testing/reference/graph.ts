/** What comes before and after what, as sets of task ids, straight from the edges of a spec. */

import type { DagSpec, TaskSpec } from "../../spec/spec.ts";

export type Graph = {
  readonly spec: DagSpec;
  readonly tasks: ReadonlyMap<string, TaskSpec>;
  /** Each after everything it waits for. */
  readonly order: readonly TaskSpec[];
  parents(id: string): ReadonlySet<string>;
  children(id: string): ReadonlySet<string>;
  /** Everything before, and everything after, a task. */
  ancestors(id: string): ReadonlySet<string>;
  descendants(id: string): ReadonlySet<string>;
  /** The mapped groups around a task, innermost first. */
  mappedGroups(id: string): readonly string[];
};

/** @param ids all tasks, each after everything it waits for: what the engine numbers them by */
export function graphOf(spec: DagSpec, ids: readonly string[]): Graph {
  const tasks = new Map(spec.tasks.map((task) => [task.id, task]));
  const parents = relation(spec, "to", "from");
  const children = relation(spec, "from", "to");
  const mappedGroups = (id: string): string[] => {
    const found: string[] = [];
    let groupId = tasks.get(id)!.groupId;
    while (groupId !== null) {
      const group = spec.groups.find((one) => one.id === groupId)!;
      if (group.each.length > 0) found.push(group.id);
      groupId = group.parentId;
    }
    return found;
  };
  return {
    spec,
    tasks,
    order: ids.map((id) => tasks.get(id)!),
    parents,
    children,
    ancestors: memo((id: string) => closure(id, parents)),
    descendants: memo((id: string) => closure(id, children)),
    mappedGroups: memo(mappedGroups),
  };
}

function relation(
  spec: DagSpec,
  key: "from" | "to",
  value: "from" | "to",
): (id: string) => ReadonlySet<string> {
  return memo((id) => new Set(spec.edges.filter((e) => e[key] === id).map((e) => e[value])));
}

function closure(id: string, step: (id: string) => ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (from: string): void => {
    for (const next of step(from)) {
      if (found.has(next)) continue;
      found.add(next);
      walk(next);
    }
  };
  walk(id);
  return found;
}

function memo<T>(compute: (id: string) => T): (id: string) => T {
  const known = new Map<string, T>();
  return (id) => {
    if (!known.has(id)) known.set(id, compute(id));
    return known.get(id)!;
  };
}
