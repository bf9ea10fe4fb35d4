/** Lets a run come to rest after an event: every instance judged once, in the order of the graph, then the run itself. */

import { isDerived } from "./attempts.ts";
import { failForGood, isFastFailing } from "./fail-fast.ts";
import { judge } from "./judge.ts";
import { expand } from "./mapping.ts";
import type { Graph } from "./graph.ts";
import type { Instance, World } from "./world.ts";
import { allInstances, instancesOf, isFinal } from "./world.ts";

export function settle(world: World): void {
  if (world.run !== "running") return;
  if (!world.isCancelled) judgeAll(world);
  const open = allInstances(world).filter((one) => !isFinal(one));
  if (open.length > 0 && open.every(({ state }) => state === "none")) {
    // Nothing is active and nothing can run (semantics 1.6, 4).
    for (const one of open) one.state = "upstream_failed";
    world.run = "failed";
    return;
  }
  if (open.length > 0) return;
  world.run = hasFailed(world) ? "failed" : "success";
}

/** In the order of the graph, once; all over again when something has changed that tasks before may have gone by. */
function judgeAll(world: World): void {
  let isSettled = false;
  while (!isSettled) isSettled = world.graph.order.every(({ id }) => judgeTask(world, id));
}

/** False when instances are others now, or when its failure has ended what comes before it. */
function judgeTask(world: World, taskId: string): boolean {
  // Those that have just come into being are judged in the same pass.
  for (let pass = 0; pass < 2; pass += 1)
    for (const one of instancesOf(world, taskId))
      if (one.state === "none" && !settleOne(world, one)) return false;
  return true;
}

function settleOne(world: World, one: Instance): boolean {
  const judgement = judge(world, one);
  if (judgement === "wait") return true;
  if (judgement === "failed") {
    failForGood(world, one);
    return !isFastFailing(world.graph, one.taskId);
  }
  if (judgement !== "expanded") one.state = judgement;
  else if (expand(world, one.taskId)) {
    judgeAnew(world);
    return false;
  }
  return true;
}

/** What was ready only because of what is before it has to be found ready again. */
export function judgeAnew(world: World): void {
  for (const one of allInstances(world)) if (isDerived(one)) one.state = "none";
}

/** How a run ends whose instances are all final. One that was to fail fast has left the rest skipped, which says nothing of success. */
export function hasFailed(world: World): boolean {
  const isEnd = ({ state, taskId }: Instance): boolean =>
    state === "failed" && isFastFailing(world.graph, taskId);
  if (world.isCancelled || world.isMarkedFailed || allInstances(world).some(isEnd)) return true;
  return leavesOf(world.graph).some((id) =>
    instancesOf(world, id).some(({ state }) => state === "failed" || state === "upstream_failed"),
  );
}

/** Semantics 1.6, 1. */
export function leavesOf(graph: Graph): readonly string[] {
  const isIgnored = (id: string): boolean => {
    const task = graph.tasks.get(id)!;
    return task.role === "teardown" && !task.failsRun;
  };
  const ids = graph.order.map(({ id }) => id);
  const effective = ids.filter((id) => !isIgnored(id) && [...graph.children(id)].every(isIgnored));
  return effective.length > 0 ? effective : ids.filter((id) => graph.children(id).size === 0);
}
