import { describe, expect, test } from "vitest";
import { durationMs } from "./duration.ts";
import { instantMs } from "./instant.ts";

describe("durations", () => {
  test.each([
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["500ms", 500],
    ["2d", 172_800_000],
    ["1w", 604_800_000],
    ["0s", 0],
    ["PT5M", 300_000],
    ["P1DT12H", 129_600_000],
    ["PT0.5S", 500],
    [{ minutes: 5 }, 300_000],
    [{ hours: 1, seconds: 1 }, 3_601_000],
  ])("%j is %d ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each(["", "5", "5 m", "m", "-5m", "P", "PT", "P1DT", "P1M", "P1Y", "1e3s", "5M", "11000d"])(
    "%j is none",
    (text) => {
      expect(durationMs(text)).toBeNull();
    },
  );

  test.each([5, null, undefined, {}, { minute: 5 }, { minutes: "5" }, { seconds: -1 }, [], [1]])(
    "%j is none",
    (value) => {
      expect(durationMs(value)).toBeNull();
    },
  );
});

describe("instants", () => {
  test.each([
    ["2026-01-01T00:00Z", Date.UTC(2026, 0, 1)],
    ["2026-01-01T00:00:00.250Z", Date.UTC(2026, 0, 1, 0, 0, 0, 250)],
    ["2026-01-01T02:00:00+02:00", Date.UTC(2026, 0, 1)],
    ["2024-02-29T00:00Z", Date.UTC(2024, 1, 29)],
  ])("%s", (text, ms) => {
    expect(instantMs(text)).toBe(ms);
    expect(instantMs(new Date(ms))).toBe(ms);
  });

  test.each([
    "2026-01-01",
    "2026-01-01T00:00",
    "2026-02-29T00:00Z",
    "2026-13-01T00:00Z",
    "2026-01-01T25:00Z",
    "today",
    0,
    null,
    new Date(NaN),
  ])("%s is none", (value) => {
    expect(instantMs(value)).toBeNull();
  });
});
