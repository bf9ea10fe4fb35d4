/** Randomness that a seed repeats exactly: one stream for each purpose, so that one more draw here changes nothing there. */

export type Random = {
  /** From 0 up to, without, 1. */
  float(): number;
  /** From `from` up to, without, `to`. */
  between(from: number, to: number): number;
  /** A whole number from 0 up to, without, `below`. */
  below(below: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Like a UUID of version 4. */
  uuid(): string;
  /** A stream of its own, the same for the same name. */
  fork(name: string): Random;
};

export function createRandom(seed: string): Random {
  const next = sfc32(seed);
  const random: Random = {
    float: () => next() / 2 ** 32,
    between: (from, to) => from + random.float() * (to - from),
    below: (below) => Math.floor(random.float() * below),
    chance: (probability) => probability > 0 && random.float() < probability,
    pick(from) {
      if (from.length === 0) throw new Error("There is nothing to pick from.");
      return from[random.below(from.length)]!;
    },
    uuid() {
      const hex = Array.from({ length: 4 }, () => next().toString(16).padStart(8, "0")).join("");
      const variant = "89ab"[Number.parseInt(hex[16]!, 16) % 4];
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        `4${hex.slice(13, 16)}`,
        `${variant}${hex.slice(17, 20)}`,
        hex.slice(20),
      ].join("-");
    },
    fork: (name) => createRandom(`${seed}/${name}`),
  };
  return random;
}

/** Small Fast Counter: 32 random bits a call, from a state that is made of the seed's text. */
function sfc32(seed: string): () => number {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (const char of seed) {
    a ^= char.codePointAt(0) ?? 0;
    next();
  }
  for (let round = 0; round < 12; round++) next();
  return next;
}
