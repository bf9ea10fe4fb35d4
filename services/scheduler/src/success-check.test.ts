import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { compileDag } from "@millrace/engine";
import { FailureKind } from "@millrace/wire/v1";
import { ResultSchema, type SucceededSchema } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import type { Version } from "./run.ts";
import { checkedResult } from "./success-check.ts";
import { aDag, aTask, taskRef } from "./testing/dags.ts";

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
    ["plain", { returnValue: value("[1]"), xcoms: { key: value("1") } }],
    ["branch", { choice: { cases: ["big"] } }],
    ["branch", { choice: { cases: ["small", "big"] } }],
    ["branch", { choice: { cases: [] } }],
    ["gate", { choice: { cases: ["continue"] } }],
    ["gate", { choice: { cases: [] } }],
    ["list", { returnValue: value('{"rows":[1,2]}'), lengths: [2] }],
    ["list", { returnValue: value('{"rows":[]}'), lengths: [0] }],
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
    ["plain", { xcoms: { return_value: value("1") } }, /under the key "return_value"/],
    ["plain", { xcoms: { "": value("1") } }, /1 to 250 characters/],
    ["plain", { xcoms: { ["k".repeat(251)]: value("1") } }, /1 to 250 characters/],
  ])("%s reports %j", (taskId, succeeded, message) => {
    expect(problem(taskId, succeeded)).toMatch(message);
  });
});

test("what is no success is left as it is", () => {
  const result = create(ResultSchema, { outcome: { case: "skipped", value: {} } });
  expect(checkedResult(version, compiled.ixOf.get("branch") ?? -1, result)).toBe(result);
});
