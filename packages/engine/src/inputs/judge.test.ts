/** What each word of inputs means, at moments before and after what comes. */
import { describe, expect, test } from "vitest";
import { askInputs, keyOf } from "./ask.ts";
import type { InputTerm } from "./input.ts";
import { foundIn, judgeInputs, type InputJudgement } from "./judge.ts";
import { hourly, joined, midnight, newest, range } from "./testing.ts";

const minute = 60_000;
const a = hourly("s3://a");
const b = hourly("s3://b");
const c = hourly("s3://c");

/** "a22" is the instance of a of 22:00 on the day before; the number is the minute, from the run's birth, in which it came. */
type Came = Readonly<Record<string, number>>;

function judged(term: InputTerm, came: Came, atMinute: number): InputJudgement {
  const times = new Map(
    Object.entries(came)
      .filter(([, at]) => at <= atMinute)
      .map(([name, at]) => {
        const hour = name.slice(1);
        const partitionKey = `2026-01-${hour === "24" ? "02T00" : `01T${hour}`}`;
        return [keyOf({ uri: `s3://${name[0]}`, partitionKey }), midnight + at * minute];
      }),
  );
  const clock = { now: midnight + atMinute * minute, since: midnight };
  return judgeInputs(askInputs(term, midnight), foundIn(times), clock);
}

/** Such as "holds a22 a23", "waits 30" (until that minute), "lacks". */
function told({ state, until, chosen }: InputJudgement): string {
  const instances = Object.values(chosen).flat();
  const names = instances.map(
    ({ uri, date }) => `${uri.at(-1)}${date === midnight ? 24 : new Date(date).getUTCHours()}`,
  );
  const at = until === null ? [] : [String((until - midnight) / minute)];
  return [state, ...at, ...names].join(" ");
}

type Row = readonly [what: string, term: InputTerm, came: Came, at: number, answer: string];

function table(rows: readonly Row[]): void {
  for (const [what, term, came, at, answer] of rows)
    test(what, () => expect(told(judged(term, came, at))).toBe(answer));
}

const two = range(a, -2, -1, { name: "x" });

describe("instances: those of certain dates", () => {
  table([
    ["all there", two, { a22: -5, a23: -5 }, 0, "holds a22 a23"],
    ["one missing", two, { a22: -5 }, 0, "lacks"],
    ["comes later", two, { a22: -5, a23: 7 }, 7, "holds a22 a23"],
    ["others do not help", two, { a22: -5, a21: -5, a24: -5, b23: -5 }, 9, "lacks"],
    ["0 is the end of the interval", range(a, 0, 0, { name: "x" }), { a24: 1 }, 1, "holds a24"],
    [
      "before the first instance nothing is asked for",
      range(hourly("s3://a", { from: midnight - 3_600_000 }), -5, -1, { name: "x" }),
      { a23: 0 },
      0,
      "holds a23",
    ],
    [
      "where all are before the first instance, nothing is waited for",
      range(hourly("s3://a", { from: midnight + 1 }), -5, -1, { name: "x" }),
      {},
      0,
      "holds",
    ],
  ]);
});

