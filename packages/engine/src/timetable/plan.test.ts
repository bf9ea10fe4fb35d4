/** The tables of semantics 3.4 and appendix A.4. */
import { describe, expect, test } from "vitest";
import type { CronTriggerSchedule, Schedule } from "../spec/spec.ts";
import { manualInterval } from "./manual.ts";
import { nextRuns } from "./next-runs.ts";
import { planNext } from "./plan.ts";
import type { Planned, PlannedRun } from "./planned.ts";

const at = (text: string) => Date.parse(`2026-${text}Z`);
const minuteMs = 60_000;
const dayMs = 86_400_000;

function cron(
  expressions: string | string[],
  changes: Partial<CronTriggerSchedule> = {},
): CronTriggerSchedule {
  const plain = { timezone: "UTC", intervalMs: 0, jitterMs: 0, runImmediately: null };
  return { kind: "cron", expressions: [expressions].flat(), ...plain, ...changes };
}
const daily = cron("@daily");
const dailyInterval = { kind: "cron_interval", expression: "@daily", timezone: "UTC" } as const;

type Facts = {
  schedule: Schedule;
  now: string;
  start?: string;
  end?: string;
  last?: [string, string];
  through?: string;
  catchup?: boolean;
};

function dagOf({ schedule, start, end, catchup = false }: Facts): Planned {
  const startDate = start === undefined ? null : at(start);
  const endDate = end === undefined ? null : at(end);
  return { dagId: "d", schedule, startDate, endDate, catchup };
}

function inputOf({ now, last, through }: Facts) {
  return {
    now: at(now),
    last: last === undefined ? null : { start: at(last[0]), end: at(last[1]) },
    through: through === undefined ? null : at(through),
  };
}

const short = (ms: number) => new Date(ms).toISOString().slice(5, 16);
const shown = ({ logicalDate, dataInterval, runAfter }: PlannedRun) =>
  `${short(logicalDate)} [${short(dataInterval.start)}, ${short(dataInterval.end)}) at ${short(runAfter)}`;

function planOf(facts: Facts): string | null {
  const planned = planNext(dagOf(facts), inputOf(facts));
  return planned && shown(planned);
}

function datesOf(facts: Facts, count: number): string[] {
  return nextRuns(dagOf(facts), { ...inputOf(facts), count }).map((run) => short(run.logicalDate));
}

describe("A.4: daily, UTC, from 2026-01-01, no earlier run", () => {
  const start = "01-01T00:00";
  const noon = "01-10T12:00";
  test.each<[string, Facts, string]>([
    [
      "interval, no catch-up",
      { schedule: dailyInterval, start, now: noon },
      "01-09T00:00 [01-09T00:00, 01-10T00:00) at 01-10T00:00",
    ],
    [
      "interval, no catch-up, at the very end of one",
      { schedule: dailyInterval, start, now: "01-10T00:00" },
      "01-09T00:00 [01-09T00:00, 01-10T00:00) at 01-10T00:00",
    ],
    [
      "interval, catch-up",
      { schedule: dailyInterval, start, now: noon, catchup: true },
      "01-01T00:00 [01-01T00:00, 01-02T00:00) at 01-02T00:00",
    ],
    [
      "interval, catch-up, from the middle of a day",
      { schedule: dailyInterval, start: "01-01T06:00", now: noon, catchup: true },
      "01-02T00:00 [01-02T00:00, 01-03T00:00) at 01-03T00:00",
    ],
    [
      "trigger, no catch-up",
      { schedule: daily, start, now: noon },
      "01-10T00:00 [01-10T00:00, 01-10T00:00) at 01-10T00:00",
    ],
    [
      "trigger, catch-up",
      { schedule: daily, start, now: noon, catchup: true },
      "01-01T00:00 [01-01T00:00, 01-01T00:00) at 01-01T00:00",
    ],
  ])("%s", (_, facts, expected) => {
    expect(planOf(facts)).toBe(expected);
  });

  test("manual runs: the last complete interval, or the moment itself", () => {
    const noonMs = at(noon);
    const [from, to] = [at("01-09T00:00"), at("01-10T00:00")];
    expect(manualInterval(dailyInterval, noonMs)).toEqual({ start: from, end: to });
    expect(manualInterval(dailyInterval, to)).toEqual({ start: from, end: to });
    expect(manualInterval(daily, noonMs)).toEqual({ start: noonMs, end: noonMs });
    expect(manualInterval(cron("@daily", { intervalMs: dayMs }), noonMs)).toEqual({
      start: noonMs - dayMs,
      end: noonMs,
    });
    expect(manualInterval({ kind: "delta_interval", everyMs: minuteMs }, noonMs)).toEqual({
      start: noonMs - minuteMs,
      end: noonMs,
    });
    expect(manualInterval(null, noonMs)).toEqual({ start: noonMs, end: noonMs });
    expect(manualInterval(dailyInterval, null)).toBeNull();
  });
});

