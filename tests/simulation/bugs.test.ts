import { describe, expect, test } from "vitest";
import { bugNames, bugs } from "./bugs.ts";
import { simulate } from "./simulate.ts";

const minute = 60_000;

describe("a checker that has never failed is no evidence", () => {
  test.each(bugNames)("the planted bug %s is found", { timeout: 5 * minute }, async (bug) => {
    const { says, foundWithin, promises } = bugs[bug];
    for (let seed = 1; seed <= foundWithin; seed++) {
      const { failures } = await simulate({ seed, bug });
      if (failures.length === 0) continue;
      console.info(`${bug} (${says}): found by seed ${seed}: ${String(failures[0])}`);
      expect(promises).toContain((failures[0] as { readonly promise?: string }).promise);
      return;
    }
    expect.fail(`${bug} (${says}) was not found in ${foundWithin} seeds.`);
  });
});
