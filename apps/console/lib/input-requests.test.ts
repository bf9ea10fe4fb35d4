import { describe, expect, test } from "vitest";
import { inputKeyText, mayAnswer, parseInputKey } from "./input-requests.ts";

describe("the key of a request", () => {
  test("goes through the address and back", () => {
    const key = { runId: "run_1", taskId: "checks.rows-2", mapIndex: -1, tryNumber: 3 };
    expect(parseInputKey(inputKeyText(key))).toEqual(key);
  });

  test.each(["", "run_1", "run_1/t/0", "run_1/t/x/1", "a/b/c/d/e"])("%j is none", (text) => {
    expect(parseInputKey(text)).toBeNull();
  });
});

describe("who may answer", () => {
  test.each([
    [[], "admin", true],
    [["user:anna"], "anna", true],
    [["user:anna"], "user:anna", true],
    [["user:anna"], "admin", false],
  ])("of %j, %s: %s", (assignees, caller, isAllowed) => {
    expect(mayAnswer(assignees, caller)).toBe(isAllowed);
  });
});
