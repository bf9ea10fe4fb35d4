/** What becomes of a delivery after a try: states of semantics 1.7; where Airflow tries once, ours try again. */

import { failureToProto } from "@millrace/wire";
import { aFailure } from "@millrace/engine/testing";
import type { Failure } from "@millrace/engine";
import { expect, test } from "vitest";
import { afterTry, lostTry } from "./after-try.ts";

const settings = { callbackTriesMax: 5, callbackRetryMs: 30_000 };
const now = 1_000_000;

function after(tries: number, failure: Partial<Failure>) {
  const value = failureToProto(aFailure(failure));
  return afterTry({ tries }, { case: "failed", value }, now, settings);
}

test("a success ends it, at whatever try", () => {
  const outcome = { case: "succeeded", value: {} } as never;
  expect(afterTry({ tries: 3 }, outcome, now, settings)).toEqual({
    ...{ state: 2, tries: 4, nextTryAt: null, failure: null },
  });
});

test("after each failure the wait doubles, and the fifth is the last", () => {
  const waits = [0, 1, 2, 3].map((tries) => (after(tries, {}).nextTryAt ?? 0) - now);
  expect(waits).toEqual([30_000, 60_000, 120_000, 240_000]);
  expect(after(3, {})).toMatchObject({ state: 1, tries: 4 });
  expect(after(4, {})).toMatchObject({ state: 3, tries: 5, nextTryAt: null });
});

test("a failure may say when it is tried again, or never", () => {
  expect(after(0, { retryAfterMs: 5 }).nextTryAt).toBe(now + 5);
  expect(after(0, { retryable: false })).toMatchObject({ state: 3, tries: 1, nextTryAt: null });
});

test("what was lost is tried at once, and counts as a try", () => {
  const lost = { state: 1, tries: 1, nextTryAt: null };
  expect(lostTry({ tries: 0 }, settings)).toMatchObject(lost);
  expect(after(0, { kind: "lost" })).toMatchObject(lost);
  expect(lostTry({ tries: 4 }, settings)).toMatchObject({ state: 3, tries: 5 });
});

test("a result that only tasks have is a failure", () => {
  const tried = afterTry({ tries: 0 }, { case: "skipped", value: {} as never }, now, settings);
  expect(tried).toMatchObject({ state: 1, tries: 1 });
  expect(Buffer.from(tried.failure ?? []).toString()).toContain("reported: skipped");
});
