/** Sends what became durable: assignments to their sessions, and stops. */

import { create } from "@bufbuild/protobuf";
import type { Failure } from "@millrace/engine";
import { SessionCancelSchema } from "@millrace/wire/internal";
import { apply } from "../apply.ts";
import { assignmentOf, attemptIdFor } from "./assignment.ts";
import { gatherValues, tooLarge, type AssignmentValues } from "./assignment-values.ts";
import { instanceKey } from "../runs/instance-key.ts";
import { sessionAssignment } from "./outbox.ts";
import type { Owner } from "../owner.ts";
import type { Grant } from "../flush/step.ts";
import { readKeys, readRange, type Lacking, type ReadValues } from "./value-reads.ts";

type Waiting = { readonly grant: Grant; readonly lacking: Lacking };

/** Sends granted attempts to their sessions. Call it only once their rows are durable. */
export function dispatch(owner: Owner, grants: readonly Grant[]): void {
  const waiting: Waiting[] = [];
  for (const grant of grants) {
    const lacking = settle(owner, grant);
    if (lacking !== null) waiting.push({ grant, lacking });
  }
  if (waiting.length > 0) void dispatchLater(owner, waiting);
}

/** Sends an attempt, or fails it when that can never be; null then, else the rows that must be read before. */
function settle(owner: Owner, given: Grant, read?: ReadValues): Lacking | null {
  const grant = current(owner, given);
  if (grant === null) return null;
  const gathered = gatherValues(owner, grant, read);
  if (gathered.kind === "lacking") return gathered.lacking;
  if (gathered.kind === "ready") send(owner, grant, gathered.values);
  else fail(owner, grant, gathered.message);
  return null;
}

async function dispatchLater(owner: Owner, waiting: readonly Waiting[]): Promise<void> {
  try {
    for (const part of partsOf(waiting, owner.settings.valuesPerReadMax)) {
      const read = await readKeys(
        owner,
        part.flatMap(({ lacking }) => lacking.keys),
      );
      for (const { grant, lacking } of part)
        await settleWithRanges(owner, grant, lacking, read.get(grant.run.key) ?? new Map());
    }
  } catch (error) {
    // The attempts are bound to their sessions, which do not know it: two inventories later they are given to others.
    owner.log.error({ attempts: waiting.length, err: error }, "dispatch.inputs_unreadable");
  }
}

/** So many at a time that not everything that was ever returned is in memory at once. */
function partsOf(waiting: readonly Waiting[], keysMax: number): Waiting[][] {
  const parts: Waiting[][] = [];
  let keys = Infinity;
  for (const each of waiting) {
    const { length } = each.lacking.keys;
    if (keys + length > keysMax) {
      parts.push([]);
      keys = 0;
    }
    parts.at(-1)?.push(each);
    keys += length;
  }
  return parts;
}

async function settleWithRanges(
  owner: Owner,
  grant: Grant,
  { ranges }: Lacking,
  read: ReadValues,
): Promise<void> {
  for (const range of ranges) {
    // What an attempt before this one read is there already.
    if (settle(owner, grant, read) === null) return;
    if (await readRange(owner, range, read)) continue;
    const taskId = grant.run.version.compiled.taskIds[range.ix] ?? "";
    const refused = current(owner, grant);
    const { assignmentBytesMax } = owner.settings;
    if (refused !== null) fail(owner, refused, tooLarge(taskId, null, assignmentBytesMax));
    return;
  }
  settle(owner, grant, read);
}

/**
 * The grant as it is now: while values were read, its run may have left and come back. Null when it is not to be sent:
 * it is over, or its run is being read again and sends it then.
 */
function current(owner: Owner, grant: Grant): Grant | null {
  if (!grant.run.isGone) return isBound(grant) ? grant : null;
  const { key } = grant.run;
  const run = owner.runs.get(key);
  if (run !== undefined) return isBound({ ...grant, run }) ? { ...grant, run } : null;
  if (owner.reloading.has(key)) owner.unsent.set(key, [...(owner.unsent.get(key) ?? []), grant]);
  return null;
}

function send(owner: Owner, grant: Grant, values: AssignmentValues): void {
  const { sessionKey } = grant;
  const assignment = assignmentOf(grant, values, owner.dbClock.now());
  const message = sessionAssignment(sessionKey, assignment);
  for (const apiNodeId of apiNodesOf(owner, sessionKey)) owner.outbox.assign(apiNodeId, message);
}

/** All of them while it is not known where the worker is attached, as after a take-over: the others pass it over. */
export function apiNodesOf(owner: Owner, sessionKey: number): Iterable<string> {
  const session = owner.slots.session(sessionKey);
  return session === undefined ? owner.nodes() : [session.apiNodeId];
}

/** The worker never hears of it: its slot is free again. */
function fail(owner: Owner, grant: Grant, message: string): void {
  const { run, ix, mapIx, attempt } = grant;
  const failure: Failure = {
    ...{ kind: "setup", type: "InputInvalid", message, stack: "" },
    ...{ retryable: false, retryAfterMs: null },
  };
  const at = owner.dbClock.now();
  apply(owner, run, { kind: "taskFailed", ix, mapIx, attempt, at, failure });
  owner.slots.putBack(grant.sessionKey);
  owner.pump();
}

function isBound(grant: Grant): boolean {
  const bound = grant.run.bound.get(instanceKey(grant));
  return bound?.attempt === grant.attempt && bound.sessionKey === grant.sessionKey;
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
