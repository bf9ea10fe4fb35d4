import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clock } from "./clock.ts";
import { createHeap } from "./dispatch/heap.ts";
import { createTimers } from "./timers.ts";

/** Time that stands still but for `advance`. */
function stillClock() {
  let now = 0;
  const waiting = new Set<{ at: number; call: () => void }>();
  const clock: Clock = {
    monotonicMs: () => now,
    after(ms, call) {
      const each = { at: now + ms, call };
      waiting.add(each);
      return () => waiting.delete(each);
    },
  };
  function advance(ms: number): void {
    now += ms;
    for (const each of [...waiting].toSorted((a, b) => a.at - b.at)) {
      if (each.at <= now && waiting.delete(each)) each.call();
    }
  }
  return { clock, advance, waiting };
}

test("timers fire when they are due, in the order of their times, never before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000), { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 12 }),
      (times, steps) => {
        const { clock, advance } = stillClock();
        const fired: number[] = [];
        const dbClock = { now: () => clock.monotonicMs(), observe: () => undefined };
        const onDue = (due: readonly number[]) => fired.push(...due);
        const timers = createTimers<number>({
          clock,
          dbClock,
          perTurnMax: 7,
          isLive: () => true,
          onDue,
        });
        for (const at of times) timers.add(at, at);
        for (const step of steps) {
          advance(step);
          // What was over the limit of one turn comes in the next ones, at the same time.
          for (let i = 0; i < times.length; i++) advance(0);
          expect(fired).toEqual(
            times.filter((at) => at <= clock.monotonicMs()).toSorted((a, b) => a - b),
          );
        }
        timers.stop();
        const before = fired.length;
        advance(10_000);
        expect(fired).toHaveLength(before);
      },
    ),
  );
});

test("a thousand times a thousand timers whose cause is gone do not stay", () => {
  const { clock, waiting } = stillClock();
  const dbClock = { now: () => clock.monotonicMs(), observe: () => undefined };
  const timers = createTimers<number>({
    clock,
    dbClock,
    perTurnMax: 100,
    isLive: (n) => n % 1_000 === 0,
    onDue: () => undefined,
  });
  for (let n = 0; n < 1_000_000; n++) timers.add(1_000_000 - n, n);
  expect(timers.size).toBeLessThan(12_000);
  expect(waiting.size).toBe(1);
});

test("a heap gives the least first, and keeps its order when items are removed", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 5 }), (numbers, divisor) => {
      const heap = createHeap<number>((a, b) => a < b);
      for (const number of numbers) heap.push(number);
      heap.keep((number) => number % divisor === 0);
      const taken: number[] = [];
      for (let next = heap.pop(); next !== undefined; next = heap.pop()) taken.push(next);
      expect(taken).toEqual(
        numbers.filter((number) => number % divisor === 0).toSorted((a, b) => a - b),
      );
    }),
  );
});
