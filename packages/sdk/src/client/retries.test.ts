import { MillraceError } from "@millrace/engine";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { createRetries, type RetryOptions } from "./retries.ts";

const url = "http://server:8080";

function retriesFor(retryForMs: number, more: Partial<RetryOptions> = {}) {
  return createRetries({ url, retryForMs, random: () => 0, ...more });
}

/** What Node says of a system call that failed. */
function ofNetwork(code: string): ConnectError {
  const cause = Object.assign(new Error(`connect ${code}`), { code, syscall: "connect" });
  return ConnectError.from(cause, Code.Internal);
}

/** Fails with each error in turn, then answers. */
function failing(...errors: Error[]) {
  let calls = 0;
  const call = () => {
    calls += 1;
    const error = errors.shift();
    return error === undefined ? Promise.resolve("answer") : Promise.reject(error);
  };
  return { call, calls: () => calls };
}

test.each([
  ["a server that is away", new ConnectError("away", Code.Unavailable)],
  ["a try that took too long", new ConnectError("late", Code.DeadlineExceeded)],
  ["a connection that broke", new ConnectError("cut", Code.Aborted)],
  ["an answer that nobody of ours gave", new ConnectError("HTTP 500", Code.Unknown)],
  ["a network without a way there", ofNetwork("EHOSTUNREACH")],
  ["a pipe that broke", ofNetwork("EPIPE")],
  ["a shard without an owner", new MillraceError("NOT_OWNER")],
  ["a server at its limit", new MillraceError("OVERLOADED")],
])("%s is asked again", async (_name, error) => {
  const { call, calls } = failing(error);
  await expect(retriesFor(10_000).answered(call)).resolves.toBe("answer");
  expect(calls()).toBe(2);
});

test.each([
  ["a refusal", new ConnectError("no", Code.PermissionDenied), "PERMISSION_DENIED"],
  ["a request that is wrong", new ConnectError("no", Code.InvalidArgument), "FIELD_INVALID"],
  [
    "a certificate that is wrong",
    ConnectError.from(new Error("expired"), Code.Internal),
    "INTERNAL",
  ],
  ["a server's reason", new MillraceError("RUN_NOT_FOUND"), "RUN_NOT_FOUND"],
])("%s is final", async (_name, error, reason) => {
  const { call, calls } = failing(error);
  await expect(retriesFor(10_000).answered(call)).rejects.toMatchObject({ reason });
  expect(calls()).toBe(1);
});

test("0 means one try", async () => {
  const { call, calls } = failing(new ConnectError("away", Code.Unavailable));
  await expect(retriesFor(0, { now: () => 0 }).answered(call)).rejects.toThrow(
    `${url} did not answer for 0.0 s (1 try); last: away`,
  );
  expect(calls()).toBe(1);
});

test("a try gets no more time than is left, and the last one a second", async () => {
  // Each try takes 50 ms.
  let at = 0;
  const now = () => at;
  const times: number[] = [];
  const { answered } = retriesFor(120, { tryMs: 90, now });
  const call = ({ timeoutMs }: { timeoutMs: number }) => {
    at += 50;
    times.push(timeoutMs);
    return Promise.reject(new ConnectError("away", Code.Unavailable));
  };
  await expect(answered(call)).rejects.toMatchObject({ reason: "UNAVAILABLE" });
  expect(times.every((ms) => ms <= 90)).toBe(true);
  const long: number[] = [];
  const patient = retriesFor(120, { now }).answered((options) => {
    at += 50;
    long.push(options.timeoutMs);
    return Promise.reject(new ConnectError("away", Code.Unavailable));
  });
  await expect(patient).rejects.toMatchObject({ reason: "UNAVAILABLE" });
  expect(long[0]).toBe(30_000);
  expect(long.at(-1)).toBe(1_000);
});

test("a stream that gives nothing at all is opened again", async () => {
  let opened = 0;
  async function* open(signal: AbortSignal): AsyncIterable<number> {
    opened += 1;
    if (opened === 1) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      signal.throwIfAborted();
    }
    yield opened;
  }
  const { streamed } = retriesFor(10_000, { tryMs: 20 });
  const seen: number[] = [];
  for await (const message of streamed(open, (it) => it === 2)) seen.push(message);
  expect(seen).toEqual([2]);
});

test("a stream that ends before its last message, or breaks within one, is opened again", async () => {
  let opened = 0;
  async function* open(): AsyncIterable<number> {
    opened += 1;
    yield opened;
    if (opened === 2) throw new ConnectError("missing EndStreamResponse", Code.InvalidArgument);
  }
  const seen: number[] = [];
  for await (const message of retriesFor(10_000).streamed(open, (it) => it === 3))
    seen.push(message);
  expect(seen).toEqual([1, 2, 3]);
});
