import { expect, test } from "vitest";
import { cronInWords } from "./cron-words.ts";

test.each([
  ["@daily", "Every day at 00:00"],
  ["0 2 * * *", "Every day at 02:00"],
  ["*/5 * * * *", "Every 5 minutes"],
  ["* * * * *", "Every minute"],
  ["0 * * * *", "Every hour"],
  ["15 */2 * * *", "Every 2 hours at minute 15"],
  ["0 9 * * 1-5", "Weekdays at 09:00"],
  ["30 8,17 * * *", "Every day at 08:30 and 17:30"],
  ["0 6 * * 1,3", "Mondays and Wednesdays at 06:00"],
  ["0 6 * * sun", "Sundays at 06:00"],
  ["30 6 1 * *", "On day 1 of every month at 06:30"],
  ["0 0 1 1 *", "Every year on January 1 at 00:00"],
  ["0 0 2 * * *", "Every day at 02:00"],
  ["0 6 * * * | 0 18 * * 5", "Every day at 06:00; Fridays at 18:00"],
  ["@continuous", "Again as soon as the run before has ended"],
])("%s reads %s", (expression, words) => {
  expect(cronInWords(expression)).toBe(words);
});

test.each(["0 0 13 * 5", "0-30 * * * *", "nonsense", "", "61 a * *", "s3://a | s3://b"])(
  "%s has no plain words, so none are made up",
  (expression) => {
    expect(cronInWords(expression)).toBeNull();
  },
);
