import * as fc from "fast-check";
import { expect, test } from "vitest";
import { admitRun } from "../admission/admission.ts";
import { someLimits } from "../testing.ts";
import { askedInstances, askInputs, inputReference, keyOf } from "./ask.ts";
import type { InputTerm } from "./input.ts";
import { inputReasons } from "./input-reasons.ts";
import { foundIn, judgeInputs, type InputsWait } from "./judge.ts";
import { randomArrivals, randomTerm } from "../testing/random-inputs.ts";
import { hourly, hourMs, joined, midnight, newest, range } from "./testing.ts";

const minute = 60_000;
const clicks = hourly("s3://clicks");

/** What a run waits for of which these hours of 1 January are there since its birth. */
function waitFor(term: InputTerm, hours: readonly number[]): InputsWait {
  const times = new Map(
    hours.map((hour) => [
      keyOf({ uri: "s3://clicks", partitionKey: `2026-01-01T${String(hour).padStart(2, "0")}` }),
      midnight,
    ]),
  );
  const clock = { now: midnight, since: midnight };
  const judged = judgeInputs(askInputs(term, midnight), foundIn(times), clock);
  return { judged, timeoutAt: midnight + hourMs };
}

const saidOf = (term: InputTerm, hours: readonly number[]) => inputReasons(waitFor(term, hours));

test("enough is there, and more is waited for: until when, and what is missing", () => {
  const hours = Array.from({ length: 21 }, (_, hour) => hour);
  const term = range(clicks, -24, -1, { name: "clicks", min: 20, waitMs: 30 * minute });
  expect(saidOf(term, hours)).toEqual([
    {
      kind: "inputs",
      message:
        "clicks: 21 of 24 instances of s3://clicks are there, which is enough; it waits until 2026-01-02 00:30:00Z for more. Missing: 2026-01-01T21, 2026-01-01T22, 2026-01-01T23.",
      evidence: {
        ...{ input: "clicks", assets: "s3://clicks", have: "21", want: "24", need: "20" },
        missing: "2026-01-01T21, 2026-01-01T22, 2026-01-01T23",
        times_out_at: "2026-01-02T01:00:00.000Z",
      },
      until: midnight + 30 * minute,
      taskIds: [],
    },
  ]);
});

test("less than enough is there: how many are needed, and when the run gives up", () => {
  const [reason] = saidOf(range(clicks, -24, -1, { name: "clicks", min: 20 }), [0]);
  expect(reason?.message).toBe(
    "clicks: 1 of 24 instances of s3://clicks is there, and 20 are needed. Missing: 2026-01-01T01, 2026-01-01T02, 2026-01-01T03 and 20 more.",
  );
  expect(reason?.until).toBe(midnight + hourMs);
});

test("an alternative, and the newest", () => {
  const term = joined("first_of", [
    range(clicks, -1, -1, { name: "a", waitMs: 10 * minute }),
    newest(clicks, 2, 5, { name: "b" }),
  ]);
  expect(saidOf(term, []).map(({ message }) => message)).toEqual([
    "a: 0 of 1 instance of s3://clicks is there. Missing: 2026-01-01T23. Alternatives after it count from 2026-01-02 00:10:00Z on.",
    "b: 0 of 2 newest instances of s3://clicks are there (alternative 2).",
  ]);
});

test("what holds says nothing, and a run that lacks nothing else may start then", () => {
  const term = range(clicks, -1, -1, { name: "clicks" });
  expect(saidOf(term, [23])).toEqual([]);
  const kinds = (hours: readonly number[]) =>
    admitRun(someLimits({ inputs: waitFor(term, hours) })).map(({ kind }) => kind);
  expect(kinds([])).toEqual(["inputs"]);
  expect(kinds([23])).toEqual([]);
});

test.each([
  ["the end of the data interval", { intervalEndAt: 3, logicalAt: 2, runAfter: 1 }, 3],
  ["without one the logical date", { intervalEndAt: null, logicalAt: 2, runAfter: 1 }, 2],
  ["without that the moment it was due", { intervalEndAt: null, logicalAt: null, runAfter: 1 }, 1],
])("steps count from %s", (_, run, at) => {
  expect(inputReference(run)).toBe(at);
});

test("steps follow the zone's clock: a day of 23 hours has 23 instances", () => {
  const local = hourly("s3://clicks", {
    timezone: "Europe/Zurich",
    every: "@daily",
    format: "YYYY-MM-DD",
  });
  const asked = askInputs(range(local, -2, 0, { name: "x" }), Date.UTC(2026, 2, 29, 22));
  expect(asked).toMatchObject({
    slots: [
      [{ partitionKey: "2026-03-28", date: Date.UTC(2026, 2, 27, 23) }],
      [{ partitionKey: "2026-03-29", date: Date.UTC(2026, 2, 28, 23) }],
      [{ partitionKey: "2026-03-30", date: Date.UTC(2026, 2, 29, 22) }],
    ],
  });
});

test("a run that waits has a reason, and once what the reasons name is there it may start", () => {
  fc.assert(
    fc.property(randomTerm, randomArrivals(0), (term, came) => {
      const asked = askInputs(term, midnight);
      const instances = askedInstances(asked);
      const times = new Map(
        instances
          .filter(({ uri, date }) => came.has(`${uri} ${(date - midnight) / hourMs}`))
          .map((one) => [keyOf(one), midnight] as const),
      );
      const judged = () => judgeInputs(asked, foundIn(times), { now: midnight, since: midnight });
      for (;;) {
        const wait = { judged: judged(), timeoutAt: null };
        const reasons = inputReasons(wait);
        const mayStart = admitRun(someLimits({ inputs: wait })).length === 0;
        expect(reasons.length === 0).toBe(mayStart);
        if (mayStart) return;
        const before = times.size;
        for (const { evidence } of reasons) {
          // Of the newest that exist none is missing by its date: any will do.
          const named = evidence["missing"] === "" ? null : evidence["missing"]!.split(", ");
          for (const one of instances)
            if (evidence["assets"]!.split(" ").includes(one.uri))
              if (named === null || named.includes(one.partitionKey))
                times.set(keyOf(one), midnight);
        }
        expect(times.size).toBeGreaterThan(before);
      }
    }),
    { numRuns: 1_000 },
  );
});
