import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createDbClock } from "./clock.ts";

/** A clock by hand, beside a database whose clock is ahead by some years. */
function twoClocks() {
  let nowMs = 5_000;
  const ahead = { ms: Date.UTC(2026, 0, 1) };
  const clock = createDbClock({ monotonicMs: () => nowMs, after: () => () => undefined });
  return {
    clock,
    ahead,
    /** Asks; the database looks at its clock after `there`, and its answer takes `back`. */
    read(there: number, back: number) {
      const askedAt = nowMs;
      const said = askedAt + there + ahead.ms;
      nowMs += there + back;
      clock.observe(said, askedAt, nowMs);
    },
    pass: (ms: number) => (nowMs += ms),
    error: () => clock.now() - (nowMs + ahead.ms),
  };
}

describe("the database's clock", () => {
  test("cannot be asked before it was read", () => {
    expect(() => twoClocks().clock.now()).toThrow("has not been read yet");
  });

  test("is not moved by an answer that took seconds", () => {
    const it = twoClocks();
    it.read(1, 1);
    it.pass(3_000);
    it.read(0, 8_000);
    expect(Math.abs(it.error())).toBeLessThanOrEqual(8);
    it.read(8_000, 0);
    expect(Math.abs(it.error())).toBeLessThanOrEqual(12);
  });

  test.each([3_600_000, -3_600_000])("is followed when it is set by %i ms", (ms) => {
    const it = twoClocks();
    it.read(1, 1);
    it.ahead.ms += ms;
    it.read(1, 1);
    expect(Math.abs(it.error())).toBeLessThanOrEqual(2);
  });

  test("is known as well as the best reading says, however slow others are and however it drifts", () => {
    const reading = fc.record({
      pause: fc.integer({ min: 0, max: 10_000 }),
      there: fc.integer({ min: 0, max: 5_000 }),
      back: fc.integer({ min: 0, max: 5_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(reading, { minLength: 1, maxLength: 20 }),
        fc.double({ min: -0.000_1, max: 0.000_1, noNaN: true }),
        (readings, drift) => {
          const it = twoClocks();
          let best = Infinity;
          for (const { pause, there, back } of readings) {
            it.pass(pause);
            it.ahead.ms += (pause + there + back) * drift;
            it.read(there, back);
            best = Math.min(best + (pause + there + back) * 0.000_6, (there + back) / 2);
            expect(Math.abs(it.error())).toBeLessThanOrEqual(best + 2);
          }
        },
      ),
    );
  });
});
