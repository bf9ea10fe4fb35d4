import { expect, test } from "vitest";
import { plainField } from "./cron-field.ts";

test.each([
  ["5,5,1-3,2", "minute", "1,2,3,5"],
  ["*/1", "day", "*"],
  ["1-31", "day", "*"],
  ["0-7", "weekday", "*"],
  ["7", "weekday", "0"],
  ["5-7", "weekday", "0,5,6"],
  ["FRI,mon", "weekday", "1,5"],
  ["jan-mar,DEC", "month", "1,2,3,12"],
  ["20/15", "minute", "20,35,50"],
  ["*/59", "minute", "0,59"],
] as const)("%s of %s is %s", (field, name, plain) => {
  expect(plainField(field, name)).toBe(plain);
});

test.each([
  ["L", "day"],
  ["5#2", "weekday"],
  ["?", "day"],
  ["60", "minute"],
  ["5-1", "hour"],
  ["*/0", "minute"],
  ["1,,2", "minute"],
  ["mon", "month"],
] as const)("%s of %s is left to be read, or refused, as it is", (field, name) => {
  expect(plainField(field, name)).toBe(field);
});
