/** Random cron expressions, the same for the same seed. */

export type Random = (below: number) => number;

/** xorshift32: small, and the same everywhere. */
export function seeded(seed: number): Random {
  let state = seed * 2_654_435_761 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
const names: Readonly<Record<number, readonly string[]>> = {
  3: "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" "),
  4: "sun mon tue wed thu fri sat".split(" "),
};

/** Five fields: often a star, else lists of values, spans and steps. Hours near clock changes are likely. */
export function randomExpression(random: Random): string {
  return ranges.map((_, n) => field(random, n)).join(" ");
}

function field(random: Random, n: number): string {
  const stars = [2, 4, 6, 7, 7][n]!;
  if (random(10) < stars) return "*";
  const count = 1 + (random(4) === 0 ? random(3) : 0);
  return Array.from({ length: count }, () => part(random, n)).join(",");
}

function part(random: Random, n: number): string {
  const [min, max] = ranges[n]!;
  const value = (): number =>
    n === 1 && random(2) === 0 ? random(5) : min + random(max - min + 1);
  const named = names[n];
  switch (random(6)) {
    case 0:
      return `*/${1 + random(max)}`;
    case 1:
    case 2: {
      const [a, b] = [value(), value()].sort((x, y) => x - y) as [number, number];
      const step = random(3) === 0 ? `/${1 + random(Math.max(1, b - a))}` : "";
      return `${a}-${b}${step}`;
    }
    case 3:
      return named === undefined ? String(value()) : named[random(named.length)]!;
    default:
      return String(value());
  }
}
