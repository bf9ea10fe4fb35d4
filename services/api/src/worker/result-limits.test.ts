import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ResultSchema, type SucceededSchema } from "@millrace/wire/worker";
import { expect, test } from "vitest";
import { checkedResults } from "./result-limits.ts";

function checked(value: MessageInitShape<typeof SucceededSchema>) {
  const result = create(ResultSchema, { attemptId: "a", outcome: { case: "succeeded", value } });
  return checkedResults([result])[0]!.outcome;
}

test("lengths, choice and label go through as they came", () => {
  const value = { lengths: [3, -1], choice: { cases: ["big"] }, mapIndexLabel: "eu" };
  expect(checked(value)).toMatchObject({ case: "succeeded", value });
});

test("a label that is too long is cut, and nothing is lost with it", () => {
  const outcome = checked({ mapIndexLabel: "x".repeat(300), lengths: [1] });
  expect(outcome).toMatchObject({
    case: "succeeded",
    value: { mapIndexLabel: "x".repeat(250), lengths: [1] },
  });
});

test.each([
  [{ lengths: Array.from({ length: 1_001 }, () => 1) }, "It told 1001 lengths"],
  [{ choice: { cases: Array.from({ length: 1_001 }, (_, n) => `${n}`) } }, "It chose 1001 cases"],
  [{ choice: { cases: ["x".repeat(251)] } }, "It chose 1 cases"],
])("what is over its limit fails the task and says why", (value, message) => {
  expect(checked(value)).toMatchObject({
    case: "failed",
    value: {
      type: "VALUE_TOO_LARGE",
      message: expect.stringContaining(message) as string,
      retryable: false,
    },
  });
});