describe("3.4, cron trigger", () => {
  test("the logical date is the fire, less the interval", () => {
    const schedule = cron("@daily", { intervalMs: dayMs });
    expect(planOf({ schedule, now: "01-01T12:00" })).toBe(
      "01-01T00:00 [01-01T00:00, 01-02T00:00) at 01-02T00:00",
    );
  });

  test("a new DAG without start date takes the last fire only if it was missed by little", () => {
    expect(datesOf({ schedule: daily, now: "01-02T02:00" }, 2)).toEqual([
      "01-02T00:00",
      "01-03T00:00",
    ]);
    expect(datesOf({ schedule: daily, now: "01-02T03:00" }, 1)).toEqual(["01-03T00:00"]);
    expect(datesOf({ schedule: daily, now: "01-02T00:00" }, 1)).toEqual(["01-02T00:00"]);
  });

  test.each<[true | number | null, string]>([
    [true, "01-02T00:00"],
    [23 * 60 * minuteMs, "01-02T00:00"],
    [minuteMs, "01-03T00:00"],
    [null, "01-03T00:00"],
  ])("runImmediately %s decides about a fire of long ago", (runImmediately, expected) => {
    const schedule = cron("@daily", { runImmediately });
    expect(datesOf({ schedule, now: "01-02T23:00" }, 1)).toEqual([expected]);
  });

  test("without catch-up only the newest missed fire counts, with it every one, oldest first", () => {
    const missed: Facts = {
      schedule: daily,
      now: "01-10T12:00",
      start: "01-01T00:00",
      last: ["01-07T00:00", "01-07T00:00"],
    };
    expect(datesOf(missed, 2)).toEqual(["01-10T00:00", "01-11T00:00"]);
    expect(datesOf({ ...missed, catchup: true }, 5)).toEqual([
      ...["01-08T00:00", "01-09T00:00", "01-10T00:00", "01-11T00:00", "01-12T00:00"],
    ]);
  });

  test("what a clock showed while the DAG was paused is over, unless it catches up", () => {
    const paused: Facts = {
      schedule: daily,
      now: "01-10T12:00",
      start: "01-01T00:00",
      last: ["01-07T00:00", "01-07T00:00"],
      through: "01-10T12:00",
    };
    expect(datesOf(paused, 1)).toEqual(["01-11T00:00"]);
    expect(datesOf({ ...paused, catchup: true }, 1)).toEqual(["01-08T00:00"]);
  });

  test("start and end date bound the fires, both included", () => {
    const bounded = { schedule: daily, start: "02-01T00:00", end: "02-02T00:00" };
    expect(datesOf({ ...bounded, now: "01-01T12:00" }, 5)).toEqual(["02-01T00:00", "02-02T00:00"]);
    expect(datesOf({ ...bounded, now: "03-01T12:00" }, 5)).toEqual([]);
    expect(datesOf({ ...bounded, now: "03-01T12:00", catchup: true }, 5)).toEqual([
      "02-01T00:00",
      "02-02T00:00",
    ]);
  });
});

describe("3.4, several expressions", () => {
  const schedule = cron(["0 6 * * *", "0 18 * * *", "0 6 1 * *"]);
  const facts: Facts = {
    ...{ schedule, now: "01-10T20:00", start: "01-01T00:00" },
    last: ["01-09T06:00", "01-09T06:00"],
  };

  test("catch-up takes the earliest, and what fires at once makes one run", () => {
    expect(datesOf({ ...facts, catchup: true }, 3)).toEqual([
      ...["01-09T18:00", "01-10T06:00", "01-10T18:00"],
    ]);
    const { last: _, ...fresh } = facts;
    expect(datesOf({ ...fresh, catchup: true }, 2)).toEqual(["01-01T06:00", "01-01T18:00"]);
  });

  test("without it the newest that has passed counts, then the next of any", () => {
    expect(datesOf(facts, 3)).toEqual(["01-10T18:00", "01-11T06:00", "01-11T18:00"]);
  });
});

