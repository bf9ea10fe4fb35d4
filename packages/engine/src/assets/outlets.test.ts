import { expect, test } from "vitest";
import { aTask } from "../testing.ts";
import { assetLimits } from "./asset.ts";
import { outletEvents, outletProblem, type OutletSaid } from "./outlets.ts";
import { aliasOf, assetOf } from "./testing.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const task = aTask("t", { outlets: [assetOf("a"), assetOf("b"), aliasOf("f"), aliasOf("g")] });
const said = (more: Partial<OutletSaid>): OutletSaid => ({
  uri: "a",
  group: "",
  alias: "",
  extra: null,
  ...more,
});

test("a success makes one event of each asset among the outlets, whatever the body says", () => {
  expect(outletEvents(task, [], null).map((one) => [one.uri, one.extra])).toEqual([
    ["a", null],
    ["b", null],
  ]);
  const extra = bytes("{}");
  expect(outletEvents(task, [said({ extra })], null).map((one) => [one.uri, one.extra])).toEqual([
    ["a", extra],
    ["b", null],
  ]);
});

test("what is named for aliases makes events of its own: the same words for two aliases make one", () => {
  const named = [
    said({ uri: "n", alias: "f", extra: bytes("1") }),
    said({ uri: "n", alias: "g", extra: bytes("1") }),
    said({ uri: "n", alias: "f", extra: bytes("2") }),
    said({ uri: "a", alias: "g" }),
  ];
  const made = outletEvents(task, named, null).slice(2);
  expect(made.map((one) => [one.uri, one.aliases, one.group])).toEqual([
    ["n", ["f", "g"], "asset"],
    ["n", ["f"], "asset"],
    ["a", ["g"], "asset"],
  ]);
});

test("an event is about the run's partition, unless the body names others: then about each of these", () => {
  const keys = (words: readonly OutletSaid[], run: string | null) =>
    outletEvents(task, words, run).map((one) => [one.uri, one.partitionKey, one.extra !== null]);
  const extra = bytes("{}");
  expect(keys([], "mon")).toEqual([
    ["a", "mon", false],
    ["b", "mon", false],
  ]);
  const words = [said({ partitionKey: "tue", extra }), said({ partitionKey: "wed" })];
  expect(keys(words, "mon")).toEqual([
    ["a", "tue", true],
    ["a", "wed", false],
    ["b", "mon", false],
  ]);
  expect(keys([...words, said({ extra })], null).slice(0, 3)).toEqual([
    ["a", "tue", true],
    ["a", "wed", false],
    ["a", null, true],
  ]);
});

test("an outlet by name is the one that registration has found", () => {
  const outlets = [assetOf("s3://a", { name: "orders" })];
  const words = [said({ uri: "orders", extra: bytes("1") })];
  expect(outletProblem({ id: "t", outlets }, words)).toBeNull();
  expect(outletEvents({ outlets }, words, null)).toMatchObject([
    { uri: "s3://a", extra: bytes("1") },
  ]);
  expect(outletProblem({ id: "t", outlets }, [said({ uri: "other" })])).toContain(
    "asset other, which is none of its outlets",
  );
});

test.each<[string, readonly OutletSaid[], string | null]>([
  ["nothing", [], null],
  ["an outlet", [said({})], null],
  ["any asset, for an alias", [said({ uri: "new", alias: "f" })], null],
  ["an asset that is no outlet", [said({ uri: "c" })], "asset c, which is none of its outlets"],
  ["an alias that is none", [said({ alias: "h" })], "alias h, which is none of its outlets"],
  ["a uri with a space", [said({ uri: "a b", alias: "f" })], "printable ASCII"],
  ["no uri", [said({ uri: "", alias: "f" })], "printable ASCII"],
  ["a partition", [said({ partitionKey: "2026-01-02" })], null],
  ["a partition with a line break", [said({ partitionKey: "a\nb" })], "1 to 250 characters"],
  ["a long partition", [said({ partitionKey: "x".repeat(251) })], "1 to 250 characters"],
  [
    "too large an extra",
    [said({ extra: new Uint8Array(assetLimits.eventExtraBytes + 1) })],
    `may have ${assetLimits.eventExtraBytes}`,
  ],
  [
    "too many",
    Array.from({ length: assetLimits.eventsPerSuccess + 1 }, (_, n) =>
      said({ uri: `n${n}`, alias: "f" }),
    ),
    `${assetLimits.eventsPerSuccess} are the limit`,
  ],
])("what a body says may be %s: %#", (_, words, problem) => {
  const found = outletProblem(task, words);
  if (problem === null) expect(found).toBeNull();
  else expect(found).toContain(problem);
});
