/** The graph of a real workflow: what runs after what, and for how long. */
import { readFileSync } from "node:fs";

export type Node = {
  readonly id: string;
  readonly parents: readonly string[];
  readonly runtimeSeconds: number;
};

/**
 * The nodes of a file `{ tasks: [{ id, parents: [id], runtimeSeconds }] }`, each after its parents.
 *
 * @throws Error when the file has a parent that it does not have, or a cycle
 */
export function readGraph(file: string): Node[] {
  const { tasks } = JSON.parse(readFileSync(file, "utf8")) as { tasks: readonly Node[] };
  const left = new Map(tasks.map((node) => [node.id, node]));
  const sorted = new Map<string, Node>();
  while (left.size > 0) {
    const next = [...left.values()].filter((it) => it.parents.every((id) => sorted.has(id)));
    if (next.length === 0) throw new Error(`${file} has a cycle, or parents that are not in it`);
    for (const node of next) {
      sorted.set(node.id, node);
      left.delete(node.id);
    }
  }
  return [...sorted.values()];
}

/** The longest way through the graph: no schedule is shorter. */
export function criticalPathSeconds(nodes: readonly Node[]): number {
  return schedule(nodes, Infinity);
}

/**
 * How long a schedule takes that loses no time between tasks: whenever a slot is free it takes the task that has been ready
 * for longest.
 */
export function schedule(nodes: readonly Node[], slots: number): number {
  const ends = new Map<string, number>();
  const left = new Set(nodes);
  const busy: number[] = [];
  let last = 0;
  while (left.size > 0) {
    let best: Node | null = null;
    let bestAt = Infinity;
    for (const node of left) {
      const readyAt = Math.max(0, ...node.parents.map((id) => ends.get(id) ?? Infinity));
      if (readyAt < bestAt) [best, bestAt] = [node, readyAt];
    }
    const isFull = busy.length >= slots;
    const start = isFull ? Math.max(bestAt, takeLeast(busy)) : bestAt;
    const end = start + best!.runtimeSeconds;
    busy.push(end);
    ends.set(best!.id, end);
    left.delete(best!);
    last = Math.max(last, end);
  }
  return last;
}

function takeLeast(values: number[]): number {
  const least = Math.min(...values);
  values.splice(values.indexOf(least), 1);
  return least;
}
