import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { AttemptSchema, TaskInstanceSchema, TaskState, WaitingSchema } from "@millrace/wire/v1";
import type { Waiting } from "@millrace/wire/v1";
import { attemptStart, nextMoment, waitAfter, waitPhrase, waitSentence } from "./waiting.ts";

const at = timestampFromMs;

function attempt(tryNumber: number, state: TaskState, startedAt: number, endedAt: number) {
  return create(AttemptSchema, {
    tryNumber,
    state,
    startedAt: at(startedAt),
    endedAt: at(endedAt),
  });
}

function waiting(end: Waiting["for"]) {
  return create(WaitingSchema, { for: end });
}

describe("what is waited for", () => {
  test.each([
    [waiting({ case: "until", value: at(5_000) }), "waits for a moment", "goes on by itself"],
    [
      waiting({
        case: "token",
        value: {
          $typeName: "millrace.v1.TokenTrigger",
          heartbeat: { $typeName: "google.protobuf.Duration", seconds: 90n, nanos: 0 },
        },
      }),
      "waits for its token",
      "at least every 1m 30s",
    ],
    [waiting({ case: "summary", value: "a file" }), "waits for a file", "It waits for a file."],
    [waiting({ case: undefined }), "", "gave its slot back"],
  ])("is told of %o", (wait, phrase, sentence) => {
    expect(waitPhrase(wait)).toBe(phrase);
    expect(waitSentence(wait)).toContain(sentence);
  });

  test("a moment is known of retries, looks and time triggers only", () => {
    const task = (state: TaskState, end: Waiting["for"]) =>
      create(TaskInstanceSchema, { state, retryAt: at(1_000), waiting: waiting(end) });
    const until = { case: "until", value: at(7_000) } as const;
    expect(nextMoment(null)).toBeNull();
    expect(nextMoment(task(TaskState.UP_FOR_RETRY, until))).toEqual({ verb: "Retry", at: 1_000 });
    expect(nextMoment(task(TaskState.DEFERRED, until))).toEqual({ verb: "Wakes", at: 7_000 });
    expect(nextMoment(task(TaskState.DEFERRED, { case: "summary", value: "x" }))).toBeNull();
    expect(nextMoment(task(TaskState.RUNNING, until))).toBeNull();
  });
});

describe("attempts around a wait", () => {
  const first = attempt(1, TaskState.DEFERRED, 1_000, 2_000);

  test("a wait lasts from the end of one attempt to the begin of the next", () => {
    const second = attempt(2, TaskState.SUCCESS, 9_000, 9_500);
    const task = create(TaskInstanceSchema, { state: TaskState.SUCCESS, tryNumber: 2 });
    expect(waitAfter(first, [first, second], task)).toMatchObject({ from: 2_000, to: 9_000 });
    expect(waitAfter(second, [first, second], task)).toBeNull();
  });

  test("one that goes on keeps the begin of the task instance: when it could go on is taken for it", () => {
    const second = attempt(2, TaskState.SUCCESS, 1_000, 9_500);
    const task = create(TaskInstanceSchema, { tryNumber: 2, readyAt: at(8_000) });
    expect(attemptStart(first, [first, second], task)).toBe(1_000);
    expect(attemptStart(second, [first, second], task)).toBe(8_000);
    expect(waitAfter(first, [first, second], task)).toMatchObject({ to: 8_000 });
    const third = attempt(3, TaskState.SUCCESS, 1_000, 20_000);
    const later = create(TaskInstanceSchema, { tryNumber: 3, readyAt: at(19_000) });
    expect(attemptStart(second, [first, second, third], later)).toBeNull();
  });

  test("a wait that goes on has no end, one without a next attempt ends with the task", () => {
    const open = create(TaskInstanceSchema, { state: TaskState.DEFERRED, tryNumber: 1 });
    expect(waitAfter(first, [first], open)).toMatchObject({ isOpen: true, to: null });
    const over = create(TaskInstanceSchema, { state: TaskState.FAILED, endedAt: at(6_000) });
    expect(waitAfter(first, [first], over)).toMatchObject({ isOpen: false, to: 6_000 });
  });
});
