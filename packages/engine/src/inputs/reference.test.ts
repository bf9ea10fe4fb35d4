/** Inputs against an evaluator that remembers, and walks minute by minute: what is judged anew must come to the same. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { askedInstances, askInputs, keyOf } from "./ask.ts";
import type { InputTerm } from "./input.ts";
import { foundIn, judgeInputs } from "./judge.ts";
import { randomArrivals, randomTerm } from "../testing/random-inputs.ts";
import { hourMs, midnight } from "./testing.ts";

/** The minute up to which it is walked. */
const last = 40;

const arrivals = randomArrivals(last);

/** By "uri hour": the minute in which it came; what never comes is left out. */
type Arrivals = ReadonlyMap<string, number>;
type State = "holds" | "waits" | "lacks";
type Answer = { readonly state: State; readonly chosen: readonly string[] };

/** Keeps when each term had enough. Written from the words, without the code that it checks. */
function createReference(term: InputTerm, arrivals: Arrivals) {
  const enoughAt = new Map<InputTerm, number>();

  function isThere(uri: string, step: number, minute: number): boolean {
    return (arrivals.get(`${uri} ${step}`) ?? Infinity) <= minute;
  }

  function ofSet(
    self: InputTerm,
    chosen: readonly string[],
    counts: { want: number; min: number | null; wait: number | null },
    minute: number,
  ): Answer {
    const { want, min, wait } = counts;
    if (chosen.length >= want) return { state: "holds", chosen };
    if (min === null || chosen.length < Math.min(min, want)) return { state: "lacks", chosen: [] };
    if (!enoughAt.has(self)) enoughAt.set(self, minute);
    const isOver = minute - enoughAt.get(self)! >= (wait ?? 0);
    return isOver ? { state: "holds", chosen } : { state: "waits", chosen: [] };
  }

  function walk(
    self: InputTerm,
    outer: { min: number | null; wait: number | null },
    minute: number,
  ): Answer {
    const min = self.min ?? outer.min;
    const wait = self.waitMs === null ? outer.wait : self.waitMs / 60_000;
    const inner = { min, wait };
    if (self.kind === "instances") {
      const steps = Array.from({ length: self.to - self.from + 1 }, (_, n) => self.from + n);
      const uri = self.of.asset.uri;
      const there = steps.filter((step) => isThere(uri, step, minute));
      const chosen = there.map((step) => `${uri} ${step}`);
      return ofSet(self, chosen, { want: steps.length, ...inner }, minute);
    }
    if (self.kind === "latest") {
      const uri = self.of.asset.uri;
      const there: string[] = [];
      for (let step = 0; step > -self.within && there.length < self.count; step -= 1)
        if (isThere(uri, step, minute)) there.unshift(`${uri} ${step}`);
      return ofSet(self, there, { want: self.count, ...inner }, minute);
    }
    if (self.kind === "combine") {
      const [first] = self.terms as Extract<InputTerm, { kind: "instances" }>[];
      const chosen: string[] = [];
      for (let step = first!.from; step <= first!.to; step += 1) {
        const found = self.terms.find(
          (part) => part.kind === "instances" && isThere(part.of.asset.uri, step, minute),
        );
        if (found?.kind === "instances") chosen.push(`${found.of.asset.uri} ${step}`);
      }
      return ofSet(self, chosen, { want: first!.to - first!.from + 1, ...inner }, minute);
    }
    const answers = self.terms.map((part) => walk(part, inner, minute));
    if (self.kind === "all_of") {
      if (answers.some(({ state }) => state === "lacks")) return { state: "lacks", chosen: [] };
      if (answers.some(({ state }) => state === "waits")) return { state: "waits", chosen: [] };
      return { state: "holds", chosen: answers.flatMap(({ chosen }) => chosen) };
    }
    for (const [n, answer] of answers.entries()) {
      if (answer.state !== "lacks") return answer;
      const part = self.terms[n]!;
      const hasMin = (part.min ?? min) !== null;
      const patience = hasMin ? null : part.waitMs === null ? wait : part.waitMs / 60_000;
      const isLast = n === answers.length - 1;
      if (!isLast && patience !== null && minute < patience) return { state: "waits", chosen: [] };
    }
    return { state: "lacks", chosen: [] };
  }

  const stepOf = (instance: string): number => Number(instance.split(" ")[1]);
  return (minute: number): Answer => {
    const { state, chosen } = walk(term, { min: null, wait: null }, minute);
    return { state, chosen: chosen.toSorted((x, y) => stepOf(x) - stepOf(y)) };
  };
}

test("judging anew at any moment, and only when something says so, comes to what remembering every minute comes to", () => {
  fc.assert(
    fc.property(randomTerm, arrivals, (wanted, came) => {
      const named = { ...wanted, name: "all" };
      const asked = askInputs(named, midnight);
      const reference = createReference(named, came);
      const stepOf = (date: number): number => (date - midnight) / hourMs;
      const minuteOf = new Map(
        askedInstances(asked).flatMap((instance) => {
          const minute = came.get(`${instance.uri} ${stepOf(instance.date)}`);
          return minute === undefined ? [] : [[keyOf(instance), minute] as const];
        }),
      );
      let wake = 0;
      for (let minute = 0; minute <= last; minute += 1) {
        const found = new Map(
          [...minuteOf]
            .filter(([, at]) => at <= minute)
            .map(([key, at]) => [key, midnight + at * 60_000]),
        );
        const clock = { now: midnight + minute * 60_000, since: midnight };
        const judged = judgeInputs(asked, foundIn(found), clock);
        const expected = reference(minute);
        const chosen = judged.chosen["all"]?.map(({ uri, date }) => `${uri} ${stepOf(date)}`);
        expect({ state: judged.state, chosen }).toEqual(expected);
        const hasArrival = [...minuteOf.values()].includes(minute);
        // Whoever sleeps until it is woken misses nothing.
        if (judged.state === "holds") {
          expect(minute === 0 || hasArrival || wake === minute).toBe(true);
          return;
        }
        if (minute === 0 || hasArrival || wake === minute)
          wake = judged.until === null ? -1 : (judged.until - midnight) / 60_000;
        if (judged.until !== null) expect(judged.until).toBeGreaterThan(clock.now);
      }
    }),
    { numRuns: 3_000 },
  );
});
