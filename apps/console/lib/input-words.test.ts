import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { DagSpecSchema, InputOrder, InputTermSchema } from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { inputFacts, inputWords } from "./input-words.ts";

type Term = MessageInitShape<typeof InputTermSchema>;

const clicks = { asset: { uri: "s3://clicks" }, every: "@hourly" };
const prices = { asset: { uri: "s3://prices" }, every: "@daily", timezone: "Europe/Madrid" };

function instances(from: number, to: number, of: typeof clicks = clicks): Term {
  return { kind: { case: "instances", value: { of, from, to } } };
}

function words(term: Term) {
  return inputWords(create(InputTermSchema, term));
}

test("each term is told in words, with its asset and what is enough of it", () => {
  const half = durationFromMs(1_800_000);
  const latest: Term = { kind: { case: "latest", value: { of: clicks, count: 3, within: 48 } } };
  const told: [Term, string][] = [
    [instances(0, 0), "the newest instance of s3://clicks (@hourly)"],
    [instances(-1, -1), "the instance 1 before the newest of s3://clicks (@hourly)"],
    [
      { ...instances(-24, -1), min: 20, wait: half },
      "24 instances, -24 to -1, of s3://clicks (@hourly); 20 will do, and 30m 00s are waited for more",
    ],
    [
      { ...instances(0, 0, prices), min: 0 },
      "the newest instance of s3://prices (@daily in Europe/Madrid); none has to be there",
    ],
    [
      { ...instances(0, 0), wait: half },
      "the newest instance of s3://clicks (@hourly); those after it count after 30m 00s",
    ],
    [latest, "the newest 3 there are among the last 48 of s3://clicks (@hourly)"],
  ];
  for (const [term, text] of told) expect(words(term).text).toBe(text);
});

test("terms around others keep their names and their order", () => {
  const primary = { name: "clicks", ...instances(0, 0) };
  const backup = { name: "clicks", ...instances(0, 0, prices) };
  const term = words({ kind: { case: "firstOf", value: { terms: [primary, backup] } } });
  expect(term.text).toBe("the first of these that holds");
  expect(term.parts.map(({ name, uri }) => [name, uri])).toEqual([
    ["clicks", "s3://clicks"],
    ["clicks", "s3://prices"],
  ]);
});

test("how long a run waits, and which starts first, are facts of the schedule", () => {
  const inputs = instances(0, 0);
  const inputTimeout = durationFromMs(3_600_000);
  const spec = create(DagSpecSchema, { inputs, inputTimeout, inputOrder: InputOrder.LAST });
  expect(inputFacts(spec)).toEqual([
    ["Waits", "for inputs, at most 1h 00m 00s"],
    ["First", "the newest date that has its inputs; older ones are left out"],
  ]);
  expect(inputFacts(create(DagSpecSchema, {}))).toEqual([]);
});
