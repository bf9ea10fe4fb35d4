/** What a seed consists of: how large the installation is, and which faults it meets how often. Some seeds have none. */

import type { Random } from "./random.ts";

export type Plan = {
  readonly schedulers: number;
  readonly apis: number;
  readonly workers: number;
  /** Workers that watch what deferred tasks wait for. */
  readonly triggerers: number;
  readonly slots: number;
  readonly dags: number;
  /** Runs that are asked for. */
  readonly runs: number;
  /** How long faults go on, milliseconds. */
  readonly faultMs: number;
  /** Mean time between two acts of each kind, milliseconds; null for never. */
  readonly every: Readonly<Record<Act, number | null>>;
  readonly database: {
    lostBefore: number;
    lostAfter: number;
    busy: number;
    slow: number;
    stalled: number;
  };
  readonly network: { lost: number; doubled: number; delayed: number; delayMs: number };
  readonly connection: { callLost: number; answerLost: number; streamBroken: number };
  readonly bodies: { fails: number; failsForGood: number; skips: number; defers: number };
  /** Whether people clear, mark and cancel. */
  readonly hasPeople: boolean;
  readonly has: Readonly<Record<Feature, boolean>>;
};

/** What holds runs and tasks back beside what every seed has. */
export const features = [
  "pools",
  "schedules",
  "assets",
  "keys",
  "rates",
  "across",
  "backfills",
  "deadlines",
  "pauses",
  "versions",
  "timetables",
  "watchers",
  "deciders",
  "targets",
  "partitions",
  "inputs",
  "aliases",
] as const;
export type Feature = (typeof features)[number];

/** Things that are done to the installation now and then. */
export const acts = [
  "killScheduler",
  "stopScheduler",
  "killApi",
  "killWorker",
  "stopWorker",
  "pause",
  "cut",
  "databaseDown",
] as const;
export type Act = (typeof acts)[number];

/** About how often, when a seed has them at all. */
const meanMs: Readonly<Record<Act, number>> = {
  killScheduler: 25_000,
  stopScheduler: 40_000,
  killApi: 40_000,
  killWorker: 30_000,
  stopWorker: 40_000,
  pause: 20_000,
  cut: 15_000,
  databaseDown: 50_000,
};

/** Each kind of fault is in half of the seeds, so that rare combinations have room. */
export function planOf(random: Random): Plan {
  const isCalm = random.chance(0.05);
  const some = <T>(present: T, absent: T): T => (!isCalm && random.chance(0.5) ? present : absent);
  const rate = (most: number): number => some(random.between(0, most), 0);
  const every = Object.fromEntries(
    acts.map((act) => [act, some(meanMs[act] * random.between(0.5, 2), null)]),
  ) as Plan["every"];
  return {
    schedulers: 1 + random.below(3),
    apis: 1 + random.below(2),
    workers: 1 + random.below(3),
    triggerers: 1 + random.below(2),
    slots: 1 + random.below(5),
    dags: 1 + random.below(3),
    runs: 2 + random.below(6),
    faultMs: isCalm ? 20_000 : random.between(20_000, 150_000),
    every,
    database: {
      lostBefore: rate(0.03),
      lostAfter: rate(0.03),
      busy: rate(0.03),
      slow: rate(0.03),
      stalled: rate(0.01),
    },
    network: {
      lost: rate(0.1),
      doubled: rate(0.1),
      delayed: rate(0.1),
      delayMs: random.between(10, 8_000),
    },
    connection: {
      callLost: rate(0.1),
      answerLost: rate(0.1),
      streamBroken: rate(0.05),
    },
    bodies: { fails: rate(0.3), failsForGood: rate(0.1), skips: rate(0.1), defers: rate(0.4) },
    hasPeople: some(true, false),
    has: Object.fromEntries(
      features.map((feature) => [feature, random.fork(feature).chance(0.35)]),
    ) as Plan["has"],
  };
}
