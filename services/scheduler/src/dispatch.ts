/** Sends what became durable: assignments to their sessions, and stops. */

import { create } from "@bufbuild/protobuf";
import type { TaskKey } from "@millrace/db";
import {
  attemptIdOf,
  durationOf,
  isolations,
  runIdOf,
  taskKinds,
  timestampOf,
} from "@millrace/wire";
import { SessionCancelSchema } from "@millrace/wire/internal";
import { RunType } from "@millrace/wire/v1";
import { AssignmentSchema, type Assignment } from "@millrace/wire/worker";
import { sessionAssignment } from "./outbox.ts";
import type { Owner } from "./owner.ts";
import type { ActiveRun } from "./run.ts";
import type { Grant } from "./step.ts";

/** Digits of a fencing text, so that texts compare as their numbers do. */
const fencingDigits = 10;

/** Sends granted attempts to their sessions. Call it only once their rows are durable. */
export function dispatch(owner: Owner, grants: readonly Grant[]): void {
  const missing: TaskKey[] = [];
  const waiting: Grant[] = [];
  for (const grant of grants) {
    const lacking = lackingInputs(owner, grant);
    if (lacking.length === 0) {
      sendGrant(owner, grant);
    } else {
      missing.push(...lacking);
      waiting.push(grant);
    }
  }
  if (waiting.length > 0) void dispatchLater(owner, waiting, missing);
}

async function dispatchLater(
  owner: Owner,
  grants: readonly Grant[],
  missing: readonly TaskKey[],
): Promise<void> {
  try {
    await owner.outputs.load(owner.db, missing);
    for (const grant of grants) sendGrant(owner, grant);
  } catch (error) {
    // The attempts are bound to their sessions, which do not know it: two inventories later they are given to others.
    owner.log.error({ attempts: grants.length, err: error }, "dispatch.inputs_unreadable");
  }
}

function lackingInputs(owner: Owner, { run, ix }: Grant): TaskKey[] {
  const inputs = run.version.compiled.inputs[ix] ?? [];
  return inputs
    .filter((input) => owner.outputs.get(run.key, input) === undefined)
    .map((input) => ({ runId: run.key, ix: input }));
}

function sendGrant(owner: Owner, grant: Grant): void {
  const { run, ix, attempt, sessionKey } = grant;
  // While its inputs were read it may have been lost, or its run may have left.
  if (run.isGone || run.bound.get(ix)?.attempt !== attempt) return;
  const assignment = sessionAssignment(sessionKey, assignmentOf(owner, grant));
  for (const apiNodeId of apiNodesOf(owner, sessionKey)) owner.outbox.assign(apiNodeId, assignment);
}

/** All of them while it is not known where the worker is attached, as after a take-over: the others pass it over. */
function apiNodesOf(owner: Owner, sessionKey: number): Iterable<string> {
  const session = owner.slots.session(sessionKey);
  return session === undefined ? owner.nodes() : [session.apiNodeId];
}

export function attemptIdFor({ run, ix, attempt }: Pick<Grant, "run" | "ix" | "attempt">): string {
  return attemptIdOf({ shard: run.shard, runKey: run.key, ix, mapIx: -1, attempt });
}

function assignmentOf(owner: Owner, grant: Grant): Assignment {
  const { run, ix, attempt } = grant;
  const { compiled, bundleDigest } = run.version;
  const task = compiled.tasks[ix];
  if (task === undefined) throw new Error(`Run ${run.key} has no task ${ix}.`);
  const inputs: [string, { data: Uint8Array }][] = [];
  for (const input of compiled.inputs[ix] ?? []) {
    const data = owner.outputs.get(run.key, input);
    if (data !== undefined && data !== null) inputs.push([compiled.taskIds[input] ?? "", { data }]);
  }
  return create(AssignmentSchema, {
    attemptId: attemptIdFor(grant),
    run: runFacts(run),
    taskId: task.id,
    mapIndex: -1,
    tryNumber: attempt,
    maxTries: task.retries + 1 + (run.engine.lost[ix] ?? 0),
    handler: task.handler,
    kind: taskKinds[task.kind],
    bundleDigest: task.kind === "bundle" ? bundleDigest : "",
    args: new TextEncoder().encode(task.args),
    inputs: Object.fromEntries(inputs),
    executionTimeout: durationOf(task.executionTimeoutMs),
    isolation: isolations[task.isolation],
    env: { ...task.env },
    fencing: String(attempt).padStart(fencingDigits, "0"),
    idempotencyKey: `${runIdOf(BigInt(run.key))}/${task.id}`,
  });
}

function runFacts({ facts, params, version }: ActiveRun) {
  return {
    runId: runIdOf(BigInt(facts.id)),
    dagId: facts.dagId,
    runName: facts.runName,
    logicalDate: timestampOf(facts.logicalAt),
    dataIntervalStart: timestampOf(facts.intervalStartAt),
    dataIntervalEnd: timestampOf(facts.intervalEndAt),
    params: { data: params },
    runType: facts.runType === 1 ? RunType.SCHEDULED : RunType.MANUAL,
    dagVersion: version.number,
    runAfter: timestampOf(facts.runAfter),
  };
}

/** Tells workers to stop bodies: a kindness, since their results no longer count or the run is being cancelled. */
export function sendStops(owner: Owner, stops: readonly Grant[]): void {
  for (const stop of stops) {
    const message = create(SessionCancelSchema, {
      sessionKey: BigInt(stop.sessionKey),
      attemptId: attemptIdFor(stop),
    });
    for (const apiNodeId of apiNodesOf(owner, stop.sessionKey))
      owner.outbox.cancel(apiNodeId, message);
  }
}
