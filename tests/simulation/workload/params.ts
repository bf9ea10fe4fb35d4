/** The params of every run of the simulation, and what else is said of it. */

import type { Random } from "../random.ts";

const defaults = { p0: [1, 2], p1: [], p2: [1, 2, 3], p3: 4, customer: "a" };
const customers = ["a", "b"];

/** Runs that nobody asks for get these, and from later versions of a DAG which it was. */
export function paramsSchemaOf(edition: number): string {
  const all = edition === 1 ? defaults : { ...defaults, edition };
  return JSON.stringify({
    type: "object",
    properties: Object.fromEntries(
      Object.entries(all).map(([name, value]) => [name, { default: value }]),
    ),
  });
}

export function someParams(random: Random): Buffer {
  return Buffer.from(JSON.stringify({ ...defaults, customer: random.pick(customers) }));
}

/** What people write to runs that are not to wait for inputs. */
export const ignoringNote = "ignores its inputs";
