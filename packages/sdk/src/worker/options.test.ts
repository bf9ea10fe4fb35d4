import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";
import { checkOptions, type WorkerOptions } from "./options.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const least: WorkerOptions = {
  server: "127.0.0.1:7070",
  key: "k",
  bundleCacheDir: "/tmp/x",
  log: silent,
};

test("a worker has defaults for everything but the server, the key, the cache and the log", () => {
  const checked = checkOptions(least);
  expect(checked).toMatchObject({
    queues: ["default"],
    slots: 16,
    graceMs: 10_000,
    drainMs: 30_000,
    runsBundles: true,
  });
  expect(checked.name).not.toBe("");
});

test.each<[string, Partial<WorkerOptions>, string]>([
  ["no slots", { slots: 0 }, "slots is 0; a whole number from 1 to 10000"],
  ["too many slots", { slots: 10_001 }, "slots is 10001"],
  ["half a slot", { slots: 1.5 }, "slots is 1.5"],
  ["more threads than slots", { slots: 2, threads: 3 }, "threads is 3; a whole number from 1 to 2"],
  [
    "a handler that is none",
    { handlers: { score: {} as never } },
    'handler "score" is no function',
  ],
  ["a name that is too long", { name: "x".repeat(201) }, "name has 201 characters"],
  ["a server without a port", { server: "localhost" }, 'server is "localhost"; write host:port'],
  ["an empty key", { key: "" }, "key is empty"],
])("%s is refused, naming the option and what is allowed", (_, wrong, message) => {
  expect(() => checkOptions({ ...least, ...wrong })).toThrow(message);
});

test("the wait before reconnecting is random, at first up to 2 s, never above 30 s", () => {
  expect(backoffMs(1, () => 1)).toBe(2_000);
  expect(backoffMs(3, () => 1)).toBe(8_000);
  expect(backoffMs(50, () => 1)).toBe(30_000);
  expect(backoffMs(50, () => 0)).toBe(0);
});
