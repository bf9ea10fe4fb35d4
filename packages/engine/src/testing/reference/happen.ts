/** What events do to the reference's world: one attempt's life, then everything judged anew. */

import type { RunEvent } from "../../run/run.ts";
import { becomeNone, end, isExecuting } from "./attempts.ts";
import { skippedBy } from "./control.ts";
import { failForGood } from "./fail-fast.ts";
import type { ByPeople } from "./people.ts";
import { byPeople } from "./people.ts";
import { settle } from "./settle.ts";
import type { AboutWait } from "./waits.ts";
import { defer, outcomeOf } from "./waits.ts";
import type { Instance, World } from "./world.ts";
import { allInstances, instancesOf, isFinal } from "./world.ts";

/** The measured paths of tasks, in the order in which successes tell their lengths. */
export type Measures = (taskId: string) => readonly string[];

type OfInstance = Extract<RunEvent, { ix: number }>;
type OfRun = Exclude<RunEvent, OfInstance | ByPeople | { kind: "pastUndecided" }>;
const lossesMax = 3;

/** Events about instances that do not exist, and reports of attempts that are over, change nothing. */
export function happen(
  world: World,
  event: RunEvent,
  taskIds: readonly string[],
  measures: Measures,
): void {
  // Timers of the run have an index too, of nothing.
  if (isOfInstance(event)) {
    const one = instancesOf(world, taskIds[event.ix] ?? "")?.find(
      ({ mapIx }) => mapIx === event.mapIx,
    );
    if (one && !isOver(world)) ofInstance(world, one, event, measures);
  } else if (event.kind === "pastUndecided") failReady(world, taskIds[event.taskIx] ?? "");
  else if (event.kind === "cleared" || event.kind === "marked" || event.kind === "runMarked")
    byPeople(world, event, taskIds);
  else ofRun(world, event);
  settle(world);
}

function isOfInstance(event: RunEvent): event is OfInstance {
  return (
    "ix" in event &&
    event.kind !== ("dagrunTimedOut" as string) &&
    event.kind !== ("cancelForced" as string)
  );
}

function failReady(world: World, taskId: string): void {
  if (world.run !== "running" || world.isCancelled) return;
  for (const one of instancesOf(world, taskId) ?? [])
    if (one.state === "scheduled") failForGood(world, one);
}

function isOver({ run }: World): boolean {
  return run === "success" || run === "failed";
}

function ofRun(world: World, event: OfRun): void {
  if (isOver(world)) return;
  switch (event.kind) {
    case "runStarted":
      if (world.run !== "queued" || world.isCancelled) break;
      world.run = "running";
      world.startedAt = event.at;
      break;
    case "cancelRequested":
      world.isCancelled = true;
      // A run that has not started ends like one that has.
      world.run = "running";
      for (const one of allInstances(world))
        if (!isFinal(one) && !isExecuting(one)) end(one, "skipped");
      break;
    case "inputsTimedOut":
    case "runLeftOut":
      if (world.run !== "queued" || world.isCancelled) break;
      for (const one of allInstances(world)) if (!isFinal(one)) end(one, "skipped");
      world.run = event.kind === "runLeftOut" ? "success" : "failed";
      break;
    case "cancelForced":
      if (world.isCancelled)
        for (const one of allInstances(world)) if (isExecuting(one)) end(one, "failed");
      break;
    case "dagrunTimedOut":
      if (world.run !== "running" || world.isCancelled) break;
      if (!isTimeOver(world, event.at)) break;
      for (const one of allInstances(world)) if (!isFinal(one)) end(one, "skipped");
      world.run = "failed";
      break;
  }
}

/** Also a timer of an earlier start may come; what counts is how long the run has taken since it was started last. */
function isTimeOver({ graph, startedAt }: World, at: number): boolean {
  const { dagrunTimeoutMs } = graph.spec;
  return dagrunTimeoutMs !== null && startedAt !== null && at >= startedAt + dagrunTimeoutMs;
}

