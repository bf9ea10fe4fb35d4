/** Inputs that are refused, each with a sentence that names field, value and remedy. */
import { expect, test } from "vitest";
import type { DagSpec } from "../spec/spec.ts";
import { aDagSpec } from "../testing.ts";
import { validateDagSpec } from "../validate/validate.ts";
import type { InputTerm } from "./input.ts";
import { hourly, joined, newest, range } from "./testing.ts";

const clicks = hourly("s3://clicks");
const views = hourly("s3://views");
const named = { name: "clicks" } as const;
const daily: DagSpec["schedule"] = {
  kind: "cron",
  expressions: ["0 0 * * *"],
  timezone: "UTC",
  intervalMs: 0,
  jitterMs: 0,
  runImmediately: null,
};
const asset = { kind: "asset", uri: "s3://x", name: "s3://x", group: "asset", extra: "" } as const;
const onAssets = {
  kind: "assets",
  expression: { kind: "events", of: asset, count: 1 },
} as const;

function problemsOf(
  term: InputTerm,
  options: Partial<DagSpec> = {},
  timeoutMs: number | null = null,
) {
  const inputs = { term, timeoutMs, order: "oldest" } as const;
  const spec = aDagSpec({ tasks: { a: {} } }, { schedule: daily, inputs, ...options });
  return validateDagSpec(spec).map(({ message }) => message);
}

test.each<[string, InputTerm]>([
  ["a range", range(clicks, -23, 0, { ...named, min: 20, waitMs: 1_800_000 })],
  ["the newest", newest(clicks, 3, 10, named)],
  [
    "alternatives, of which the first is preferred",
    joined("first_of", [range(clicks, -1, 0, { ...named, waitMs: 1 }), range(views, -1, 0, named)]),
  ],
  [
    "one set of two",
    joined("combine", [range(clicks, -1, 0), range(views, -1, 0)], { ...named, min: 1, waitMs: 5 }),
  ],
  [
    "a wait that is handed down to a min",
    joined("all_of", [range(clicks, -1, 0, { ...named, min: 1 })], { waitMs: 5 }),
  ],
])("accepted: %s", (_, term) => {
  expect(problemsOf(term)).toEqual([]);
});

test.each<[string, string[], string]>([
  [
    "from after to",
    problemsOf(range(clicks, 2, 1, named)),
    "inputs.clicks.from is 2: it is after to (1); swap them.",
  ],
  [
    "a min above the range",
    problemsOf(range(clicks, -2, 0, { ...named, min: 4 })),
    "inputs.clicks.min is 4: it is more than the 3 instances in the range; write at most 3.",
  ],
  [
    "a min above the count",
    problemsOf(newest(clicks, 2, 9, { ...named, min: 3 })),
    "inputs.clicks.min is 3: it is more than the 2 that are asked for; write at most 2.",
  ],
  [
    "a min below nothing",
    problemsOf(range(clicks, -2, 0, { ...named, min: -1 })),
    "inputs.clicks.min is -1: write a whole number from 0, or leave it out for all of them.",
  ],
  [
    "a count above within",
    problemsOf(newest(clicks, 5, 4, named)),
    "inputs.clicks.count is 5: write a whole number from 1 to within (4): so many steps back are looked at.",
  ],
  [
    "too many instances",
    problemsOf(range(clicks, -10_000, 0, named)),
    "inputs is 10001 instances: a run may ask about 10000; take a shorter range, or have a task gather them.",
  ],
  [
    "a cron that nobody can satisfy",
    problemsOf(range(hourly("s3://clicks", { every: "0 0 31 2 *" }), 0, 0, named)),
    "never fires",
  ],
  [
    "a period that is none",
    problemsOf(range(hourly("s3://clicks", { every: "@once" }), 0, 0, named)),
    "is no preset",
  ],
  [
    "a zone that does not exist",
    problemsOf(range(hourly("s3://clicks", { timezone: "Mars/Base" }), 0, 0, named)),
    'inputs.clicks.timezone is Mars/Base: it is not an IANA zone; write one such as "Europe/Zurich" or "UTC".',
  ],
  [
    "a format that does not tell instances apart",
    problemsOf(range(hourly("s3://clicks", { format: "YYYY-MM-DD" }), 0, 0, named)),
    'inputs.clicks.format is YYYY-MM-DD: several instances of @hourly have one partition key; write a finer one, such as "YYYY-MM-DDTHH:mm".',
  ],
  [
    "no schedule",
    problemsOf(range(clicks, 0, 0, named), { schedule: null }),
    'inputs is given without a schedule: instances are counted from dates; give the DAG a schedule that a clock decides, such as "@daily".',
  ],
  [
    "a schedule on assets",
    problemsOf(range(clicks, 0, 0, named), { schedule: onAssets }),
    "inputs is given with a schedule on assets: instances are counted from dates",
  ],
  [
    "a wait for nothing",
    problemsOf(range(clicks, -1, 0, { ...named, waitMs: 5 })),
    "inputs.clicks.wait is 5 ms: it waits for more than min, or before the next alternative; give it a min",
  ],
  [
    "a wait of the last alternative",
    problemsOf(
      joined("first_of", [range(clicks, 0, 0, named), range(views, 0, 0, { ...named, waitMs: 5 })]),
    ),
    "inputs.clicks.wait is 5 ms: it waits for more than min",
  ],
  [
    "a timeout of nothing",
    problemsOf(range(clicks, 0, 0, named), {}, 0),
    "inputTimeout is 0 ms: a duration is longer than nothing and at most ten years.",
  ],
  [
    "no name",
    problemsOf(range(clicks, 0, 0)),
    "inputs is without a name: bodies find instances by name",
  ],
  [
    "a name twice",
    problemsOf(joined("all_of", [range(clicks, 0, 0, named), range(views, 0, 0, named)])),
    "inputs.clicks is clicks: another term has this name; give one of them its own.",
  ],
  [
    "a set of other dates",
    problemsOf(joined("combine", [range(clicks, -1, 0), range(views, -2, 0)], named)),
    "inputs.clicks[1] is @hourly from -2 to 0: combine takes what is missing from the same dates; write @hourly from -1 to 0, in one time zone.",
  ],
  [
    "a set of the newest",
    problemsOf(joined("combine", [range(clicks, -1, 0), newest(views, 1, 2)], named)),
    "inputs.clicks[1] is latest: combine takes instances(…) only.",
  ],
  [
    "a set of one",
    problemsOf(joined("combine", [range(clicks, -1, 0)], named)),
    "combine takes two terms or more",
  ],
  [
    "nothing in a list",
    problemsOf(joined("first_of", [], named)),
    "inputs.clicks is an empty list: allOf and firstOf need at least one term.",
  ],
  [
    "too many terms",
    problemsOf(
      joined(
        "all_of",
        Array.from({ length: 100 }, (_, n) => range(clicks, 0, 0, { name: `x${n}` })),
      ),
    ),
    "inputs is 101 terms: the limit is 100; use fewer.",
  ],
])("refused: %s", (_, problems, sentence) => {
  expect(
    problems.some((problem) => problem.includes(sentence)),
    problems.join("\n"),
  ).toBe(true);
});
