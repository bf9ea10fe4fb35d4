/** In which order things go that happen at the same moment. */

export type TieBreak = {
  /** One of at least one. */
  pick<T>(from: ReadonlySet<T>): T;
  /** All, in the order they go in. */
  sort<T>(all: readonly T[]): readonly T[];
};

/** Seed 0: as they began. Any other: an order that the seed gives, the same each time. */
export function tieBreak(seed: number): TieBreak {
  const random = seed === 0 ? () => 0 : randomOf(seed);
  return {
    pick(from) {
      let left = Math.floor(random() * from.size);
      for (const one of from) if (left-- === 0) return one;
      throw new RangeError("There is nothing to pick from.");
    },
    sort(all) {
      const rest = new Set(all);
      return all.map(() => {
        const one = this.pick(rest);
        rest.delete(one);
        return one;
      });
    },
  };
}

/** Mulberry32: numbers from 0 up to 1 that look random and follow from the seed. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
