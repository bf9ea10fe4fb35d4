import { create } from "@bufbuild/protobuf";
import { failureToProto, parseAttemptId, type AttemptRef } from "@millrace/wire";
import type { SessionAssignment } from "@millrace/wire/internal";
import { ResultSchema, type Result } from "@millrace/wire/worker";
import { aFailure } from "@millrace/engine/testing";
import type { Failure } from "@millrace/engine";
import { expect, test } from "vitest";
import type { Owner } from "../owner.ts";
import { settingsWith } from "../settings.ts";
import { createSlots } from "../dispatch/slots.ts";
import { createWorkerNames } from "../dispatch/worker-names.ts";
import type { Question } from "./call.ts";
import { createCalls } from "./calls.ts";

const line = { queue: "default", handler: null };
const question: Question = {
  dag: { dagId: "etl", shard: 7 },
  version: { number: 3, bundleDigest: "abc" } as Question["version"],
  handler: "etl.ts#etl##schedule()",
  name: "schedule",
  args: "[1]",
  timeoutMs: 1_000,
  queue: "default",
};

/** What of an owner calls need, without a database and a bus. */
function aWorld(sessions: readonly number[] = [1, 2]) {
  const sent: SessionAssignment[] = [];
  const cancelled: string[] = [];
  const timers = new Set<() => void>();
  const slots = createSlots();
  const owner = {
    settings: settingsWith(),
    slots,
    names: createWorkerNames(10),
    demand: { onGranted: () => undefined },
    outbox: {
      assign: (_: string, message: SessionAssignment) => void sent.push(message),
      cancel: (_: string, { attemptId }: { attemptId: string }) => void cancelled.push(attemptId),
    },
    clock: {
      after(_ms: number, run: () => void) {
        timers.add(run);
        return () => void timers.delete(run);
      },
    },
    pump: () => undefined,
  } as unknown as Owner;
  const calls = createCalls(() => owner);
  for (const sessionKey of sessions)
    slots.grant("api", [
      {
        sessionKey,
        queues: ["default"],
        handlers: [],
        runsBundles: true,
        slots: 9,
        workerName: "",
      },
    ]);
  const last = (): { readonly id: string; readonly ref: AttemptRef; readonly session: number } => {
    const message = sent.at(-1);
    const id = message?.assignment?.attemptId ?? "";
    const ref = parseAttemptId(id);
    if (ref === null) throw new Error(`"${id}" is no attempt id`);
    return { id, ref, session: Number(message?.sessionKey) };
  };
  return { calls, sent, cancelled, timers, last, hand: () => calls.grantOne(line) };
}

const answered = (text: string): Result =>
  create(ResultSchema, {
    outcome: { case: "succeeded", value: { returnValue: { data: Buffer.from(text) } } },
  });
const failed = (failure: Partial<Failure>): Result =>
  create(ResultSchema, {
    outcome: { case: "failed", value: failureToProto(aFailure(failure)) },
  });
const textOf = (value: Uint8Array | null) => Buffer.from(value ?? []).toString();

test("a question waits for a slot, and is answered by the worker that has it", async () => {
  const { calls, sent, last, hand } = aWorld();
  const answer = calls.ask(question);
  expect([...calls.lines()]).toMatchObject([line]);
  expect(calls.count(line, 10)).toBe(1);
  expect(hand()).toBe(true);
  expect(hand()).toBe(false);
  expect(sent[0]?.assignment).toMatchObject({
    ...{ handler: question.handler, bundleDigest: "abc", call: { name: "schedule" } },
    run: { dagId: "etl", dagVersion: 3 },
  });
  const { ref, session } = last();
  expect(ref).toMatchObject({ shard: 7, of: "call", attempt: 1 });
  expect(calls.report(session, ref, answered('{"a":1}'))).toEqual({ kind: "OK" });
  const got = await answer;
  expect(got.kind === "value" && textOf(got.value)).toBe('{"a":1}');
  expect(calls.report(session, ref, answered("2"))).toMatchObject({ kind: "STALE" });
});

