import { describe, expect, test } from "vitest";
import { formatDuration, formatInstant, formatRelative, plural } from "./format.ts";

describe("formatDuration", () => {
  test.each([
    [0, "0 ms"],
    [850, "850 ms"],
    [1_000, "1.0 s"],
    [9_940, "9.9 s"],
    [12_400, "12 s"],
    [59_999, "59 s"],
    [60_000, "1m 00s"],
    [245_000, "4m 05s"],
    [3_852_000, "1h 04m 12s"],
    [266_400_000, "3d 02h"],
    [-5, "0 ms"],
  ])("%i ms reads %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("formatRelative", () => {
  const now = Date.parse("2026-11-20T12:00:00Z");
  test.each([
    [0, "now"],
    [-12_000, "12 s ago"],
    [180_000, "in 3 min"],
    [-5 * 3_600_000, "5 h ago"],
    [-49 * 3_600_000, "2 d ago"],
  ])("%i ms from now reads %s", (offset, text) => {
    expect(formatRelative(now + offset, now)).toBe(text);
  });
});

describe("formatInstant", () => {
  const at = Date.parse("2026-07-01T12:03:22Z");
  test("always carries the mark of its zone", () => {
    expect(formatInstant(at, { zone: "UTC" })).toBe("2026-07-01 12:03:22 UTC");
    expect(formatInstant(at, { zone: "Europe/Madrid" })).toMatch(
      /^2026-07-01 14:03:22 (CEST|GMT\+2)$/,
    );
  });
});

test("plural counts with separators", () => {
  expect(plural(1, "task")).toBe("1 task");
  expect(plural(12_000, "line")).toBe("12,000 lines");
});
