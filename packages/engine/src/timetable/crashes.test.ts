/**
 * Every kind of schedule lived through with crashes at every step of the making of a run: before it is written, after that, and
 * with an answer that is lost. What is held against the plan is what it would be without any crash, and simple sums.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Schedule } from "../spec/spec.ts";
import { planCustom } from "./custom.ts";
import { planNext } from "./plan.ts";
import { overInterval } from "./planned.ts";
import type { DataInterval, PlanInput, Planned, PlannedRun } from "./planned.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const begin = Date.UTC(2026, 2, 20, 0, 7);
const plain = { timezone: "Europe/Zurich", intervalMs: 0, jitterMs: 0, runImmediately: null };
const everyMs = 7 * hourMs;

const kinds = {
  cron: { kind: "cron", expressions: ["*/20 1-3 * * *"], ...plain },
  "several crons": {
    kind: "cron",
    expressions: ["0 6 * * *", "30 2 * * *", "0 6,18 * * *"],
    ...plain,
  },
  "cron over intervals": { kind: "cron", expressions: ["0 * * * *"], ...plain, intervalMs: hourMs },
  "cron with jitter": { kind: "cron", expressions: ["0 */5 * * *"], ...plain, jitterMs: hourMs },
  cronInterval: { kind: "cron_interval", expression: "30 2 * * *", timezone: "America/New_York" },
  delta: { kind: "delta", everyMs },
  deltaInterval: { kind: "delta_interval", everyMs },
  once: { kind: "once" },
  continuous: { kind: "continuous" },
  events: { kind: "events", at: [1, 2, 50, 51, 52, 170, 300].map((h) => begin + h * hourMs) },
  custom: { kind: "custom", name: "own", handler: "f.ts#own##schedule()" },
} as const satisfies Readonly<Record<string, Schedule>>;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

/** Of the custom one: ever longer intervals. */
function ask(last: DataInterval | null): PlannedRun | null {
  if (last === null) return overInterval(begin, begin + hourMs);
  return overInterval(last.end, last.end + (last.end - last.start) + hourMs);
}

function plan(dag: Planned, input: PlanInput): PlannedRun | null {
  if (dag.schedule?.kind !== "custom") return planNext(dag, input);
  const asking = planCustom(dag, input);
  let step = asking.next();
  while (step.done !== true) step = asking.next(ask(step.value.last));
  return step.value;
}

const fates = [
  "made",
  "died before",
  "died after",
  "no answer, not made",
  "no answer, made",
] as const;
type Look = { readonly lateMs: number; readonly fate: (typeof fates)[number] };
const looks = fc.array(
  fc.record<Look>({
    lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 * hourMs })),
    fate: fc.constantFrom(...fates),
  }),
  { minLength: 1, maxLength: 40 },
);

/** What is durable: runs by their logical dates, and the interval of the newest. */
type Rows = { readonly runs: PlannedRun[]; last: DataInterval | null };

/** One transaction: a date that has a run gets no other, and the schedule moves on all the same. */
function commit(rows: Rows, run: PlannedRun): void {
  if (!rows.runs.some(({ logicalDate }) => logicalDate === run.logicalDate)) rows.runs.push(run);
  if (rows.last === null || rows.last.end <= run.dataInterval.end) rows.last = run.dataInterval;
}

type Lived = Rows & { readonly ticks: number; readonly now: number; readonly latest: PlannedRun[] };

/**
 * A scheduler plans when it starts, and when a run is made; when that is due it makes it, and asks for the very same one until
 * it has an answer. `latest`: runs made by whoever had planned only now.
 */
function live(dag: Planned, all: readonly Look[]): Lived {
  const rows: Rows = { runs: [], last: null };
  const latest: PlannedRun[] = [];
  let now = begin;
  let ticks = 0;
  const planNow = () => plan(dag, { now, last: rows.last, through: null });
  let planned = planNow();
  for (const { lateMs, fate } of all) {
    if (planned === null) break;
    const isDue = planned.runAfter <= now;
    now = Math.max(now, planned.runAfter) + lateMs;
    if (fate !== "died before") {
      ticks += 1;
      if (isDue) latest.push(planned);
      commit(rows, planned);
      if (fate === "no answer, made") commit(rows, planned);
    }
    planned = planNow();
  }
  return { ...rows, ticks, now, latest };
}