describe("3.4, cron interval", () => {
  test("after a run the next interval follows, or with a gap the newest complete one", () => {
    const facts: Facts = { schedule: dailyInterval, now: "01-10T12:00" };
    expect(planOf({ ...facts, last: ["01-09T00:00", "01-10T00:00"] })).toBe(
      "01-10T00:00 [01-10T00:00, 01-11T00:00) at 01-11T00:00",
    );
    expect(planOf({ ...facts, last: ["01-02T00:00", "01-03T00:00"] })).toBe(
      "01-09T00:00 [01-09T00:00, 01-10T00:00) at 01-10T00:00",
    );
    const caught = { ...facts, catchup: true, start: "01-01T00:00" };
    expect(planOf({ ...caught, last: ["01-02T00:00", "01-03T00:00"] })).toBe(
      "01-03T00:00 [01-03T00:00, 01-04T00:00) at 01-04T00:00",
    );
  });

  test("a DAG that was paused, or is new, begins with the interval it is in", () => {
    expect(planOf({ schedule: dailyInterval, now: "01-10T12:00", through: "01-10T12:00" })).toBe(
      "01-10T00:00 [01-10T00:00, 01-11T00:00) at 01-11T00:00",
    );
  });

  test("the end date bounds the start of an interval", () => {
    const facts = { schedule: dailyInterval, start: "01-01T00:00", end: "01-02T00:00" };
    expect(datesOf({ ...facts, now: "01-01T00:00", catchup: true }, 5)).toEqual([
      "01-01T00:00",
      "01-02T00:00",
    ]);
  });

  test("intervals follow the clock of their zone over its changes", () => {
    const schedule = { ...dailyInterval, timezone: "Europe/Zurich" };
    const runs = nextRuns(
      { ...dagOf({ schedule, now: "", catchup: true }), startDate: at("03-28T00:00") - 3_600_000 },
      { now: at("03-28T00:00"), last: null, count: 3 },
    );
    expect(runs.map(({ dataInterval: { start, end } }) => (end - start) / 3_600_000)).toEqual([
      24, 23, 24,
    ]);
  });
});

describe("3.4, delta", () => {
  const schedule = { kind: "delta", everyMs: 90 * minuteMs } as const;

  test("the first run is at the start date, or at once; the others so long after the one before", () => {
    expect(datesOf({ schedule, now: "01-01T10:00" }, 3)).toEqual([
      ...["01-01T10:00", "01-01T11:30", "01-01T13:00"],
    ]);
    const later = { schedule, now: "01-01T10:00", start: "01-02T00:00" };
    expect(datesOf(later, 2)).toEqual(["01-02T00:00", "01-02T01:30"]);
  });

  test("what was missed moves to now, or with catch-up is made up", () => {
    const facts: Facts = {
      ...{ schedule, now: "01-01T20:00", start: "01-01T00:00" },
      last: ["01-01T10:00", "01-01T10:00"],
    };
    expect(datesOf(facts, 2)).toEqual(["01-01T20:00", "01-01T21:30"]);
    expect(datesOf({ ...facts, catchup: true }, 2)).toEqual(["01-01T11:30", "01-01T13:00"]);
  });

  test("intervals without catch-up go on from multiples of their length, with it from the start date", () => {
    const hourly = { kind: "delta_interval", everyMs: 60 * minuteMs } as const;
    const facts = { schedule: hourly, now: "01-01T10:20", start: "01-01T00:10" };
    expect(planOf(facts)).toBe("01-01T09:00 [01-01T09:00, 01-01T10:00) at 01-01T10:00");
    expect(planOf({ ...facts, catchup: true })).toBe(
      "01-01T00:10 [01-01T00:10, 01-01T01:10) at 01-01T01:10",
    );
    expect(planOf({ ...facts, last: ["01-01T09:00", "01-01T10:00"] })).toBe(
      "01-01T10:00 [01-01T10:00, 01-01T11:00) at 01-01T11:00",
    );
  });
});