test("who lost its worker is asked again, under another id; a late answer is welcome, a late failure is not", async () => {
  const { calls, last, hand } = aWorld();
  const answer = calls.ask(question);
  hand();
  const first = last();
  calls.endSession(first.session);
  hand();
  const second = last();
  expect(second.id).not.toBe(first.id);
  expect(second.ref.runKey).toBe(first.ref.runKey);
  expect(calls.verdictOn(first.session, first.ref)).toMatchObject({ kind: "STALE" });
  expect(calls.verdictOn(second.session, second.ref)).toBeNull();
  expect(calls.report(first.session, first.ref, failed({}))).toMatchObject({ kind: "STALE" });
  expect(calls.report(first.session, first.ref, answered("1"))).toEqual({ kind: "OK" });
  expect(await answer).toMatchObject({ kind: "value" });
});

test("a function that takes three workers with it has failed", async () => {
  const { calls, last, hand } = aWorld();
  const answer = calls.ask(question);
  for (let n = 0; n < 3; n++) {
    expect(hand()).toBe(true);
    const { ref, session } = last();
    expect(calls.report(session, ref, failed({ kind: "lost" }))).toEqual({ kind: "OK" });
  }
  expect(hand()).toBe(false);
  expect(await answer).toMatchObject({ kind: "failed", failure: { kind: "lost" } });
});

test("what two inventories leave out is asked again; what is given back is, and counts as no loss", () => {
  const { calls, last, hand } = aWorld([1]);
  void calls.ask(question);
  hand();
  expect(calls.loseMissing(1, new Set([last().id]))).toBe(0);
  expect(calls.loseMissing(1, new Set())).toBe(0);
  expect(calls.loseMissing(1, new Set())).toBe(1);
  for (let n = 0; n < 5; n++) {
    expect(hand()).toBe(true);
    const given = create(ResultSchema, { outcome: { case: "returned", value: {} } });
    calls.report(1, last().ref, given);
  }
  expect(calls.count(line, 10)).toBe(1);
});

test("what the function throws is a failure; so is an answer that is too long, and one that is none", async () => {
  const long = answered(`"${"x".repeat(settingsWith().callAnswerBytesMax)}"`);
  const odd = create(ResultSchema, { outcome: { case: "skipped", value: { message: "" } } });
  for (const [result, message] of [
    [failed({ message: "boom" }), /boom/],
    [long, /may have 65536/],
    [odd, /reported: skipped/],
  ] as const) {
    const { calls, last, hand } = aWorld([1]);
    const answer = calls.ask(question);
    hand();
    calls.report(1, last().ref, result);
    expect(await answer).toMatchObject({
      kind: "failed",
      failure: { message: expect.stringMatching(message) },
    });
  }
});

test("a worker that says nothing for longer than the function may take is not waited for", async () => {
  const { calls, cancelled, timers, last, hand } = aWorld([1]);
  const answer = calls.ask(question);
  hand();
  for (const run of timers) run();
  expect(await answer).toMatchObject({ kind: "failed", failure: { kind: "timeout" } });
  expect(cancelled).toEqual([last().id]);
});

test("a question is dropped when it is withdrawn, or when its DAG or shard is gone", async () => {
  for (const end of ["signal", "dag", "shard"] as const) {
    const { calls, cancelled, last, hand } = aWorld([1]);
    const controller = new AbortController();
    const answer = calls.ask({ ...question, signal: controller.signal });
    hand();
    if (end === "signal") controller.abort();
    if (end === "dag") calls.dropDag("etl");
    if (end === "shard") calls.dropShards(new Set([7]));
    expect(await answer).toEqual({ kind: "dropped" });
    expect(cancelled).toEqual([last().id]);
    expect([...calls.sessionKeys()]).toEqual([]);
  }
  const aborted = aWorld().calls.ask({ ...question, signal: AbortSignal.abort() });
  expect(await aborted).toEqual({ kind: "dropped" });
});
