/** DAGs that end with their first failure (semantics 4.8). */

import { end, isExecuting } from "./attempts.ts";
import type { Graph } from "./graph.ts";
import type { Instance, World } from "./world.ts";
import { allInstances, isFinal } from "./world.ts";

/** A teardown that cannot fail the run does not end it either. */
export function isFastFailing({ spec, tasks }: Graph, taskId: string): boolean {
  const { role, failsRun } = tasks.get(taskId)!;
  return spec.failFast && (role !== "teardown" || failsRun);
}

export function failForGood(world: World, one: Instance): void {
  end(one, "failed");
  if (!isFastFailing(world.graph, one.taskId) || world.isCancelled) return;
  for (const other of allInstances(world)) {
    if (other.taskId === one.taskId || isFinal(other)) continue;
    if (world.graph.tasks.get(other.taskId)!.role === "teardown") continue;
    end(other, isExecuting(other) ? "failed" : "skipped");
  }
}
