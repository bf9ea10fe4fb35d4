import { describe, expect, test } from "vitest";
import { simulate, type Simulated } from "./simulate.ts";
import { Summary } from "./summary.ts";

const minute = 60_000;

function failureOf({ seed, failures, last }: Simulated): string {
  const words = failures.map((error) => (error instanceof Error ? error.stack : String(error)));
  return [`seed ${seed}`, ...words, ...last, `npm run simulate -- --seed ${seed} --trace`].join(
    "\n",
  );
}

describe("whatever happens to an installation, its promises hold and all its runs end", () => {
  test("in the first seeds", { timeout: 3 * minute }, async () => {
    const summary = new Summary();
    for (let seed = 1; seed <= 40; seed++) {
      const result = await simulate({ seed });
      expect(result.failures, failureOf(result)).toEqual([]);
      summary.add(result);
    }
    // A simulation in which nothing happened proves nothing.
    expect(summary.lacking()).toEqual([]);
  });
});

test("a seed happens in the same way every time", { timeout: minute }, async () => {
  for (const seed of [5, 17]) {
    const [first, second] = [await simulate({ seed }), await simulate({ seed })];
    expect(second.sum).toBe(first.sum);
    expect(second.events).toBe(first.events);
  }
});
