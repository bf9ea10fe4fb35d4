import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FailureKind, TimeoutOutcome, type DeferralSchema } from "@millrace/wire/v1";
import { writeBlobRef } from "@millrace/wire";
import { ResultSchema, type SucceededSchema } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { checkedResults } from "./result-limits.ts";

type Init = MessageInitShape<typeof ResultSchema>;

function checkedOne(result: Init) {
  return checkedResults([create(ResultSchema, result)])[0]!;
}

function checked(value: MessageInitShape<typeof SucceededSchema>) {
  return checkedOne({ attemptId: "a", outcome: { case: "succeeded", value } }).outcome;
}

const bytes = (length: number) => ({ data: new Uint8Array(length) });
const json = (value: unknown) => ({ data: Buffer.from(JSON.stringify(value)) });
const saying = (text: string) => expect.stringContaining(text) as string;

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
  [{ returnValue: bytes(256 * 1024 + 1) }, "The return value has 262145 bytes"],
])("what is over its limit fails the task and says why", (value, message) => {
  expect(checked(value)).toMatchObject({
    case: "failed",
    value: { type: "VALUE_TOO_LARGE", message: saying(message), retryable: false },
  });
});

describe("XComs", () => {
  const skipped = { case: "skipped", value: {} } as const;
  const deferred = {
    case: "deferred",
    value: { trigger: { case: "token", value: {} } },
  } as const;

  test.each([skipped, deferred, { case: "succeeded", value: {} }] as const)(
    "go through with every outcome: $case",
    (outcome) => {
      const result = checkedOne({ outcome, xcoms: { rows: json(5) } });
      expect(result.outcome.case).toBe(outcome.case);
      expect(Object.keys(result.xcoms)).toEqual(["rows"]);
    },
  );

  test.each<[Record<string, { data: Uint8Array<ArrayBuffer> }>, string]>([
    [{ return_value: json(1) }, "return_value"],
    [{ "": json(1) }, "is not allowed"],
    [{ ["k".repeat(513)]: json(1) }, "1 to 512 characters"],
    [{ big: bytes(256 * 1024 + 1) }, "has 262145 bytes"],
    [Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${n}`, json(n)])), "101 XComs"],
  ])("that cannot be stored fail what would have succeeded", (xcoms, message) => {
    const { outcome, xcoms: left } = checkedOne({ outcome: skipped, xcoms });
    expect(outcome).toMatchObject({ case: "failed", value: { message: saying(message) } });
    expect(left).toEqual({});
  });

  test("that cannot be stored do not hide why the task failed", () => {
    const outcome = { case: "failed", value: { message: "no route", retryable: true } } as const;
    const result = checkedOne({ outcome, xcoms: { return_value: json(1) } });
    expect(result.outcome.value).toMatchObject({ message: "no route", retryable: true });
    expect(result.xcoms).toEqual({});
  });
});

describe("deferrals", () => {
  type Asked = MessageInitShape<typeof DeferralSchema>;
  const defer = (value: Asked) => checkedOne({ outcome: { case: "deferred", value } }).outcome;
  const form = {
    subject: "Ship it?",
    schema: JSON.stringify({
      type: "object",
      properties: { amount: { type: "number" }, note: { type: "string", default: "-" } },
      required: ["amount"],
    }),
  };
  const input = (more: object = {}): Asked => ({
    trigger: { case: "input", value: { form: { ...form, ...more } } },
  });

  test("a form goes through; its defaults are completed, since an owner takes them as they are", () => {
    expect(defer(input())).toMatchObject({ case: "deferred" });
    const outcome = defer({
      ...input({ defaults: json({ amount: 3 }) }),
      onTimeout: TimeoutOutcome.FULFIL,
    });
    const trigger = outcome.case === "deferred" ? outcome.value.trigger : null;
    const defaults = trigger?.case === "input" ? trigger.value.form?.defaults?.data : undefined;
    expect(JSON.parse(Buffer.from(defaults ?? []).toString())).toEqual({ amount: 3, note: "-" });
  });

  test.each<[string, Asked, string]>([
    ["a schema that is none", input({ schema: "{" }), "no JSON Schema"],
    ["defaults against the schema", input({ defaults: json({ amount: "much" }) }), "values.amount"],
    [
      "no defaults to take",
      { ...input(), onTimeout: TimeoutOutcome.FULFIL },
      "must have required property 'amount'",
    ],
    [
      "more than the way to the owner carries",
      { trigger: { case: "token", value: {} }, state: bytes(900_000) },
      "bytes; the limit is 786432",
    ],
  ])("%s fails the task at once", (_, deferral, message) => {
    expect(defer(deferral)).toMatchObject({
      case: "failed",
      value: { kind: FailureKind.SETUP, message: saying(message), retryable: false },
    });
  });

  test.each<[string, Asked]>([
    ["no trigger", {}],
    ["no form", { trigger: { case: "input", value: {} } }],
    ["no subject", input({ subject: "" })],
    ["a schema above the limit", input({ schema: `{"a":"${"x".repeat(64 * 1024)}"}` })],
    ["no handler", { trigger: { case: "watch", value: {} } }],
    ["a long state", { trigger: { case: "token", value: {} }, state: bytes(300_000) }],
  ])("%s is the owner's to refuse", (_, deferral) => {
    expect(defer(deferral)).toMatchObject({ case: "deferred" });
  });
});

describe("references to stored values", () => {
  const digest = "0".repeat(64);
  const attemptId = "1.1c.0.-1.1";
  const ref = (key: string, path: (string | number)[] = []) => ({
    data: writeBlobRef({ key, size: 300_000, path }),
  });
  const returned = (returnValue: { data: Uint8Array<ArrayBuffer> }): Init => ({
    attemptId,
    outcome: { case: "succeeded", value: { returnValue } },
  });

  test("of the attempt's own run go through", () => {
    const own = ref(`run_1c/${digest}`);
    const token = { case: "token", value: {} } as const;
    const deferred = { case: "deferred", value: { trigger: token, state: own } } as const;
    const results: Init[] = [returned(own), { attemptId, outcome: deferred, xcoms: { rows: own } }];
    expect(results.map((one) => checkedOne(one).outcome.case)).toEqual(["succeeded", "deferred"]);
  });

  test.each<[string, { data: Uint8Array<ArrayBuffer> }, string]>([
    ["of another run", ref(`run_1d/${digest}`), `run_1d/${digest}, a stored value of another run`],
    ["to a part", ref(`run_1c/${digest}`, [1]), "cannot be read"],
    ["to anything else", ref("../secret"), "cannot be read"],
    ["that are none", { data: new Uint8Array(Buffer.from('{"$":"blob",')) }, "cannot be read"],
  ])("%s fail the task", (_, value, message) => {
    const succeeded = { case: "succeeded", value: {} } as const;
    const left: Init = { attemptId, outcome: succeeded, xcoms: { rows: value } };
    for (const result of [returned(value), left])
      expect(checkedOne(result).outcome).toMatchObject({
        case: "failed",
        value: { message: saying(message), retryable: false },
      });
  });
});
