/**
 * Starts under a rate: no stretch of its length has more than its limit, counted in the parts in which they were taken; and none
 * begins that was not taken before.
 */

import type { CompiledDag, RateLimit } from "@millrace/engine";
import type { Flushed } from "../database/flush.ts";
import type { RunRow } from "../database/rows.ts";
import type { Tables } from "../database/tables.ts";
import { ensure } from "./violation.ts";

const running = 4;
/** A length of time has so many parts; what was taken in one counts until it is all over. */
const parts = 17;

export class RateWatch {
  readonly #tables: Tables;
  readonly #dagOf: (run: RunRow) => CompiledDag;
  readonly #begun = new Map<string, number>();
  #looked = 0;

  constructor(tables: Tables, dagOf: (run: RunRow) => CompiledDag) {
    this.#tables = tables;
    this.#dagOf = dagOf;
  }

  take({ instances }: Flushed): void {
    for (const { after } of instances) {
      if (after.state !== running) continue;
      const run = this.#tables.runs.get(after.run_id)!;
      const limit = this.#dagOf(run).tasks[after.ix]?.rateLimit ?? null;
      if (limit === null) continue;
      const key = `${limit.key} ${limit.perMs}`;
      this.#begun.set(key, (this.#begun.get(key) ?? 0) + 1);
      this.#checkTaken(key);
      this.#checkStretches(key, limit);
    }
  }

  #checkTaken(key: string): void {
    const taken = this.#tables.takenStarts
      .filter((start) => start.key === key)
      .reduce((sum, start) => sum + start.taken, 0);
    const begun = this.#begun.get(key) ?? 0;
    ensure(begun <= taken, "S12", () => `${begun} tasks began with ${taken} starts of ${key}`);
  }

  /** Of those taken since the last look, with what was taken before them. */
  #checkStretches(key: string, { limit }: RateLimit): void {
    const { takenStarts } = this.#tables;
    for (; this.#looked < takenStarts.length; this.#looked++) {
      const last = takenStarts[this.#looked]!;
      const within = takenStarts
        .slice(0, this.#looked + 1)
        .filter((start) => start.key === key && Math.abs(start.part - last.part) < parts)
        .reduce((sum, start) => sum + start.taken, 0);
      ensure(within <= limit, "S12", () => `${within} starts of ${key} within its time`);
    }
  }
}
