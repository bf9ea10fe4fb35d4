/** Ends the wait of a task instance, or keeps it alive, for whoever has its token or has filled in its form. */

import {
  dagLimits,
  isAwaited,
  isWaiting,
  MillraceError,
  RunState,
  slotOf,
  type InstanceRef,
  type RunEvent,
  type Verdict,
} from "@millrace/engine";
import { failureFromProto } from "@millrace/wire";
import type { EndWait, OwnerCommand, OwnerReply } from "@millrace/wire/internal";
import type { Reply } from "./answer-once.ts";
import { apply, type About } from "../apply.ts";
import type { ChangeParts } from "./change-run.ts";
import { nextChange } from "./instance-changes.ts";
import { loadedShard, type Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { Step } from "../flush/step.ts";
import { requireRun } from "./subject.ts";
import { openWait } from "../waits/waits.ts";

/** What ends a wait: an event, and what comes with it. */
type News = { readonly event: RunEvent; readonly about: About };

const done: Reply = { reply: { case: "done", value: {} } };

/**
 * Answers once what came is durable. A token whose body still runs waits for that body to defer.
 *
 * @throws MillraceError INPUT_NOT_AWAITED, TASK_TOKEN_USED, TASK_NOT_DEFERRED, VALUE_TOO_LARGE, RUN_NOT_FOUND, NOT_OWNER
 */
export async function endWait(
  parts: ChangeParts,
  command: OwnerCommand,
  asked: EndWait,
): Promise<Reply | OwnerReply> {
  const { owner } = parts;
  if (asked.news.case === undefined)
    throw new MillraceError("FIELD_INVALID", "An EndWait brings nothing.");
  // Nothing is written for a heartbeat, its answer neither: again it is one more.
  if (asked.news.case === "heartbeat") return beat(owner, asked);
  assertSize(asked);
  return parts.answerOnce(owner, command, async (store) => {
    const step = await end(owner, asked, command.principal, store);
    await step?.done.promise;
    return done;
  });
}

async function end(
  owner: Owner,
  asked: EndWait,
  principal: string,
  store: (step: Step, reply: Reply) => void,
): Promise<Step | null> {
  const { run, ref, attempt } = await waitingInstance(owner, asked);
  const { event, about } = newsOf(asked, { ...ref, attempt, at: owner.dbClock.now() }, principal);
  assertTaken(asked, apply(owner, run, event, about));
  store(owner.flushes.stepFor(run, null), done);
  owner.pump();
  return owner.flushes.lastStep(run);
}

/** The body may still run: what it makes of that is for it to say, and heartbeats count from when it has deferred. */
async function beat(owner: Owner, asked: EndWait): Promise<Reply> {
  const run = await runOf(owner, asked);
  const ref = refOf(asked);
  const { attempt } = asked;
  if (mayDeferYet(run, ref, attempt)) return done;
  if (openWait(run, ref)?.deferral?.trigger.case !== "token") throw refused(asked);
  const event = { kind: "waitBeat", ...ref, attempt, at: owner.dbClock.now() } as const;
  assertTaken(asked, apply(owner, run, event));
  return done;
}

type WaitingInstance = {
  readonly run: ActiveRun;
  readonly ref: InstanceRef;
  readonly attempt: number;
};

/** The instance, once it waits for what is brought; while its body runs that may take a moment. */
async function waitingInstance(owner: Owner, asked: EndWait): Promise<WaitingInstance> {
  const giveUpAtMs = owner.clock.monotonicMs() + owner.settings.endWaitHoldMs;
  const ref = refOf(asked);
  const kind = asked.news.case === "answer" ? "input" : "token";
  for (;;) {
    const run = await runOf(owner, asked);
    const attempt = asked.attempt === 0 ? newestAttempt(run, ref) : asked.attempt;
    const isRight = openWait(run, ref)?.deferral?.trigger.case === kind;
    if (isRight && isWaiting(run.engine, ref, attempt)) return { run, ref, attempt };
    if (kind === "input" || !mayDeferYet(run, ref, attempt)) throw refused(asked);
    const leftMs = giveUpAtMs - owner.clock.monotonicMs();
    if (leftMs <= 0) throw new MillraceError("TASK_NOT_DEFERRED");
    await nextChange(owner.clock, run, ref, leftMs);
  }
}

/** A run with an instance that waits, or whose body may yet defer, is in memory. */
async function runOf(owner: Owner, asked: EndWait): Promise<ActiveRun> {
  const runKey = Number(asked.runKey);
  const run = owner.runs.get(runKey);
  if (run !== undefined) {
    if (loadedShard(owner, run.shard) === null) throw new MillraceError("NOT_OWNER");
    return run;
  }
  const { place } = await requireRun(owner, runKey);
  if (place.state !== RunState.running) throw refused(asked);
  const known = owner.runs.get(runKey);
  if (known === undefined) throw new MillraceError("NOT_OWNER");
  return known;
}

function refOf({ taskIx, mapIndex }: EndWait): InstanceRef {
  return { ix: taskIx, mapIx: mapIndex };
}

function newestAttempt({ engine }: ActiveRun, { ix, mapIx }: InstanceRef): number {
  const slot = slotOf(engine, ix, mapIx);
  return slot < 0 ? 0 : (engine.instances.attempt[slot] ?? 0);
}

/** It runs, or its worker was lost and may report yet. */
function mayDeferYet(run: ActiveRun, ref: InstanceRef, attempt: number): boolean {
  return newestAttempt(run, ref) === attempt && isAwaited(run.engine, ref);
}

function newsOf(
  { news }: EndWait,
  of: InstanceRef & { readonly attempt: number; readonly at: number },
  principal: string,
): News {
  switch (news.case) {
    case "failure": {
      const event = { kind: "waitFailed", ...of, failure: failureFromProto(news.value) } as const;
      return { event, about: {} };
    }
    case "success": {
      // No bytes are no value.
      const out = news.value.data.byteLength === 0 ? null : news.value.data;
      return { event: { ...fulfilled(of), hasValue: out !== null }, about: { out } };
    }
    case "answer": {
      const answered = { by: principal, values: valuesIn(news.value.data) };
      return { event: fulfilled(of), about: { out: news.value.data, answered } };
    }
    case "heartbeat":
    case undefined:
      throw new Error("Only what ends a wait is news.");
  }
}

function fulfilled<T>(of: T) {
  return { kind: "waitFulfilled", ...of, hasValue: true, lengths: [] } as const;
}

/** What was filled in, of an event for a body. */
function valuesIn(event: Uint8Array): Uint8Array {
  const { values = {} } = JSON.parse(Buffer.from(event).toString()) as { values?: unknown };
  return Buffer.from(JSON.stringify(values));
}

function assertSize({ news }: EndWait): void {
  if (news.case !== "success" && news.case !== "answer") return;
  const { byteLength } = news.value.data;
  if (byteLength <= dagLimits.argsBytes) return;
  const message = `The value has ${byteLength} bytes; it may have ${dagLimits.argsBytes}. Store it elsewhere and send its address.`;
  throw new MillraceError("VALUE_TOO_LARGE", message, { metadata: { bytes: String(byteLength) } });
}

function assertTaken(asked: EndWait, verdict: Verdict): void {
  if (verdict.kind !== "OK") throw refused(asked);
}

function refused({ news }: EndWait): MillraceError {
  return new MillraceError(news.case === "answer" ? "INPUT_NOT_AWAITED" : "TASK_TOKEN_USED");
}
