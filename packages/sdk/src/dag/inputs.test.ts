import { isMillraceError } from "@millrace/engine";
import { describe, expect, test } from "vitest";
import {
  allOf,
  asset,
  combine,
  dag,
  dated,
  firstOf,
  instances,
  latest,
  task,
  type DagOptions,
} from "../index.ts";

const orders = asset("s3://orders");
const clicks = dated(asset("s3://clicks"), { every: "@hourly" });
const views = dated(asset("s3://views"), { every: "@hourly", from: "2026-01-01T00:00Z" });
const load = task(function load() {});

function inputsOf(options: DagOptions) {
  return dag("d", { schedule: "@daily", ...options }, () => load()).spec().inputs;
}

function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (isMillraceError(error)) return error.message;
    throw error;
  }
  return "accepted";
}

describe("inputs", () => {
  test("a range has the newest instance as its default", () => {
    expect(instances(clicks)).toMatchObject({ kind: "instances", from: 0, to: 0 });
    expect(instances(clicks, { to: -1 })).toMatchObject({ from: -1, to: -1 });
    expect(latest(clicks, { count: 3 })).toMatchObject({ count: 3, within: 1_000 });
  });

  test("a record names terms, and means all of them", () => {
    const inputs = inputsOf({ inputs: { a: instances(clicks), b: latest(views) } });
    expect(inputs).toMatchObject({ timeoutMs: null, order: "oldest" });
    expect(inputs?.term).toMatchObject({
      kind: "all_of",
      terms: [
        { name: "a", kind: "instances" },
        { name: "b", kind: "latest" },
      ],
    });
  });

  test("a record of one is that term", () => {
    const inputs = inputsOf({
      inputs: { a: instances(clicks, { min: 0 }) },
      inputTimeout: "2h",
      inputOrder: "last",
    });
    expect(inputs).toMatchObject({
      timeoutMs: 7_200_000,
      order: "last",
      term: { name: "a", min: 0 },
    });
  });

  test("what is enough of joined terms comes last", () => {
    const pair = [instances(clicks, { from: -2 }), instances(views, { from: -2 })] as const;
    expect(combine(...pair, { min: 2, wait: "10m" })).toMatchObject({
      kind: "combine",
      min: 2,
      waitMs: 600_000,
    });
    expect(firstOf(...pair)).toMatchObject({ kind: "first_of", min: null, terms: [{}, {}] });
    expect(firstOf({ a: pair[0] }, { b: pair[1] }, { wait: { minutes: 5 } })).toMatchObject({
      waitMs: 300_000,
      terms: [{ name: "a" }, { name: "b" }],
    });
  });

  test("allOf joins terms of inputs, and conditions of schedules", () => {
    expect(allOf(instances(clicks), latest(views))).toMatchObject({
      kind: "all_of",
      terms: [{}, {}],
    });
    expect(allOf(orders, asset("s3://rates"))).toMatchObject({
      kind: "all_of",
      expressions: [{}, {}],
    });
  });

  test.each<[string, () => unknown, string]>([
    ["no period", () => dated(orders, {} as never), 'dated: option "every" is undefined'],
    [
      "no asset",
      () => dated("orders" as never, { every: "@daily" }),
      'dated: asset is "orders"; it must be asset(…)',
    ],
    ["an asset without dates", () => instances(orders as never), "it must be dated(…)"],
    [
      "half a step",
      () => instances(clicks, { from: 0.5 }),
      "it must be a whole number from -1000000 to 1000000",
    ],
    [
      "a misspelt option",
      () => instances(clicks, { form: -1 } as never),
      'instances has the unknown option "form"',
    ],
    [
      "a list",
      () => inputsOf({ inputs: [instances(clicks)] as never }),
      "it must be an object such as",
    ],
    ["nothing", () => inputsOf({ inputs: {} }), 'option "inputs" is empty'],
    [
      "a condition of a schedule",
      () => inputsOf({ inputs: { a: orders } as never }),
      "it must be instances(…)",
    ],
    [
      "a timeout for nothing",
      () => inputsOf({ inputTimeout: "1h" }),
      'option "inputTimeout" needs option "inputs"',
    ],
    [
      "an unknown order",
      () => inputsOf({ inputs: { a: instances(clicks) }, inputOrder: "fifo" as never }),
      '"oldest" or "newest" or "last" or "none"',
    ],
  ])("refused: %s", (_, make, sentence) => {
    expect(refusal(make)).toContain(sentence);
  });
});
