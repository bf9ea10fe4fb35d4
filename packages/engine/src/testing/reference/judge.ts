/** What the tables make of one task instance that has not started (semantics 2), given what all others are. */

import type { TaskSpec } from "../../spec/spec.ts";
import { isPassedOver } from "./control.ts";
import type { Graph } from "./graph.ts";
import type { Length } from "./mapping.ts";
import { expansionOf, isShaped, relevantInstances } from "./mapping.ts";
import { indirectSetups, scopeOf } from "./setups.ts";
import type { Eager, Tally } from "./trigger-rules.ts";
import { phaseA, phaseB, tallyOf } from "./trigger-rules.ts";
import type { Instance, World } from "./world.ts";
import { isFinal, isMapped } from "./world.ts";

/** "expanded": it is to have the instances that its sources ask for, and these are judged then. */
export type Judgement = Exclude<Eager, null> | "failed" | "scheduled" | "wait" | "expanded";

const mapLength = 100_000;

export function judge(world: World, of: Instance): Judgement {
  const { graph } = world;
  const task = graph.tasks.get(of.taskId)!;
  const isInGroup = graph.mappedGroups(task.id).length > 0;
  // What an index means, to a branch too, is only clear once the instances are those that the lists ask for.
  const isClear = !isInGroup || of.mapIx < 0 || isShaped(world, task.id);
  if (isClear && isPassedOver(world, of)) return "skipped";
  if (!isMapped(graph, task.id)) return judgeByRule(world, of, task);
  const length = expansionOf(world, task.id);
  const isPossible = typeof length === "number" && length > 0 && length <= mapLength;
  if (isInGroup) return judgeInGroup(world, of, length, isPossible);
  // All instances of a task outside mapped groups are judged as one.
  const byRule = judgeByRule(world, of, task);
  if (byRule === "upstream_failed" || byRule === "skipped") return byRule;
  if (length === "upstream_failed" || length === "skipped") return length;
  if (byRule === "wait" || length === "unknown") return "wait";
  if (!isPossible) return length === 0 && of.mapIx < 0 ? "skipped" : impossible(length);
  return of.mapIx >= 0 && isShaped(world, task.id) ? "scheduled" : "expanded";
}

/** It has instances before its rule is asked: each is judged by itself, and until then only the lists are (2.6). */
function judgeInGroup(world: World, of: Instance, length: Length, isPossible: boolean): Judgement {
  const task = world.graph.tasks.get(of.taskId)!;
  if (of.mapIx >= 0 && isShaped(world, task.id)) return judgeByRule(world, of, task);
  if (length === "upstream_failed" || length === "skipped") return length;
  if (length === "unknown") return "wait";
  if (isPossible) return "expanded";
  if (of.mapIx >= 0) return impossible(length);
  // Where there will be none it is judged as a whole, once nothing before it is open.
  const byRule = isAllBeforeFinal(world, of, task) ? judgeByRule(world, of, task) : "wait";
  if (byRule !== "scheduled") return byRule;
  if (length !== 0) return "failed";
  // Also by having no instances it takes over lengths that the other tasks of its groups follow.
  return isShaped(world, task.id) ? "skipped" : "expanded";
}

/** No elements take the instances away; what is no list, or too long, fails them. */
function impossible(length: Length): Judgement {
  return length === 0 ? "expanded" : "failed";
}

function isAllBeforeFinal(world: World, of: Instance, task: TaskSpec): boolean {
  const { graph } = world;
  if (task.triggerRule === "always") return true;
  const before = [...graph.parents(task.id)];
  if (before.length > 0 && task.role !== "teardown") before.push(...indirectSetups(graph, task.id));
  if (task.role === "teardown") before.push(...scopeOf(graph, task.id));
  return before.every((id) => relevantInstances(world, of, id).every(isFinal));
}

function judgeByRule(world: World, of: Instance, task: TaskSpec): Judgement {
  const { graph } = world;
  if (graph.parents(task.id).size === 0 || task.triggerRule === "always") return "scheduled";
  let setupsAreReady = true;
  if (task.role !== "teardown") {
    const setups = tally(world, of, indirectSetups(graph, task.id));
    const eager = phaseA("all_success", setups);
    if (eager) return eager;
    setupsAreReady = phaseB("all_success", setups);
  }
  const direct = tally(world, of, [...graph.parents(task.id)]);
  const eager = phaseA(task.triggerRule, direct);
  if (eager) return eager;
  if (!setupsAreReady || !phaseB(task.triggerRule, direct)) return "wait";
  return task.role === "teardown" && !isScopeDone(world, of, graph) ? "wait" : "scheduled";
}

function tally(world: World, of: Instance, parentIds: readonly string[]): Tally {
  const relevant = parentIds.flatMap((id) =>
    relevantInstances(world, of, id).map(({ state }) => ({
      state,
      isSetup: world.graph.tasks.get(id)!.role === "setup",
    })),
  );
  return tallyOf(relevant);
}

function isScopeDone(world: World, of: Instance, graph: Graph): boolean {
  return scopeOf(graph, of.taskId).every((id) => relevantInstances(world, of, id).every(isFinal));
}