const begins = [begin, begin - 90 * hourMs];
const dagOf = (kind: Kind, catchup: boolean, startDate: number | null): Planned => ({
  ...{ dagId: "d", schedule: kinds[kind], startDate, endDate: null, catchup },
});
const datesOf = (runs: readonly PlannedRun[]) => runs.map(({ logicalDate }) => logicalDate);

function expectForward({ runs, ticks }: Lived): void {
  for (const [at, run] of runs.entries()) {
    const before = runs[at - 1];
    if (before === undefined) continue;
    expect(run.logicalDate).toBeGreaterThan(before.logicalDate);
    // What lies in an interval is worked on once.
    expect(run.dataInterval.start).toBeGreaterThanOrEqual(before.dataInterval.end);
  }
  // Each time that one was due became one run.
  expect(runs).toHaveLength(ticks);
}

/** By simple sums; null where only the plan itself can say. */
function sumsOf(kind: Kind, startDate: number, count: number): number[] | null {
  const steps = (from: number) => Array.from({ length: count }, (_, n) => from + n * everyMs);
  if (kind === "delta" || kind === "deltaInterval") return steps(startDate);
  if (kind === "once") return [startDate].slice(0, count);
  if (kind === "events") return kinds.events.at.filter((at) => at >= startDate).slice(0, count);
  return null;
}

describe.each(names)("%s", (kind) => {
  test("ticks go strictly forward, and each becomes one run, whatever crashes in between", () => {
    fc.assert(
      fc.property(looks, fc.boolean(), fc.constantFrom(...begins, null), (all, catchup, start) => {
        expectForward(live(dagOf(kind, catchup, start), all));
      }),
      { numRuns: 100 },
    );
  });

  test("with catch-up none is missed: they are those of a life without crashes", () => {
    if (kind === "continuous") return;
    fc.assert(
      fc.property(looks, fc.constantFrom(...begins), (all, start) => {
        const dag = dagOf(kind, true, start);
        const { runs } = live(dag, all);
        const calm = live(
          dag,
          runs.map(() => ({ lateMs: 0, fate: "made" }) as const),
        );
        expect(datesOf(runs)).toEqual(datesOf(calm.runs));
        expect(datesOf(runs)).toEqual(sumsOf(kind, start, runs.length) ?? datesOf(runs));
      }),
      { numRuns: 100 },
    );
  });

  test("without it every run is a tick, and whoever comes late takes the newest", () => {
    // The moments of these are whenever somebody looks.
    if (kind === "continuous" || kind === "delta" || kind === "once") return;
    fc.assert(
      fc.property(looks, (all) => {
        const dag = dagOf(kind, false, begin);
        const { runs, latest, now } = live(dag, all);
        const ideal = live(dagOf(kind, true, begin), calmUntil(now));
        if (kind !== "deltaInterval")
          expect(datesOf(ideal.runs)).toEqual(expect.arrayContaining(datesOf(runs)));
        for (const run of latest) {
          const next = plan(dag, { now: run.runAfter, last: run.dataInterval, through: null });
          expect(next === null || next.runAfter > run.runAfter).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** Looks in time, so many that all ticks until then are there. */
function calmUntil(now: number): Look[] {
  const count = Math.ceil((now - begin) / (20 * minuteMs)) + 2;
  return Array.from({ length: Math.min(count, 2_000) }, () => ({ lateMs: 0, fate: "made" }));
}

test("of a continuous one each interval begins where the one before ended", () => {
  fc.assert(
    fc.property(looks, fc.constantFrom(...begins, null), (all, start) => {
      const { runs } = live(dagOf("continuous", false, start), all);
      for (const [at, { dataInterval }] of runs.entries()) {
        const before = runs[at - 1]?.dataInterval;
        if (before === undefined) continue;
        // Of a run that was about a moment, from the next millisecond on.
        expect(dataInterval.start).toBe(Math.max(before.end, before.start + 1));
      }
    }),
  );
});
