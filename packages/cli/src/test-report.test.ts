import { branch, choice, dag, each, task } from "@millrace/sdk";
import { runDag } from "@millrace/testing";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { reportOf, rowsOf } from "./test-report.ts";

const size = branch(function size(): "big" | "small" {
  return "big";
});
const work = task({ id: "work" }, (n: number) => {
  if (n === 2) throw new Error("two is too much\nreally");
  return n;
});
const definition = dag("shown", {}, () => {
  choice(size()).cases({
    big: () =>
      void work.with({ id: "numbers", mapIndexTemplate: "no. {{ item }}" })(each([1, 2, 3])),
    small: () => void work.with({ id: "small" })(1),
  });
});

test("a mapped task is one row, with a row under it for each instance that failed", async () => {
  const rows = rowsOf(await runDag(definition)).map((row) => row.map(stripVTControlCharacters));
  expect(rows).toEqual([
    ["size", "✔ success", "1", "'big'"],
    ["numbers", "✘ failed", "3", "3 instances: ✔ 2 success, ✘ 1 failed"],
    ["  numbers[1]", "✘ failed", "1", "two is too much"],
    ["small", "» skipped", "0", ""],
  ]);
});

test("programs get every instance, the cases that were chosen, and null for what is not there", async () => {
  const report = reportOf(await runDag(definition, { logicalDate: "2026-01-01T00:00Z" }));
  expect(JSON.parse(JSON.stringify(report))).toMatchObject({
    dagId: "shown",
    runName: "manual__2026-01-01T00:00:00+00:00",
    state: "failed",
    params: {},
    result: null,
    order: ["size", "numbers", "numbers", "numbers"],
    tasks: [
      { id: "size", state: "success", chosenCases: ["big"], instances: null, returned: "big" },
      {
        id: "numbers",
        state: "failed",
        attempts: 3,
        returned: [1, 3],
        instances: [
          { state: "success", attempts: 1, failure: null, returned: 1 },
          { state: "failed", failure: { type: "Error" }, returned: null },
          { state: "success", returned: 3 },
        ],
      },
      { id: "small", state: "skipped", attempts: 0, failure: null, returned: null },
    ],
  });
});
