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
  expect(outletEvents(task, []).map((one) => [one.uri, one.extra])).toEqual([
    ["a", null],
    ["b", null],
  ]);
  const extra = bytes("{}");
  expect(outletEvents(task, [said({ extra })]).map((one) => [one.uri, one.extra])).toEqual([
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
  const made = outletEvents(task, named).slice(2);
  expect(made.map((one) => [one.uri, one.aliases, one.group])).toEqual([
    ["n", ["f", "g"], "asset"],
    ["n", ["f"], "asset"],
    ["a", ["g"], "asset"],
  ]);
});

test.each<[string, readonly OutletSaid[], string | null]>([
  ["nothing", [], null],
  ["an outlet", [said({})], null],
  ["any asset, for an alias", [said({ uri: "new", alias: "f" })], null],
  ["an asset that is no outlet", [said({ uri: "c" })], "asset c, which is none of its outlets"],
  ["an alias that is none", [said({ alias: "h" })], "alias h, which is none of its outlets"],
  ["a uri with a space", [said({ uri: "a b", alias: "f" })], "printable ASCII"],
  ["no uri", [said({ uri: "", alias: "f" })], "printable ASCII"],
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
