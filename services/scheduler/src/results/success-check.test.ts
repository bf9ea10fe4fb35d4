import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { compileDag } from "@millrace/engine";
import { writeBlobRef } from "@millrace/wire";
import { FailureKind } from "@millrace/wire/v1";
import { ResultSchema, type SucceededSchema } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import type { Version } from "../runs/run.ts";
import { checkedResult } from "./success-check.ts";
import { aDag, aTask, taskRef } from "../testing/dags.ts";

const spec = aDag(
  "checked",
  [
    "plain",
    "list",
    aTask("branch", {
      control: "branch",
      cases: [
        { name: "big", taskIds: ["a"] },
        { name: "small", taskIds: ["b"] },
      ],
    }),
    aTask("gate", { control: "short_circuit" }),
    ...["a", "b", "c"],
    aTask("mapped", { each: [{ sources: [taskRef("list", ["rows"])] }] }),
  ],
  ["branch>a", "branch>b", "gate>c", "list>mapped"],
);
const compiled = compileDag(spec);
const version: Version = { id: 1, number: 1, compiled, bundleDigest: "", shared: [] };
const value = (json: string) => ({ data: Buffer.from(json) });
const stored = {
  data: writeBlobRef({ key: `run_1/${"0".repeat(64)}`, size: 5_000_000, path: [] }),
};

/** Null when the success stands, else why it failed. */
function problem(taskId: string, succeeded: MessageInitShape<typeof SucceededSchema>) {
  const result = create(ResultSchema, { outcome: { case: "succeeded", value: succeeded } });
  const { outcome } = checkedResult(version, compiled.ixOf.get(taskId) ?? -1, result);
  if (outcome.case !== "failed") return null;
  expect(outcome.value).toMatchObject({ kind: FailureKind.SETUP, retryable: false });
  return outcome.value.message;
}

describe("a success stands when", () => {
  test.each<[string, MessageInitShape<typeof SucceededSchema>]>([
    ["plain", {}],
    ["plain", { returnValue: value("[1]") }],
    ["branch", { choice: { cases: ["big"] } }],
    ["branch", { choice: { cases: ["small", "big"] } }],
    ["branch", { choice: { cases: [] } }],
    ["gate", { choice: { cases: ["continue"] } }],
    ["gate", { choice: { cases: [] } }],
    ["list", { returnValue: value('{"rows":[1,2]}'), lengths: [2] }],
    ["list", { returnValue: value('{"rows":[]}'), lengths: [0] }],
    // Stored elsewhere: the worker's word for it.
    ["list", { returnValue: stored, lengths: [100_000] }],
    ["plain", { returnValue: stored }],
  ])("%s reports %j", (taskId, succeeded) => {
    expect(problem(taskId, succeeded)).toBeNull();
  });
});

describe("a success fails its task, for good, when", () => {
  test.each<[string, MessageInitShape<typeof SucceededSchema>, RegExp]>([
    ["branch", {}, /reported no choice for "branch", which is a branch/],
    ["branch", { choice: { cases: ["huge"] } }, /chose "huge".*may choose "big", "small"/],
    ["gate", { choice: { cases: ["stop"] } }, /chose "stop".*"continue"/],
    ["gate", {}, /which is a short circuit/],
    ["plain", { choice: { cases: [] } }, /neither a branch nor a short circuit/],
    ["plain", { lengths: [1] }, /reported 1 lengths for "plain", of which 0/],
    ["list", { returnValue: value('{"rows":[1]}') }, /reported 0 lengths for "list", of which 1/],
    ["list", { returnValue: value('{"rows":3}'), lengths: [-1] }, /\["rows"\] of it is no list/],
    ["list", { lengths: [-1] }, /no list/],
    ["list", { returnValue: value('{"rows":[1]}'), lengths: [2] }, /has 2 elements; it has 1/],
    ["list", { returnValue: stored }, /reported 0 lengths for "list", of which 1/],
    ["list", { returnValue: stored, lengths: [-1] }, /what it returned is no list/],
  ])("%s reports %j", (taskId, succeeded, message) => {
    expect(problem(taskId, succeeded)).toMatch(message);
  });
});

test("what is no success is left as it is", () => {
  const result = create(ResultSchema, { outcome: { case: "skipped", value: {} } });
  expect(checkedResult(version, compiled.ixOf.get("branch") ?? -1, result)).toBe(result);
});

describe("values under keys", () => {
  const failed = {
    case: "failed",
    value: { kind: FailureKind.APPLICATION, message: "no" },
  } as const;
  const check = (outcome: MessageInitShape<typeof ResultSchema>["outcome"], key: string) => {
    const xcoms = { [key]: value("1") };
    const result = create(ResultSchema, { ...(outcome && { outcome }), xcoms });
    return checkedResult(version, compiled.ixOf.get("plain") ?? -1, result);
  };
  const outcomes = [
    { case: "succeeded", value: {} },
    { case: "skipped", value: {} },
    { case: "rescheduled", value: {} },
    { case: "deferred", value: { trigger: { case: "token", value: {} } } },
  ] as const;

  test.each(outcomes)("stand with what $case", (outcome) => {
    expect(Object.keys(check(outcome, "k".repeat(512)).xcoms)).toHaveLength(1);
  });

  test.each(
    outcomes.flatMap((outcome) =>
      ["", "return_value", "k".repeat(513), "a\0"].map((key) => ({ outcome, key })),
    ),
  )("fail their task under the key $key, with $outcome.case", ({ outcome, key }) => {
    const checked = check(outcome, key);
    expect(checked.outcome).toMatchObject({
      case: "failed",
      value: { kind: FailureKind.SETUP, retryable: false },
    });
    expect(checked.xcoms).toEqual({});
  });

  test("under a wrong key are dropped where the body failed: its own failure says more", () => {
    const checked = check(failed, "");
    expect(checked.outcome).toMatchObject({ value: { message: "no" } });
    expect(checked.xcoms).toEqual({});
    expect(Object.keys(check(failed, "ok").xcoms)).toEqual(["ok"]);
  });
});
