import { expect, test } from "vitest";
import { compare } from "./compare.ts";

test("random cron expressions fire when brute force says so, in every zone, through its clock changes", () => {
  const { differences, windows, ...counts } = compare({ expressions: 2_000, seed: 7, windows: 2 });
  expect(differences).toEqual([]);
  expect(counts.fires).toBeGreaterThan(10_000);
  expect(windows.forward).toBeGreaterThan(0);
  expect(windows.back).toBeGreaterThan(0);
}, 180_000);
