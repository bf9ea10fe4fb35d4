/** What people do to a run: clearing and marking (semantics 11.2-11.3). */

import type { RunEvent } from "../../run/run.ts";
import { RunState, taskStateName } from "../../spec/states.ts";
import { becomeNone, end, forget, isDerived, isExecuting } from "./attempts.ts";
import { relevantInstances } from "./mapping.ts";
import { hasFailed, judgeAnew } from "./settle.ts";
import { relevantSetups, teardownsOf } from "./setups.ts";
import type { Instance, World } from "./world.ts";
import { allInstances, instancesOf, isFinal, isWaiting } from "./world.ts";

type Of<Kind extends RunEvent["kind"]> = Extract<RunEvent, { kind: Kind }>;
export type ByPeople = Of<"cleared"> | Of<"marked"> | Of<"runMarked">;

export function byPeople(world: World, event: ByPeople, taskIds: readonly string[]): void {
  // A run that is being cancelled has to end first.
  if (world.isCancelled && !isOver(world)) return;
  if (event.kind === "runMarked") return markRun(world, event.state === RunState.success);
  const chosen = event.refs.flatMap(({ ix, mapIx }) =>
    (world.instances.get(taskIds[ix] ?? "") ?? []).filter((one) => one.mapIx === mapIx),
  );
  if (event.kind === "cleared") clear(world, withScopes(world, chosen));
  else mark(world, chosen, taskStateName(event.state));
}

function isOver({ run }: World): boolean {
  return run === "success" || run === "failed";
}

/** Says whether there was anything to clear. */
function clear(world: World, chosen: readonly Instance[]): boolean {
  const clearable = chosen.filter(
    (one) => !["none", "removed", "restarting"].includes(one.state) && !isDerived(one),
  );
  if (clearable.length === 0) return false;
  for (const one of clearable) {
    if (one.state === "running") one.state = "restarting";
    else becomeNone(one);
    one.uncounted = one.attempt;
    one.losses = 0;
  }
  if (isOver(world)) reopen(world);
  judgeAnew(world);
  return true;
}

function reopen(world: World): void {
  world.run = "queued";
  world.startedAt = null;
  world.isCancelled = false;
  world.isMarkedFailed = false;
}

/** With the setups that they need and the teardowns of all these setups, always (appendix C 11). */
function withScopes(world: World, chosen: readonly Instance[]): readonly Instance[] {
  const { graph } = world;
  const found = new Set(chosen);
  const add = (relatedIds: readonly string[], to: Instance): void => {
    for (const id of relatedIds) for (const one of related(world, to, id)) found.add(one);
  };
  // A set that grows while it is walked is walked to its end.
  for (const one of found) {
    const { role } = graph.tasks.get(one.taskId)!;
    if (role !== "teardown") add(relevantSetups(graph, one.taskId), one);
    if (role === "setup") add(teardownsOf(graph, one.taskId), one);
  }
  return [...found];
}

/** Instances of another task that have to do with an instance, before or after it. */
function related(world: World, one: Instance, otherId: string): readonly Instance[] {
  if (world.graph.ancestors(one.taskId).has(otherId)) return relevantInstances(world, one, otherId);
  return instancesOf(world, otherId).filter((other) =>
    relevantInstances(world, other, one.taskId).includes(one),
  );
}

function mark(world: World, chosen: readonly Instance[], state: Instance["state"]): void {
  const changed = chosen.filter((one) => one.state !== state && one.state !== "removed");
  if (changed.length === 0) return;
  for (const one of changed) markOne(one, state);
  const after = downstream(world, chosen).filter(
    (one) => one.state === "failed" || one.state === "upstream_failed",
  );
  const toClear = withScopes(world, after).filter((one) => !chosen.includes(one));
  if (clear(world, toClear)) return;
  if (isOver(world) && hasFailed(world) !== (world.run === "failed")) reopen(world);
  judgeAnew(world);
}

function downstream(world: World, chosen: readonly Instance[]): readonly Instance[] {
  const found = new Set(chosen);
  for (const one of found)
    for (const id of world.graph.children(one.taskId))
      for (const other of related(world, one, id)) found.add(other);
  return [...found].filter((one) => !chosen.includes(one));
}

/** Nobody's work: no try is behind it. */
function markOne(one: Instance, state: Instance["state"]): void {
  forget(one);
  end(one, state);
  one.uncounted = one.attempt;
}

function markRun(world: World, isSuccess: boolean): void {
  if (world.run === (isSuccess ? "success" : "failed")) return;
  world.isCancelled = false;
  world.isMarkedFailed = false;
  const isLeft = (one: Instance): boolean =>
    world.graph.tasks.get(one.taskId)!.role === "teardown" && !isFinal(one);
  const teardowns = allInstances(world).filter(isLeft);
  for (const one of allInstances(world)) {
    if (isLeft(one) || one.state === "removed") continue;
    const to = isSuccess ? "success" : failedOrSkipped(one);
    if (to !== one.state) markOne(one, to);
  }
  if (teardowns.length > 0 && world.run === "running") {
    world.isMarkedFailed = !isSuccess;
    judgeAnew(world);
    return;
  }
  world.run = isSuccess ? "success" : "failed";
  for (const one of teardowns) markOne(one, "skipped");
}

function failedOrSkipped(one: Instance): Instance["state"] {
  if (isFinal(one)) return one.state;
  const isUnderWay = isExecuting(one) || isWaiting(one) || one.state === "up_for_reschedule";
  return isUnderWay ? "failed" : "skipped";
}