describe("min and wait: enough of them, and so long for more", () => {
  const min = range(a, -3, -1, { name: "x", min: 2 });
  const both = range(a, -3, -1, { name: "x", min: 2, waitMs: 30 * minute });
  const none = range(a, -3, -1, { name: "x", min: 0, waitMs: 30 * minute });
  table([
    ["less than enough", min, { a21: 0 }, 99, "lacks"],
    ["enough", min, { a21: 0, a23: 4 }, 4, "holds a21 a23"],
    ["more than enough", min, { a21: 0, a22: 1, a23: 4 }, 4, "holds a21 a22 a23"],
    ["enough, and a wait", both, { a21: 0, a23: 4 }, 4, "waits 34"],
    ["the wait begins when there is enough", both, { a21: 0, a23: 4 }, 33, "waits 34"],
    ["the wait is over", both, { a21: 0, a23: 4 }, 34, "holds a21 a23"],
    ["what comes meanwhile is taken", both, { a21: 0, a23: 4, a22: 20 }, 34, "holds a21 a22 a23"],
    ["all there ends the wait", both, { a21: 0, a23: 4, a22: 20 }, 20, "holds a21 a22 a23"],
    [
      "what was there before the run counts from its birth",
      both,
      { a21: -90, a22: -80 },
      0,
      "waits 30",
    ],
    ["a min of 0 is enough at once", none, {}, 0, "waits 30"],
    ["and after the wait with none", none, {}, 30, "holds"],
    [
      "a min beyond the first instance is all there are",
      range(hourly("s3://a", { from: midnight - 3_600_000 }), -5, -1, { name: "x", min: 3 }),
      { a23: 0 },
      0,
      "holds a23",
    ],
  ]);
});

describe("latest: the newest that exist", () => {
  const one = newest(a, 1, 5, { name: "x" });
  const three = newest(a, 3, 5, { name: "x", min: 1, waitMs: 10 * minute });
  table([
    ["gaps do not matter", one, { a20: 0, a22: 0 }, 0, "holds a22"],
    [
      "not after the end of the interval",
      newest(a, 2, 5, { name: "x" }),
      { a24: 0, a21: 0 },
      0,
      "holds a21 a24",
    ],
    ["not further back than within", one, { a19: 0 }, 0, "lacks"],
    ["fewer than asked for, by a min", three, { a20: 2, a21: 3 }, 3, "waits 12"],
    ["by date, whatever came first", three, { a21: 1, a23: 2, a20: 3 }, 3, "holds a20 a21 a23"],
    ["the newest of more", three, { a20: 0, a21: 1, a22: 2, a23: 3 }, 3, "holds a21 a22 a23"],
  ]);
});

describe("allOf: all of them", () => {
  const x = range(a, -1, -1, { name: "x" });
  const y = range(b, -1, -1, { name: "y" });
  const slow = range(b, -2, -1, { name: "y", min: 1, waitMs: 10 * minute });
  table([
    ["both", joined("all_of", [x, y]), { a23: 0, b23: 3 }, 3, "holds a23 b23"],
    ["one", joined("all_of", [x, y]), { a23: 0 }, 3, "lacks"],
    ["one waits", joined("all_of", [x, slow]), { a23: 0, b23: 3 }, 3, "waits 13"],
    ["one waits, one lacks", joined("all_of", [x, slow]), { b23: 3 }, 3, "lacks 13"],
    [
      "min is handed down",
      joined("all_of", [range(a, -3, -1, { name: "x" })], { min: 1 }),
      { a22: 0 },
      0,
      "holds a22",
    ],
    [
      "unless the term says otherwise",
      joined("all_of", [range(a, -3, -1, { name: "x", min: 2 })], { min: 1 }),
      { a22: 0 },
      0,
      "lacks",
    ],
  ]);
});

