import { expect, test } from "vitest";
import { matches } from "./subject.ts";

test.each([
  ["runs.1", "runs.1", true],
  ["runs.1", "runs.12", false],
  ["runs.*", "runs.1", true],
  ["runs.*", "runs.1.2", false],
  ["runs.*", "runs", false],
  ["*.1", "runs.1", true],
  ["runs.>", "runs.1", true],
  ["runs.>", "runs.1.2", true],
  ["runs.>", "runs", false],
  [">", "runs.1", true],
  ["*.*.>", "a.b", false],
])("pattern %s on subject %s: %s", (pattern, subject, want) => {
  expect(matches(pattern, subject)).toBe(want);
});
