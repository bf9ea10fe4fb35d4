/** What a pool may be called, and how many slots it may have. */

import { dagLimits } from "../spec/dag-limits.ts";
import { collectProblems, type Problem } from "../spec/problems.ts";
import { poolRule } from "../validate/limits.ts";
import { isId } from "../spec/ids.ts";

export type PoolSettings = {
  readonly name: string;
  /** Null for no limit. */
  readonly slots: number | null;
  readonly description: string;
};

/** What is wrong with a pool; empty when it may be stored. */
export function checkPool({ name, slots, description }: PoolSettings): Problem[] {
  const problems = collectProblems();
  if (!isId(name)) problems.add("pool", name, poolRule);
  if (slots !== null && !(Number.isInteger(slots) && slots >= 1 && slots <= dagLimits.poolSlots))
    problems.add(
      "slots",
      slots,
      `write a whole number from 1 to ${dagLimits.poolSlots}, or leave the pool without limit`,
    );
  if (description.length > dagLimits.poolDescriptionLength)
    problems.add(
      "description",
      `${description.length} characters`,
      `the limit is ${dagLimits.poolDescriptionLength}; shorten it`,
    );
  return problems.list;
}
