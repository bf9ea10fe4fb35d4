/** What task instances that gave their slots back wait for, beside the engine: their rows, and what comes of them. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { InputRow, Waited } from "@millrace/db";
import {
  isWaitState,
  keepsDeferral,
  TaskState,
  type Change,
  type Deferral,
  type InstanceRef,
  type RunEvent,
} from "@millrace/engine";
import { epochMsOf, externalWaitFromProto, msOf, timestampOf } from "@millrace/wire";
import { DeferralRowSchema, type DeferralRow } from "@millrace/wire/internal";
import {
  DeferralSchema,
  InputFormSchema,
  TimeoutOutcome,
  type Deferral as WireDeferral,
  type InputForm,
} from "@millrace/wire/v1";
import { instanceKey } from "../runs/instance-key.ts";
import type { ActiveRun, Version } from "../runs/run.ts";

/** What a change writes because of a wait. */
export type WaitRecord = {
  /** DeferralRow. */
  readonly deferral: Uint8Array | null;
  readonly waited: Waited | null;
  readonly input: Omit<InputRow, "finished"> | null;
  /** What it waits for from now on. */
  readonly waiting: DeferralRow | null;
};

/** What comes with an event, and matters to a wait. */
export type WaitNews = {
  /** Of the end of a wait: what came, null when nothing. */
  readonly out?: Uint8Array | null;
  /** Of a deferral: its row. */
  readonly deferral?: DeferralRow;
  /** Of the end of a wait for a person. */
  readonly answered?: Answered;
};

/** An answer to a form. */
export type Answered = {
  /** Such as `user:admin`. */
  readonly by: string;
  /** Codec JSON: what was filled in. */
  readonly values: Uint8Array;
};

const nothing: WaitRecord = { deferral: null, waited: null, input: null, waiting: null };

/** The row of a deferral that a worker has asked for just now. The task's own needs may make its body go on. */
export function deferralRow(
  version: Version,
  { ix, attempt }: { readonly ix: number; readonly attempt: number },
  asked: WireDeferral,
  now: number,
): DeferralRow {
  const { trigger } = asked;
  const timeoutMs = leastOf(msOf(asked.timeout), ofTriggered(version, ix, asked));
  const resumes = asked.resumes || mustResume(version, ix, trigger.case);
  return create(DeferralRowSchema, {
    deferral: create(DeferralSchema, { ...asked, resumes }),
    since: timestampOf(now),
    timeoutAt: timestampOf(timeoutMs === null ? null : now + timeoutMs),
    until: timestampOf(trigger.case === "time" ? momentOf(trigger.value.moment, now) : null),
    attempt,
  });
}

/** To wait for the run that it triggered is a part of what a task does: its time limit counts. */
function ofTriggered({ compiled }: Version, ix: number, { trigger }: WireDeferral): number | null {
  const task = compiled.tasks[ix];
  if (trigger.case !== "runs" || trigger.value.runId === "" || task === undefined) return null;
  return task.sensor === null ? task.executionTimeoutMs : null;
}

function leastOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** Only a worker can say what a branch chose, and how long the lists of a value are. A triggerer is one. */
function mustResume(
  { compiled }: Version,
  ix: number,
  trigger: WireDeferral["trigger"]["case"],
): boolean {
  if (compiled.tasks[ix]?.control !== "none") return true;
  return trigger !== "watch" && (compiled.measures[ix]?.length ?? 0) > 0;
}

function momentOf(
  moment: Extract<WireDeferral["trigger"], { case: "time" }>["value"]["moment"],
  now: number,
): number {
  if (moment.case === "at") return epochMsOf(moment.value) ?? now;
  return now + (moment.case === "after" ? (msOf(moment.value) ?? 0) : 0);
}

const outcomes: Readonly<Record<number, Deferral["onTimeout"]>> = {
  [TimeoutOutcome.FAIL_FOR_GOOD]: "fail_for_good",
  [TimeoutOutcome.SKIP]: "skip",
  [TimeoutOutcome.FULFIL]: "fulfil",
};

/** A deferral as the engine knows it; null when its row holds none. */
export function engineDeferral(row: DeferralRow): Deferral | null {
  const { deferral, since, timeoutAt, until } = row;
  const trigger = deferral?.trigger;
  if (deferral === undefined || trigger?.case === undefined) return null;
  const form = trigger.case === "input" ? trigger.value.form : undefined;
  const watch = trigger.case === "watch" ? trigger.value : undefined;
  return {
    kind: trigger.case,
    since: epochMsOf(since) ?? 0,
    until: epochMsOf(until),
    timeoutAt: epochMsOf(timeoutAt),
    onTimeout: outcomes[deferral.onTimeout] ?? "fail",
    heartbeatMs: trigger.case === "token" ? msOf(trigger.value.heartbeat) : null,
    handler: watch?.handler ?? null,
    summary: watch?.summary ?? form?.subject ?? "",
    assignees: form?.assignees ?? [],
    external: trigger.case === "runs" ? externalWaitFromProto(trigger.value) : null,
    resumes: deferral.resumes,
  };
}

