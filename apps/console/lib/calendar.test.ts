import { create } from "@bufbuild/protobuf";
import { RunDaySchema } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import {
  countByDay,
  dayIn,
  isMonth,
  looksOfDay,
  monthTitle,
  shiftMonth,
  weeksOf,
} from "./calendar.ts";

test("an instant is on another day in another zone", () => {
  const at = Date.parse("2026-03-28T23:30Z");
  expect([dayIn("UTC", at), dayIn("Europe/Zurich", at)]).toEqual(["2026-03-28", "2026-03-29"]);
  expect([...countByDay("UTC", [at, at + 1, at + 3_600_000])]).toEqual([
    ["2026-03-28", 2],
    ["2026-03-29", 1],
  ]);
});

test("months follow each other through the years", () => {
  expect(shiftMonth("2026-12", 1)).toBe("2027-01");
  expect(shiftMonth("2026-01", -1)).toBe("2025-12");
  expect(monthTitle("2026-03")).toBe("March 2026");
  expect(["2026-03", "2026-13", "2026-3", null].map(isMonth)).toEqual([true, false, false, false]);
});

test("a month is shown in whole weeks, from Monday", () => {
  const weeks = weeksOf("2026-03");
  expect(weeks).toHaveLength(6);
  expect([weeks[0]?.[0], weeks[0]?.[6], weeks[5]?.[6]]).toEqual([
    "2026-02-23",
    "2026-03-01",
    "2026-04-05",
  ]);
  expect(weeksOf("2027-02")).toHaveLength(4);
});

test("of a day's runs the worst comes first", () => {
  const day = create(RunDaySchema, { day: "2026-03-01", succeeded: 3, failed: 1, queued: 2 });
  expect(looksOfDay(day)).toEqual([
    { look: "failed", count: 1 },
    { look: "queued", count: 2 },
    { look: "success", count: 3 },
  ]);
});