function ofInstance(world: World, one: Instance, event: OfInstance, measures: Measures): void {
  if (event.kind === "taskGranted") {
    if (one.state !== "scheduled" || world.run !== "running") return;
    one.state = "running";
    one.attempt += 1;
    one.isOpen = true;
    one.isCleared = false;
    one.retryAt = null;
    return;
  }
  if (event.attempt !== one.attempt || event.attempt === 0) return;
  if (one.state === "restarting") return endRestart(world, one, event);
  // Lost or given back, it counted for nothing; now it has an outcome after all.
  if (isOutcome(event) && one.isOpen && one.state !== "running") one.uncounted -= 1;
  switch (event.kind) {
    case "taskSucceeded":
      if (one.isOpen) succeed(world, one, event, measures);
      break;
    case "taskFailed":
      if (one.isOpen) fail(world, one, event.failure.retryable);
      break;
    case "taskSkipped":
      if (one.isOpen) end(one, "skipped");
      break;
    case "executionTimedOut":
      if (one.state === "running" && hasTimeout(world, one)) fail(world, one, true);
      break;
    case "taskRescheduled":
      if (!one.isOpen) break;
      one.uncounted += 1;
      end(one, world.isCancelled ? "skipped" : "up_for_reschedule");
      break;
    case "taskReturned":
    case "leaseLost":
      if (one.state === "running") giveBack(world, one, event.kind === "leaseLost");
      break;
    case "taskDeferred":
      if (one.isOpen) defer(world, one, event);
      break;
    case "waitDue":
      if (isTriedAgain(one, event.at)) one.state = "scheduled";
      else aboutWait(world, one, event, measures);
      break;
    case "waitFulfilled":
    case "waitFailed":
    case "waitSkipped":
    case "waitBeat":
    case "waitTimedOut":
      aboutWait(world, one, event, measures);
      break;
    case "restartForced":
  }
}

function isOutcome({ kind }: OfInstance): boolean {
  return ["Succeeded", "Failed", "Skipped", "Rescheduled", "Deferred"].some(
    (word) => kind === `task${word}`,
  );
}

function isTriedAgain({ state, retryAt }: Instance, at: number): boolean {
  return (state === "up_for_retry" && at >= (retryAt ?? at)) || state === "up_for_reschedule";
}

function aboutWait(world: World, one: Instance, event: AboutWait, measures: Measures): void {
  const outcome = outcomeOf(one, event);
  if (outcome === null) return;
  const { deferral } = one.wait!;
  switch (outcome.kind) {
    case "skipped":
      return end(one, "skipped");
    case "failed":
      fail(world, one, outcome.isRetryable);
      if (deferral.kind === "time") one.retryAt = event.at + retryDelayMs(world, one);
      return;
    case "fulfilled":
      if (!deferral.resumes) return succeed(world, one, { ...outcome, choice: null }, measures);
      end(one, "scheduled");
      one.uncounted += 1;
  }
}

/** Random DAGs have no back-off, and their failures no wait of their own. */
function retryDelayMs({ graph }: World, { taskId }: Instance): number {
  return graph.tasks.get(taskId)!.retryDelayMs;
}

/** However its attempt ends, it is forgotten. */
function endRestart(world: World, one: Instance, event: OfInstance): void {
  const isEnd =
    isOutcome(event) || ["taskReturned", "leaseLost", "restartForced"].includes(event.kind);
  if (!isEnd) return;
  if (world.isCancelled) end(one, "skipped");
  else becomeNone(one);
}

function hasTimeout({ graph }: World, { taskId }: Instance): boolean {
  return graph.tasks.get(taskId)!.executionTimeoutMs !== null;
}

function succeed(
  world: World,
  one: Instance,
  event: Pick<Extract<RunEvent, { kind: "taskSucceeded" }>, "hasValue" | "lengths" | "choice">,
  measures: Measures,
): void {
  if (world.isCancelled) return end(one, "failed");
  end(one, "success");
  one.hasValue = event.hasValue;
  // Who measures a value tells all of its lengths. Nobody measures the answer that a time limit gives.
  const paths = event.hasValue && event.lengths.length > 0 ? measures(one.taskId) : [];
  one.lengths = new Map(paths.map((path, at) => [path, event.lengths[at] ?? -1]));
  one.choice = event.choice;
  for (const after of skippedBy(world, one))
    if (!isFinal(after) && !isExecuting(after)) end(after, "skipped");
}

function fail(world: World, one: Instance, isRetryable: boolean): void {
  const { retries } = world.graph.tasks.get(one.taskId)!;
  if (isRetryable && !world.isCancelled && one.attempt - one.uncounted <= retries)
    return end(one, "up_for_retry");
  failForGood(world, one);
}

function giveBack(world: World, one: Instance, isLoss: boolean): void {
  one.uncounted += 1;
  if (isLoss) one.losses += 1;
  if (world.isCancelled) end(one, isLoss ? "failed" : "skipped");
  else if (one.losses >= lossesMax && isLoss) failForGood(world, one);
  // Its last holder may still report while nobody else has it.
  else one.state = isLoss && one.losses === lossesMax - 1 ? "up_for_retry" : "scheduled";
}