export function readDeferralRow(bytes: Uint8Array): DeferralRow {
  return fromBinary(DeferralRowSchema, bytes);
}

/** What a task instance waits for, or its body goes on with. */
export function waitFor(run: ActiveRun, ref: InstanceRef): DeferralRow | null {
  return run.waits.size === 0 ? null : (run.waits.get(instanceKey(ref)) ?? null);
}

/** What the newest attempt of a task instance waits for now. */
export function openWait(run: ActiveRun, ref: InstanceRef): DeferralRow | null {
  const row = waitFor(run, ref);
  return row === null || row.isOver ? null : row;
}

/** Follows a change of a task instance: it begins to wait, or does not any more, or the body has gone on. */
export function noteWait(
  run: ActiveRun,
  change: Change,
  event: RunEvent | null,
  about: WaitNews,
): WaitRecord {
  if (isWaitState(change.state) && about.deferral !== undefined)
    return begin(run, change, about.deferral);
  const row = waitFor(run, change);
  if (row === null) return nothing;
  // Others may be affected by what came of this one's wait, and it by theirs.
  if (!row.isOver)
    return isAbout(event, change)
      ? end(run, change, row, event, about)
      : end(run, change, row, null, {});
  if (!keepsDeferral(change)) run.waits.delete(instanceKey(change));
  return { ...nothing, waited: waitedBefore(row, change) };
}

/** Whether an event is what happened to this very instance. */
export function isAbout(event: RunEvent | null, { ix, mapIx }: InstanceRef): boolean {
  return event !== null && "attempt" in event && event.ix === ix && event.mapIx === mapIx;
}

function begin(run: ActiveRun, change: Change, row: DeferralRow): WaitRecord {
  run.waits.set(instanceKey(change), row);
  return {
    deferral: toBinary(DeferralRowSchema, row),
    waited: null,
    input: openedInput(row),
    waiting: row,
  };
}

function end(
  run: ActiveRun,
  change: Change,
  row: DeferralRow,
  event: RunEvent | null,
  about: WaitNews,
): WaitRecord {
  const input = closedInput(row, change, event, about);
  if (change.state !== TaskState.scheduled) {
    run.waits.delete(instanceKey(change));
    return { ...nothing, input };
  }
  const came = about.out ?? null;
  const over: DeferralRow = { ...row, isOver: true };
  if (came !== null) over.event = { $typeName: "millrace.v1.Value", data: Uint8Array.from(came) };
  run.waits.set(instanceKey(change), over);
  return { ...nothing, deferral: toBinary(DeferralRowSchema, over), input };
}

/** With the grant of the next attempt, and when what is about to go on is cleared or removed. */
function waitedBefore({ attempt, deferral }: DeferralRow, change: Change): Waited | null {
  const leaving = change.state === TaskState.running ? change.attempt - 1 : change.attempt;
  if (leaving !== attempt) return null;
  return deferral?.trigger.case === "input" ? TaskState.awaiting_input : TaskState.deferred;
}

function formOf({ deferral }: DeferralRow): InputForm | null {
  const trigger = deferral?.trigger;
  return trigger?.case === "input" ? (trigger.value.form ?? null) : null;
}

const unanswered = { form: null, timeoutAt: null, answeredBy: null, answer: null } as const;

function openedInput(row: DeferralRow): WaitRecord["input"] {
  const form = formOf(row);
  if (form === null) return null;
  const timeoutAt = epochMsOf(row.timeoutAt);
  return { ...unanswered, state: 1, form: toBinary(InputFormSchema, form), timeoutAt };
}

function closedInput(
  row: DeferralRow,
  change: Change,
  event: RunEvent | null,
  { answered }: WaitNews,
): WaitRecord["input"] {
  if (formOf(row) === null) return null;
  const isTaken = change.state === TaskState.scheduled || change.state === TaskState.success;
  if (answered !== undefined && isTaken)
    return { ...unanswered, state: 2, answeredBy: answered.by, answer: answered.values };
  return { ...unanswered, state: event?.kind === "waitTimedOut" ? 3 : 4 };
}

/** What a form that nobody answered is answered with, if it says so. */
export function defaultAnswer(row: DeferralRow, now: number): WaitNews {
  const values = formOf(row)?.defaults?.data;
  if (values === undefined || row.deferral?.onTimeout !== TimeoutOutcome.FULFIL) return {};
  const at = JSON.stringify({ $: "date", v: new Date(now).toISOString() });
  const by = "timeout";
  const out = Buffer.concat([
    Buffer.from('{"values":'),
    values,
    Buffer.from(`,"by":${JSON.stringify(by)},"at":${at}}`),
  ]);
  return { out, answered: { by, values } };
}
