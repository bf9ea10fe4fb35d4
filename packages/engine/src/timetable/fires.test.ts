import { describe, expect, test } from "vitest";
import { lastFire, nextFire } from "./fires.ts";

const at = (text: string) => Date.parse(text);
const iso = (ms: number | null) =>
  ms === null ? null : new Date(ms).toISOString().slice(0, 16) + "Z";

function fires(
  expression: string,
  timezone: string,
  after: string,
  count: number,
): (string | null)[] {
  const found: (string | null)[] = [];
  let cursor: number | null = at(after);
  while (found.length < count && cursor !== null) {
    cursor = nextFire({ expression, timezone }, cursor);
    found.push(iso(cursor));
  }
  return found;
}

describe("clock changes, with Airflow's figures for Zurich in 2026 (A.3)", () => {
  test.each([
    [
      "30 2 * * *",
      "2026-10-24T00:00Z",
      ["2026-10-24T00:30Z", "2026-10-25T01:30Z", "2026-10-26T01:30Z"],
    ],
    [
      "30 2 * * *",
      "2026-03-28T00:00Z",
      ["2026-03-28T01:30Z", "2026-03-29T01:30Z", "2026-03-30T00:30Z"],
    ],
    [
      "0 3 * * *",
      "2026-10-24T00:00Z",
      ["2026-10-24T01:00Z", "2026-10-25T02:00Z", "2026-10-26T02:00Z"],
    ],
    [
      "0 3 * * *",
      "2026-03-28T00:00Z",
      ["2026-03-28T02:00Z", "2026-03-29T01:00Z", "2026-03-30T01:00Z"],
    ],
    [
      "0 * * * *",
      "2026-10-24T23:30Z",
      ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"],
    ],
    [
      "0 * * * *",
      "2026-03-28T23:30Z",
      ["2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z"],
    ],
  ])("%s after %s", (expression, after, expected) => {
    expect(fires(expression, "Europe/Zurich", after, 3)).toEqual(expected);
  });

  test("the answer does not depend on where the search begins", () => {
    const schedule = { expression: "30 2 * * *", timezone: "Europe/Zurich" } as const;
    // Between the two 02:30 of that night; walking by wall time alone would miss the second.
    expect(iso(nextFire(schedule, at("2026-10-25T00:45Z")))).toBe("2026-10-25T01:30Z");
    // After the gap, before the fire that it moved.
    expect(iso(nextFire(schedule, at("2026-03-29T01:15Z")))).toBe("2026-03-29T01:30Z");
  });

  test("fires that a gap moved and fires after it come in the order of time, once each", () => {
    expect(fires("15,45 2,3 * * *", "Europe/Zurich", "2026-03-29T00:00Z", 3)).toEqual([
      "2026-03-29T01:15Z",
      "2026-03-29T01:45Z",
      "2026-03-30T00:15Z",
    ]);
  });

  test("a half-hour change and a day that a country left out are met", () => {
    expect(fires("0 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", 2)).toEqual([
      "2026-10-03T15:30Z",
      "2026-10-04T15:00Z",
    ]);
    expect(fires("0 12 * * *", "Pacific/Apia", "2011-12-28T23:00Z", 3)).toEqual([
      "2011-12-29T22:00Z",
      "2011-12-30T22:00Z",
      "2011-12-31T22:00Z",
    ]);
  });
});

test.each([
  ["@hourly", "2026-01-01T00:00Z", "2026-01-01T01:00Z"],
  ["@daily", "2026-01-01T00:00Z", "2026-01-02T00:00Z"],
  ["@weekly", "2026-01-01T00:00Z", "2026-01-04T00:00Z"],
  ["@monthly", "2026-01-01T00:00Z", "2026-02-01T00:00Z"],
  ["@quarterly", "2026-01-01T00:00Z", "2026-04-01T00:00Z"],
  ["@yearly", "2026-01-01T00:00Z", "2027-01-01T00:00Z"],
  ["0 0 13 * 5", "2026-01-01T00:00Z", "2026-01-02T00:00Z"],
  ["0 0 29 2 *", "2096-03-01T00:00Z", "2104-02-29T00:00Z"],
  ["0 0 * * 7", "2026-01-01T00:00Z", "2026-01-04T00:00Z"],
  ["0 9 * JAN-MAR mon", "2026-03-30T10:00Z", "2027-01-01T09:00Z".replace("01-01", "01-04")],
  ["0 0 L * *", "2026-02-01T00:00Z", "2026-02-28T00:00Z"],
])("%s after %s is %s", (expression, after, expected) => {
  expect(fires(expression, "UTC", after, 1)).toEqual([expected]);
});

test("six fields begin with seconds, and fractions of a second do not confuse", () => {
  const schedule = { expression: "*/15 * * * * *", timezone: "UTC" } as const;
  expect(nextFire(schedule, at("2026-01-01T00:00:14.999Z"))).toBe(at("2026-01-01T00:00:15Z"));
  expect(nextFire(schedule, at("2026-01-01T00:00:15Z"))).toBe(at("2026-01-01T00:00:30Z"));
  expect(lastFire(schedule, at("2026-01-01T00:00:15Z"))).toBe(at("2026-01-01T00:00:15Z"));
  expect(lastFire(schedule, at("2026-01-01T00:00:14.999Z"))).toBe(at("2026-01-01T00:00:00Z"));
});

test.each([
  ["0 0 31 2 *", "never fires"],
  ["0 0 30 2 *", "never fires"],
  ["", "0 fields"],
  ["* * * *", "4 fields"],
  ["* * * * * * *", "7 fields"],
  ["61 * * * *", "cannot be read"],
  ["*/0 * * * *", "cannot be read"],
  ["5-1 * * * *", "cannot be read"],
  ["H * * * *", 'field "H"'],
  ["@daly", "@daily"],
  ["@reboot", "no preset"],
  ["0".repeat(300), "longer than"],
])("%s is CRON_INVALID: %s", (expression, what) => {
  const schedule = { expression, timezone: "UTC" } as const;
  expect(() => nextFire(schedule, 0)).toThrow(
    expect.objectContaining({ reason: "CRON_INVALID", message: expect.stringContaining(what) }),
  );
});
