/** From what a wiring recorded to the engine's `DagSpec`. */

import { MillraceError, type DagSpec, type GroupSpec, type TaskSpec } from "@millrace/engine";
import type { OrderKey } from "./order.ts";
import { mergeSettings, type TaskSettings } from "./task-options.ts";
import type { Group, Node, Wiring } from "./wiring.ts";

type Edge = DagSpec["edges"][number];

/** The parts of a spec that come from wiring. */
export type WiredParts = Pick<DagSpec, "tasks" | "edges" | "groups">;

/** Tasks in the order of calls; edges first from data, then from order, each pair once. */
export function compileWiring(wiring: Wiring, defaults: Partial<TaskSettings>): WiredParts {
  return {
    tasks: [...wiring.nodes.values()].map((node) => taskSpec(wiring, node, defaults)),
    edges: edgesOf(wiring),
    groups: [...wiring.groups.values()].map(groupSpec),
  };
}

function taskSpec(wiring: Wiring, node: Node, defaults: Partial<TaskSettings>): TaskSpec {
  const { id, source, groups } = node;
  const levels = [defaults, ...groups.map((group) => group.defaults), source.settings];
  const settings = mergeSettings(levels);
  const isExternal = source.kind === "external";
  if (!isExternal && settings.isolation === "thread" && Object.keys(settings.env).length > 0) {
    throw new MillraceError(
      "DAG_INVALID",
      `task "${id}" of DAG "${wiring.dagId}" has the option "env", which needs isolation: "process"`,
      { metadata: { field: "env" } },
    );
  }
  return {
    id,
    groupId: groups.at(-1)?.id ?? null,
    kind: source.kind,
    handler: isExternal ? source.handler : id,
    args: node.args,
    ...settings,
    // A TypeScript worker's matter: other languages know neither.
    ...(isExternal && { isolation: "thread", env: {} }),
    resultSchema: null,
    argSchemas: [],
  };
}

function groupSpec(group: Group): GroupSpec {
  return { id: group.id, parentId: group.parent?.id ?? null, tooltip: group.tooltip };
}

/** Roots and leaves of groups are those by the edges between single tasks, whatever order the calls had. */
function edgesOf(wiring: Wiring): Edge[] {
  const edges = new EdgeSet(wiring.dataEdges);
  const [ofGroups, ofTasks] = split(wiring.orders, ({ from, to }) => isGroup(from) || isGroup(to));
  for (const { from, to } of ofTasks) edges.add(from.id, to.id);
  const inner = edges.list();
  for (const { from, to } of ofGroups) {
    const roots = borderOf(wiring, to, inner, "roots");
    for (const leaf of borderOf(wiring, from, inner, "leaves")) {
      for (const root of roots) edges.add(leaf, root);
    }
  }
  return edges.list();
}

function isGroup(key: OrderKey): boolean {
  return key.kind === "group";
}

/** The tasks of a group with nothing of the group before (roots) or after (leaves) them. */
function borderOf(
  wiring: Wiring,
  key: OrderKey,
  edges: readonly Edge[],
  side: "roots" | "leaves",
): readonly string[] {
  if (key.kind === "task") return [key.id];
  const members = new Set(
    [...wiring.nodes.values()]
      .filter((node) => node.groups.some((group) => group.id === key.id))
      .map((node) => node.id),
  );
  if (members.size === 0) {
    throw new MillraceError(
      "DAG_INVALID",
      `group "${key.id}" of DAG "${wiring.dagId}" has a place in the order but no tasks`,
    );
  }
  const within = edges.filter(({ from, to }) => members.has(from) && members.has(to));
  for (const { from, to } of within) members.delete(side === "roots" ? to : from);
  return [...members];
}

class EdgeSet {
  readonly #byFrom = new Map<string, Set<string>>();
  readonly #list: Edge[] = [];

  constructor(edges: readonly Edge[]) {
    for (const { from, to } of edges) this.add(from, to);
  }

  add(from: string, to: string): void {
    const targets = this.#byFrom.get(from) ?? new Set();
    this.#byFrom.set(from, targets);
    if (targets.has(to)) return;
    targets.add(to);
    this.#list.push({ from, to });
  }

  list(): Edge[] {
    return [...this.#list];
  }
}

function split<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
