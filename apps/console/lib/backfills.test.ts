import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { dateText, rangeText } from "./backfills.ts";
import { endOfDay, startOfDay } from "./calendar.ts";

const iso = (at: number): string => new Date(at).toISOString();

test.each([
  ["UTC", "2026-01-31", "2026-01-31T00:00:00.000Z", "2026-01-31T23:59:59.999Z"],
  ["Europe/Zurich", "2026-01-31", "2026-01-30T23:00:00.000Z", "2026-01-31T22:59:59.999Z"],
  // The clock goes forward within the day, and back within the other.
  ["Europe/Zurich", "2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"],
  ["Europe/Zurich", "2026-10-25", "2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"],
  // At midnight the clock goes to one: the day begins there.
  ["Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00.000Z", "2026-04-24T20:59:59.999Z"],
  ["Pacific/Kiritimati", "2026-01-31", "2026-01-30T10:00:00.000Z", "2026-01-31T09:59:59.999Z"],
])("in %s the day %s is from %s to %s", (zone, day, first, last) => {
  expect(iso(startOfDay(zone, day))).toBe(first);
  expect(iso(endOfDay(zone, day))).toBe(last);
});

test("the dates of a backfill are told as the clock of its schedule shows them", () => {
  const timezone = "Europe/Zurich";
  expect(dateText(Date.UTC(2026, 0, 30, 23), timezone)).toBe("2026-01-31");
  expect(dateText(Date.UTC(2026, 0, 31, 5), timezone)).toBe("2026-01-31 06:00");
  const range = {
    ...{ timezone, fromDate: timestampFromMs(startOfDay(timezone, "2026-01-01")) },
    toDate: timestampFromMs(endOfDay(timezone, "2026-01-31")),
  };
  expect(rangeText(range)).toBe("2026-01-01 to 2026-01-31");
  const hours = { ...range, toDate: timestampFromMs(Date.UTC(2026, 0, 31, 5)) };
  expect(rangeText(hours)).toBe("2026-01-01 to 2026-01-31 06:00");
});
