/** What a branch or a short circuit keeps from running (semantics 7.1-7.3). */

import type { Graph } from "./graph.ts";
import { relevantInstances } from "./mapping.ts";
import type { Instance, World } from "./world.ts";
import { instancesOf } from "./world.ts";

/** Whether a task directly after one that chose is not among what was chosen (7.2). */
export function isPassedOver(world: World, child: Instance): boolean {
  const { graph } = world;
  return [...graph.parents(child.taskId)].some((parentId) => {
    const parent = chooserFor(world, child, parentId);
    return parent !== null && isSkippedBy(graph, parent, child.taskId);
  });
}

/** The instance of a branch or short circuit whose choice is about this instance. */
function chooserFor(world: World, of: Instance, parentId: string): Instance | null {
  const { graph } = world;
  if (graph.tasks.get(parentId)!.control === "none" || !reaches(graph, parentId, of.taskId))
    return null;
  // Before it is expanded it has no index that a choice in a mapped group could be about.
  if (of.mapIx === -1 && graph.mappedGroups(parentId).length > 0) return null;
  const relevant = relevantInstances(world, of, parentId);
  return relevant.length === 1 && relevant[0]!.state === "success" ? relevant[0]! : null;
}

/** Choices inside a mapped group are about the group's tasks only. */
function reaches(graph: Graph, chooserId: string, taskId: string): boolean {
  const around = graph.mappedGroups(taskId);
  return graph.mappedGroups(chooserId).every((group) => around.includes(group));
}

function isSkippedBy(graph: Graph, chooser: Instance, childId: string): boolean {
  const { control, cases } = graph.tasks.get(chooser.taskId)!;
  if (chooser.choice === null || graph.tasks.get(childId)!.role === "teardown") return false;
  if (control === "short_circuit") return chooser.choice.length === 0;
  const chosen = cases
    .filter(({ name }) => chooser.choice!.includes(name))
    .flatMap(({ taskIds }) => taskIds);
  return !chosen.some((id) => id === childId || graph.descendants(id).has(childId));
}

/** Of what has just chosen: everything after it that it skips, whatever the rules there. */
export function skippedBy(world: World, chooser: Instance): Instance[] {
  const { graph } = world;
  const { control, skipsDirectOnly } = graph.tasks.get(chooser.taskId)!;
  if (control === "none") return [];
  const skipsAll = control === "short_circuit" && !skipsDirectOnly;
  const after = skipsAll ? graph.descendants(chooser.taskId) : graph.children(chooser.taskId);
  return [...after]
    .filter((id) => reaches(graph, chooser.taskId, id) && isSkippedBy(graph, chooser, id))
    .flatMap((id) => instancesOf(world, id))
    .filter((one) => one.mapIx >= 0 || chooser.mapIx === -1)
    .filter((one) => relevantInstances(world, one, chooser.taskId).includes(chooser));
}
