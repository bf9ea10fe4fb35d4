import fc from "fast-check";
import { expect, test } from "vitest";
import { readCron } from "./cron.ts";
import { timesOfDay } from "./times-of-day.ts";

const daySeconds = 86_400;
const field = (size: number) =>
  fc.uniqueArray(fc.integer({ min: 0, max: size - 1 }), { minLength: 1, maxLength: 12 });

test("the nearest allowed second in each direction is the one that counting finds", () => {
  const at = fc.integer({ min: 0, max: daySeconds - 1 });
  fc.assert(
    fc.property(
      field(24),
      field(60),
      field(60),
      fc.array(at, { minLength: 20, maxLength: 20 }),
      (hours, minutes, seconds, asked) => {
        const times = timesOfDay(hours, minutes, seconds);
        const isAllowed = (second: number): boolean =>
          hours.includes(Math.floor(second / 3600)) &&
          minutes.includes(Math.floor(second / 60) % 60) &&
          seconds.includes(second % 60);
        const all = Array.from({ length: daySeconds }, (_, second) => second).filter(isAllowed);
        for (const from of [...asked, ...all.slice(0, 3), 0, daySeconds - 1]) {
          expect(times.first(from)).toBe(all.find((second) => second >= from) ?? null);
          expect(times.last(from)).toBe(all.findLast((second) => second <= from) ?? null);
        }
      },
    ),
    { numRuns: 40 },
  );
});

const days = ["* * *", "L * *", "* * 1#2", "* * 5L", "13 * 5", "29 2 *", "31 */2 *", "1-7 6 1"];

test("the way back from a match passes the same matches as the way there", () => {
  const expressions = fc
    .tuple(field(60), field(60), field(24), fc.constantFrom(...days))
    .map(([s, m, h, day]) => [s.join(","), m.join(","), h.join(","), day].join(" "));
  const start = fc.integer({ min: Date.UTC(1969, 0, 1), max: Date.UTC(2060, 0, 1) });
  fc.assert(
    fc.property(expressions, start, (expression, from) => {
      const { after, before } = readCron(expression);
      const there: number[] = [];
      let at: number | null = from;
      while (there.length < 40 && (at = after(at)) !== null) there.push(at);
      const back: number[] = [];
      at = (there.at(-1) ?? from) + 1;
      while (back.length < there.length && (at = before(at)) !== null) back.push(at);
      expect(back.toReversed()).toEqual(there);
      expect(before(there[0] ?? 0) ?? 0).toBeLessThanOrEqual(from);
    }),
    { numRuns: 60 },
  );
});