describe("3.4, once, continuous, events", () => {
  test("once: at the start date even if that is long ago, else at once, and never again", () => {
    const schedule = { kind: "once" } as const;
    expect(datesOf({ schedule, now: "05-01T00:00", start: "01-01T00:00" }, 3)).toEqual([
      "01-01T00:00",
    ]);
    expect(datesOf({ schedule, now: "05-01T00:00" }, 3)).toEqual(["05-01T00:00"]);
    expect(
      datesOf({ schedule, now: "05-01T00:00", last: ["01-01T00:00", "01-01T00:00"] }, 1),
    ).toEqual([]);
    expect(datesOf({ schedule, now: "05-01T00:00", end: "04-01T00:00" }, 1)).toEqual([]);
  });

  test("continuous: from where the last run ended to now, and no two with one logical date", () => {
    const schedule = { kind: "continuous" } as const;
    expect(planOf({ schedule, now: "01-01T10:00", start: "01-01T00:00" })).toBe(
      "01-01T00:00 [01-01T00:00, 01-01T10:00) at 01-01T10:00",
    );
    expect(planOf({ schedule, now: "01-01T12:00", last: ["01-01T00:00", "01-01T10:00"] })).toBe(
      "01-01T10:00 [01-01T10:00, 01-01T12:00) at 01-01T12:00",
    );
    expect(planOf({ schedule, now: "01-01T00:00", start: "01-02T00:00" })).toBe(
      "01-02T00:00 [01-02T00:00, 01-02T00:00) at 01-02T00:00",
    );
    const now = at("01-01T10:00");
    const last = { start: now, end: now };
    const dag = dagOf({ schedule, now: "" });
    expect(planNext(dag, { now, last, through: null })?.logicalDate).toBe(now + 1);
  });

  test("events: each in turn; without catch-up what has passed counts once", () => {
    const dates = ["01-01T00:00", "01-05T00:00", "01-09T00:00", "02-01T00:00"];
    const schedule = { kind: "events", at: dates.map(at) } as const;
    expect(datesOf({ schedule, now: "01-06T00:00" }, 9)).toEqual(dates.slice(2));
    expect(datesOf({ schedule, now: "01-06T00:00", catchup: true }, 9)).toEqual(dates);
    const last: [string, string] = ["01-01T00:00", "01-01T00:00"];
    expect(datesOf({ schedule, now: "01-10T00:00", last }, 9)).toEqual(dates.slice(2));
    expect(datesOf({ schedule, now: "01-10T00:00", last, catchup: true }, 9)).toEqual(
      dates.slice(1),
    );
    expect(datesOf({ schedule, now: "03-01T00:00", last: [dates[3]!, dates[3]!] }, 9)).toEqual([]);
  });

  test("a DAG without a schedule has none", () => {
    const dag = { ...dagOf({ schedule: daily, now: "" }), schedule: null };
    expect(nextRuns(dag, { now: 0, last: null, count: 3 })).toEqual([]);
  });
});

describe("a starting deadline", () => {
  const facts: Facts = {
    ...{ schedule: daily, now: "01-10T12:00", start: "01-01T00:00", catchup: true },
    last: ["01-03T00:00", "01-03T00:00"],
  };
  const datesWithin = (hours: number, changes: Partial<Facts> = {}) => {
    const all = { ...facts, ...changes };
    const dag = { ...dagOf(all), startingDeadlineMs: hours * 3_600_000 };
    return nextRuns(dag, { ...inputOf(all), count: 3 }).map((run) => short(run.logicalDate));
  };

  test("passes over what is later than that, with catch-up and without", () => {
    expect(datesWithin(36)).toEqual(["01-09T00:00", "01-10T00:00", "01-11T00:00"]);
    expect(datesWithin(12)).toEqual(["01-10T00:00", "01-11T00:00", "01-12T00:00"]);
    expect(datesWithin(11)).toEqual(["01-11T00:00", "01-12T00:00", "01-13T00:00"]);
    expect(datesWithin(11, { catchup: false })[0]).toBe("01-11T00:00");
    expect(datesWithin(12, { catchup: false })[0]).toBe("01-10T00:00");
  });

  test("passes over the one run of a schedule that makes only one", () => {
    expect(datesWithin(1, { schedule: { kind: "events", at: [at("01-05T00:00")] } })).toEqual([]);
  });
});

describe("jitter", () => {
  const jitterMs = 10 * minuteMs;
  const schedule = cron("@daily", { jitterMs });
  const runOf = (dagId: string) =>
    planNext({ ...dagOf({ schedule, now: "" }), dagId }, inputOf({ schedule, now: "01-01T12:00" }));

  test("moves the start of a run and nothing else, by the same in every process", () => {
    const run = runOf("etl")!;
    expect(short(run.logicalDate)).toBe("01-02T00:00");
    expect(run.runAfter - run.logicalDate).toBe(runOf("etl")!.runAfter - run.logicalDate);
    expect(run.dataInterval).toEqual({ start: run.logicalDate, end: run.logicalDate });
  });

  test("spreads 10,000 DAGs that are due at midnight evenly", () => {
    const perMinute = new Array<number>(10).fill(0);
    for (let n = 0; n < 10_000; n += 1) {
      const run = runOf(`dag_${n}`)!;
      perMinute[Math.floor((run.runAfter - run.logicalDate) / minuteMs)]! += 1;
    }
    expect(Math.min(...perMinute)).toBeGreaterThan(850);
    expect(Math.max(...perMinute)).toBeLessThan(1150);
  });
});
