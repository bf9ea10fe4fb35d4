/** Carries out what a person says of task instances and runs: run again, or be over. */

import {
  MillraceError,
  RunState,
  selectInstances,
  TaskState,
  type InstanceRef,
  type Run,
  type RunEvent,
} from "@millrace/engine";
import type { ChangeInstances, MarkRun, OwnerCommand, OwnerReply } from "@millrace/wire/internal";
import { RunState as WireRunState, TaskState as WireTaskState } from "@millrace/wire/v1";
import { tryOut, watchAffected, type InstancesChangedInit } from "./affected.ts";
import type { AnswerOnce, Reply } from "./answer-once.ts";
import { apply } from "../apply.ts";
import { selectionOf } from "./selection.ts";
import { loadedShard, type Owner } from "../owner.ts";
import type { ActiveRun } from "../runs/run.ts";
import type { RunLife } from "../runs/run-life.ts";
import type { Step } from "../flush/step.ts";
import { detachedSubject, requireRun } from "./subject.ts";
import type { Versions } from "../shards/versions.ts";

export type ChangeParts = {
  readonly owner: Owner;
  readonly life: RunLife;
  readonly versions: Versions;
  readonly answerOnce: AnswerOnce;
};

type EventOf = (refs: readonly InstanceRef[]) => RunEvent;

export async function clearInstances(
  parts: ChangeParts,
  command: OwnerCommand,
  asked: ChangeInstances,
): Promise<Reply | OwnerReply> {
  const { dbClock } = parts.owner;
  return change(parts, command, asked, (refs) => ({ kind: "cleared", refs, at: dbClock.now() }));
}

/** @throws MillraceError FIELD_INVALID when the state is none that can be said. */
export async function markInstances(
  parts: ChangeParts,
  command: OwnerCommand,
  asked: ChangeInstances,
): Promise<Reply | OwnerReply> {
  const state = outcomes.get(asked.state);
  if (state === undefined) throw invalidState("SUCCESS, FAILED or SKIPPED");
  const { dbClock } = parts.owner;
  return change(parts, command, asked, (refs) => ({
    ...{ kind: "marked", refs, state },
    at: dbClock.now(),
  }));
}

async function change(
  parts: ChangeParts,
  command: OwnerCommand,
  asked: ChangeInstances,
  eventOf: EventOf,
): Promise<Reply | OwnerReply> {
  const runKey = Number(asked.runKey);
  if (asked.dryRun) {
    const { engine } = await detachedSubject(parts, runKey);
    const refs = refsOf(engine, asked);
    return changedReply(tryOut(engine, refs, eventOf(refs), runKey));
  }
  return parts.answerOnce(parts.owner, command, (store) =>
    withRun(parts, runKey, (run) => {
      const refs = refsOf(run.engine, asked);
      const affected = watchAffected(run.engine, refs);
      apply(parts.owner, run, eventOf(refs), {
        isMarked: command.command.case === "markInstances",
        onEffects: affected.note,
      });
      const reply = changedReply(affected.answer(runKey));
      // With the last of the steps: a change that was cut short is carried out again.
      store(parts.owner.flushes.stepFor(run, null), reply);
      return reply;
    }),
  );
}

function refsOf(engine: Run, asked: ChangeInstances): InstanceRef[] {
  return selectInstances(engine, selectionOf(engine, asked.selection)).map(({ ref }) => ref);
}

/** @throws MillraceError FIELD_INVALID when the state is none that can be said. */
export async function markRun(
  parts: ChangeParts,
  command: OwnerCommand,
  asked: MarkRun,
): Promise<Reply | OwnerReply> {
  const state = ends.get(asked.state);
  if (state === undefined) throw invalidState("SUCCESS or FAILED");
  const { owner } = parts;
  const runKey = Number(asked.runKey);
  const eventNow = () => ({ kind: "runMarked", state, at: owner.dbClock.now() }) as const;
  if (asked.dryRun) {
    const { engine } = await detachedSubject(parts, runKey);
    return changedReply(tryOut(engine, null, eventNow(), runKey));
  }
  return parts.answerOnce(owner, command, (store) =>
    withRun(parts, runKey, (run) => {
      const affected = watchAffected(run.engine, null);
      apply(owner, run, eventNow(), { isMarked: true, onEffects: affected.note });
      const reply = changedReply(affected.answer(runKey));
      store(owner.flushes.stepFor(run, null), reply);
      return reply;
    }),
  );
}

/**
 * Brings a run into memory, changes it at once, and answers when that is durable.
 *
 * @throws MillraceError RUN_NOT_FOUND, NOT_OWNER; StepFailed
 */
export async function withRun<T>(
  { owner, life }: Pick<ChangeParts, "owner" | "life">,
  runKey: number,
  use: (run: ActiveRun) => T,
): Promise<T> {
  const run = await openRun({ owner, life }, runKey);
  let step: Step | null;
  let answer: T;
  try {
    answer = use(run);
  } finally {
    step = owner.flushes.lastStep(run);
    if (step === null) life.release(run);
  }
  owner.pump();
  await step?.done.promise;
  return answer;
}

async function openRun(
  { owner, life }: Pick<ChangeParts, "owner" | "life">,
  runKey: number,
): Promise<ActiveRun> {
  for (;;) {
    const known = owner.runs.get(runKey);
    const dag = known?.dag ?? (await requireRun(owner, runKey)).dag;
    if (loadedShard(owner, dag.shard) === null || owner.reloading.has(runKey))
      throw new MillraceError("NOT_OWNER");
    const run = await life.open(dag, runKey);
    if (run === null) throw new MillraceError("NOT_OWNER");
    // It may have left again in the very moment it came.
    if (!run.isGone) return run;
  }
}

function changedReply(changed: InstancesChangedInit): Reply {
  return { reply: { case: "instancesChanged", value: changed } };
}

const outcomes = new Map<
  WireTaskState,
  typeof TaskState.success | typeof TaskState.failed | typeof TaskState.skipped
>([
  [WireTaskState.SUCCESS, TaskState.success],
  [WireTaskState.FAILED, TaskState.failed],
  [WireTaskState.SKIPPED, TaskState.skipped],
]);

const ends = new Map<WireRunState, typeof RunState.success | typeof RunState.failed>([
  [WireRunState.SUCCESS, RunState.success],
  [WireRunState.FAILED, RunState.failed],
]);

function invalidState(allowed: string): MillraceError {
  return new MillraceError("FIELD_INVALID", `state must be ${allowed}.`, {
    metadata: { field: "state" },
  });
}
