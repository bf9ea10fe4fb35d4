import { expect, test } from "vitest";
import { retryDelayMs } from "./retry.ts";
import { sha1 } from "./sha1.ts";
import { aTask } from "../testing.ts";

const newYear = Date.UTC(2026, 0, 1);

// The figures are Airflow's (semantics A.2).
test.each([
  [300, 2, null, 1, newYear, 576],
  [300, 2, null, 2, newYear, 979],
  [300, 2, null, 3, newYear, 2258],
  [300, 2, null, 4, newYear, 2728],
  [300, 2, null, 10, newYear, 86_400],
  [10, 3, 60, 1, newYear, 16],
  [10, 3, 60, 2, newYear, 49],
  [10, 3, 60, 3, newYear, 60],
  [300, 2, null, 1, null, 432],
])(
  "a delay of %d s, factor %d, at most %s s, waits after try %d (logical date %s) for %d s",
  (delay, retryBackoff, cap, tryNumber, logicalDate, seconds) => {
    const task = aTask("extract", {
      retryDelayMs: delay * 1000,
      retryBackoff,
      maxRetryDelayMs: (cap ?? 86_400) * 1000,
    });
    expect(retryDelayMs(task, { dagId: "demo", logicalDate, tryNumber })).toBe(seconds * 1000);
  },
);

test.each([0, 1])(
  "a factor of %d keeps the delay, to the millisecond, and maxRetryDelay has no say",
  (retryBackoff) => {
    const task = aTask("a", { retryDelayMs: 1500, retryBackoff, maxRetryDelayMs: 1000 });
    for (const tryNumber of [1, 2, 50])
      expect(retryDelayMs(task, { dagId: "demo", logicalDate: null, tryNumber })).toBe(1500);
  },
);

test("a factor so large that numbers overflow waits for the cap", () => {
  const task = aTask("a", { retryDelayMs: 86_400_000, retryBackoff: 100, retries: 1000 });
  expect(retryDelayMs(task, { dagId: "demo", logicalDate: null, tryNumber: 1000 })).toBe(
    86_400_000,
  );
});

test.each([
  ["", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
  ["abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  ],
  ["ü".repeat(100), "18dbf4d86546bbe434425aa6e007f8a62d050bf9"],
])("SHA-1 of %j", (text, hex) => {
  expect(sha1(text).toString(16).padStart(40, "0")).toBe(hex);
});