describe("firstOf: in order of preference", () => {
  const x = range(a, -1, -1, { name: "x" });
  const y = range(b, -1, -1, { name: "x" });
  const z = range(c, -1, -1, { name: "x" });
  const patient = range(a, -1, -1, { name: "x", waitMs: 60 * minute });
  const patientToo = range(b, -1, -1, { name: "x", waitMs: 90 * minute });
  const some = range(a, -2, -1, { name: "x", min: 1, waitMs: 10 * minute });
  table([
    [
      "the first, where both are there",
      joined("first_of", [x, y]),
      { a23: 0, b23: 0 },
      0,
      "holds a23",
    ],
    [
      "the second, where the first lacks something",
      joined("first_of", [x, y]),
      { b23: 0 },
      0,
      "holds b23",
    ],
    ["neither", joined("first_of", [x, y]), {}, 9, "lacks"],
    [
      "a wait lets the first be preferred",
      joined("first_of", [patient, y]),
      { b23: 0 },
      0,
      "waits 60",
    ],
    [
      "it comes while it is",
      joined("first_of", [patient, y]),
      { b23: 0, a23: 59 },
      59,
      "holds a23",
    ],
    ["then the second counts", joined("first_of", [patient, y]), { b23: 0 }, 60, "holds b23"],
    [
      "and the first still does, before it",
      joined("first_of", [patient, y]),
      { a23: 61, b23: 61 },
      61,
      "holds a23",
    ],
    [
      "waits count from the birth, each",
      joined("first_of", [patient, patientToo, z]),
      { c23: 0 },
      60,
      "waits 90",
    ],
    ["the last has nobody to wait for", joined("first_of", [x, patientToo]), {}, 0, "lacks"],
    [
      "enough of the first holds back the second",
      joined("first_of", [some, y]),
      { a23: 3, b23: 0 },
      3,
      "waits 13",
    ],
    ["less than enough does not", joined("first_of", [some, y]), { b23: 0 }, 3, "holds b23"],
    [
      "within one another",
      joined("first_of", [joined("all_of", [x, range(b, -1, -1, { name: "y" })]), z]),
      { a23: 0, c23: 0 },
      0,
      "holds c23",
    ],
  ]);
  test("names that were not chosen are empty", () => {
    const term = joined("first_of", [
      range(a, -1, -1, { name: "x" }),
      range(b, -1, -1, { name: "y" }),
    ]);
    const { chosen } = judged(term, { b23: 0 }, 0);
    expect(Object.keys(chosen)).toEqual(["x", "y"]);
    expect(chosen["x"]).toEqual([]);
    expect(chosen["y"]).toHaveLength(1);
  });
  test("a name around several terms has what all of them have, by date", () => {
    const term = joined("all_of", [two, range(b, -3, -2, { name: "y" })], { name: "both" });
    const { chosen } = judged(term, { a22: 0, a23: 0, b21: 0, b22: 0 }, 0);
    const dates = chosen["both"]!.map(({ date }) => (midnight - date) / 3_600_000);
    expect(dates).toEqual([3, 2, 2, 1]);
  });

  test("a name around alternatives has what was chosen", () => {
    const term = joined("first_of", [range(a, -1, -1), range(b, -1, -1)], { name: "either" });
    expect(judged(term, { b23: 0 }, 0).chosen["either"]?.[0]?.uri).toBe("s3://b");
  });
});

describe("combine: one set of both", () => {
  const pair = [range(a, -3, -1), range(b, -3, -1)];
  const all = joined("combine", pair, { name: "x" });
  const some = joined("combine", pair, { name: "x", min: 2, waitMs: 10 * minute });
  table([
    [
      "what one lacks is taken from the other",
      all,
      { a21: 0, b22: 0, a23: 0 },
      0,
      "holds a21 b22 a23",
    ],
    [
      "the first is preferred, date by date",
      all,
      { a21: 0, b21: 0, b22: 0, b23: 0, a23: 0 },
      0,
      "holds a21 b22 a23",
    ],
    ["a date that both lack", all, { a21: 0, b23: 0 }, 0, "lacks"],
    ["min counts the set", some, { a21: 0, b23: 5 }, 5, "waits 15"],
    ["and its wait", some, { a21: 0, b23: 5 }, 15, "holds a21 b23"],
    ["a date is there since its first instance", some, { a21: 0, b23: 5, a23: 9 }, 9, "waits 15"],
  ]);
});

test("what is missing is named, the first 20 of it", () => {
  const { sets } = judged(range(a, -30, -1, { name: "x" }), { a23: 0 }, 0);
  expect(sets).toMatchObject([{ name: "x", have: 1, want: 30, need: 30, state: "lacks" }]);
  expect(sets[0]?.missing).toHaveLength(20);
});
