import { VerdictKind, VerdictSchema, type Verdict } from "@millrace/wire/worker";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Outbox } from "./outbox.ts";
import { isCancelled, resultOf } from "./results.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function succeeded(attemptId: string, bytes = 1) {
  const rest = { xcoms: {}, lengths: [], choice: null, mapIndexLabel: "" };
  return resultOf(attemptId, { kind: "succeeded", value: new Uint8Array(bytes), ...rest });
}

function verdict(attemptId: string, kind: VerdictKind): Verdict {
  return create(VerdictSchema, { attemptId, kind });
}

function ids(messages: ReturnType<Outbox["take"]>): string[][] {
  return messages.map((results) => results.map((result) => result.attemptId));
}

test("results are sent once a stream, and all again on the next one", () => {
  const outbox = new Outbox(silent);
  outbox.add(succeeded("a"));
  outbox.add(succeeded("b"));
  expect(ids(outbox.take())).toEqual([["a", "b"]]);
  expect(outbox.take()).toEqual([]);
  outbox.onVerdict(verdict("a", VerdictKind.OK));
  outbox.resendAll();
  expect(ids(outbox.take())).toEqual([["b"]]);
});

test("a message has at most 1000 results and 2 MiB", () => {
  const outbox = new Outbox(silent);
  for (let index = 0; index < 1001; index++) outbox.add(succeeded(`a${index}`));
  expect(outbox.take().map((message) => message.length)).toEqual([1000, 1]);
  for (let index = 0; index < 5; index++) outbox.add(succeeded(`b${index}`, 900_000));
  expect(outbox.take().map((message) => message.length)).toEqual([2, 2, 1]);
});

test.each([
  VerdictKind.OK,
  VerdictKind.ALREADY,
  VerdictKind.CONFLICT,
  VerdictKind.STALE,
  99 as VerdictKind,
])("verdict %i ends a result", (kind) => {
  const outbox = new Outbox(silent);
  outbox.add(succeeded("a"));
  outbox.onVerdict(verdict("a", kind));
  expect(outbox.size).toBe(0);
});

test("asked to cancel, it says once that the attempt was cancelled", () => {
  const outbox = new Outbox(silent);
  outbox.add(succeeded("a"));
  outbox.take();
  outbox.onVerdict(verdict("a", VerdictKind.CANCEL_REQUESTED));
  const [message] = outbox.take();
  expect(isCancelled(message![0]!)).toBe(true);
  outbox.onVerdict(verdict("a", VerdictKind.CANCEL_REQUESTED));
  expect(outbox.size).toBe(0);
});

test("a verdict on something else changes nothing", () => {
  const outbox = new Outbox(silent);
  outbox.add(succeeded("a"));
  outbox.onVerdict(verdict("b", VerdictKind.OK));
  expect([...outbox.attemptIds()]).toEqual(["a"]);
});
