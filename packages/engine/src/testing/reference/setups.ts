/** Which setups a task needs and which tasks a teardown waits for (semantics 2.4). */

import type { Graph } from "./graph.ts";

/** Setups before a task, not directly, of which no teardown comes after it, or one that is after the task. */
export function indirectSetups(graph: Graph, taskId: string): readonly string[] {
  const direct = graph.parents(taskId);
  return relevantSetups(graph, taskId).filter((id) => !direct.has(id));
}

export function relevantSetups(graph: Graph, taskId: string): readonly string[] {
  const after = graph.descendants(taskId);
  return [...graph.ancestors(taskId)].filter((id) => {
    if (graph.tasks.get(id)!.role !== "setup") return false;
    const teardowns = teardownsOf(graph, id);
    return teardowns.length === 0 || teardowns.some((teardown) => after.has(teardown));
  });
}

export function teardownsOf(graph: Graph, setupId: string): readonly string[] {
  return [...graph.children(setupId)].filter((id) => graph.tasks.get(id)!.role === "teardown");
}

/** Tasks before a teardown, not directly, and after a setup that is directly before it. */
export function scopeOf(graph: Graph, teardownId: string): readonly string[] {
  const direct = graph.parents(teardownId);
  const setups = [...direct].filter((id) => graph.tasks.get(id)!.role === "setup");
  return [...graph.ancestors(teardownId)].filter(
    (id) => !direct.has(id) && setups.some((setup) => graph.descendants(setup).has(id)),
  );
}
