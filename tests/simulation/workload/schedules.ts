/** Schedules of a seed: of every kind that a clock decides, with few ticks, all of them before faults are over. */

import type { DagSpec, TimeSchedule } from "@millrace/engine";
import { compileDag } from "@millrace/engine";
import type { Random } from "../random.ts";

const ticksMax = 8;
const minuteMs = 60_000;
const everyMinute = "* * * * *";

/** Some DAGs get a schedule; `now` is the time at the start. */
export function withSchedule(
  random: Random,
  spec: DagSpec,
  { now, faultMs }: { readonly now: number; readonly faultMs: number },
): DagSpec {
  if (random.chance(0.3)) return spec;
  const startDate = Math.floor(now + random.between(-faultMs / 2, faultMs / 3));
  const endDate = Math.floor(now + faultMs * 0.8);
  const schedule = aSchedule(random, startDate, endDate);
  if (schedule.kind === "continuous" && !mayBeContinuous(spec)) return spec;
  const isContinuous = schedule.kind === "continuous";
  const isOpen = mayBeOpen(schedule) && random.chance(0.3);
  return checked({
    ...spec,
    ...{ schedule, endDate, startDate: isOpen ? null : startDate },
    catchup: !isOpen && random.chance(0.5),
    maxActiveRuns: isContinuous ? 1 : spec.maxActiveRuns,
    overlap:
      isContinuous || random.chance(0.6) ? "allow" : random.pick(["forbid", "replace"] as const),
    startingDeadlineMs: random.chance(0.2) ? 1_000 * (5 + random.below(30)) : null,
  });
}

/**
 * One run at a time, which may not wait for the past of one that waits for its place; and something in it takes its time: runs
 * that end at once would follow each other without end.
 */
function mayBeContinuous({ tasks, edges }: DagSpec): boolean {
  const later = new Set(edges.map(({ to }) => to));
  const takesTime = tasks.some(
    ({ id, each, groupId }) => !later.has(id) && each.length === 0 && groupId === null,
  );
  return takesTime && tasks.every((task) => !task.dependsOnPast);
}

function checked(spec: DagSpec): DagSpec {
  compileDag(spec);
  return spec;
}

/** Without a start date these begin when somebody looks: the first run of each is its own story. */
function mayBeOpen({ kind }: TimeSchedule): boolean {
  return kind === "delta" || kind === "once" || kind === "continuous";
}

function aSchedule(random: Random, startDate: number, endDate: number): TimeSchedule {
  const spanMs = endDate - startDate;
  const everyMs = Math.ceil(Math.max(5_000, spanMs / ticksMax) / 1_000) * 1_000;
  const kinds = ["delta", "delta_interval", "events", "cron", "crons", "cron_interval"] as const;
  const kind = random.pick([...kinds, "once", "continuous"] as const);
  switch (kind) {
    case "delta":
    case "delta_interval":
      return { kind, everyMs };
    case "once":
    case "continuous":
      return { kind };
    case "events": {
      const at = Array.from({ length: 1 + random.below(ticksMax) }, () =>
        Math.floor(random.between(startDate, endDate)),
      );
      return { kind, at: [...new Set(at)].toSorted((a, b) => a - b) };
    }
    case "cron_interval":
      return { kind, expression: everyMinute, timezone: "UTC" };
    case "cron":
    case "crons": {
      const expressions = kind === "cron" ? [everyMinute] : ["*/2 * * * *", "1-59/2 * * * *"];
      const jitterMs = random.chance(0.3) ? 5_000 : 0;
      const intervalMs = random.chance(0.2) ? minuteMs : 0;
      return {
        ...{ kind: "cron", expressions, timezone: "UTC", intervalMs, jitterMs },
        runImmediately: null,
      };
    }
  }
}

/** The logical dates of all ticks, by simple sums; null where they depend on when somebody looks. */
export function ticksOf({ schedule, startDate, endDate }: DagSpec): readonly number[] | null {
  if (schedule === null || startDate === null || endDate === null) return null;
  switch (schedule.kind) {
    case "events":
      return schedule.at.filter((at) => at >= startDate && at <= endDate);
    case "delta":
    case "delta_interval":
      return steps(startDate, endDate, schedule.everyMs);
    case "cron_interval":
      return steps(Math.ceil(startDate / minuteMs) * minuteMs, endDate, minuteMs);
    case "cron":
      return steps(Math.ceil(startDate / minuteMs) * minuteMs, endDate, minuteMs).map(
        (fire) => fire - schedule.intervalMs,
      );
    case "once":
      return startDate <= endDate ? [startDate] : [];
    case "continuous":
    case "custom":
    case "assets":
    case "partitioned_assets":
    case "asset_or_time":
      return null;
  }
}

function steps(from: number, to: number, every: number): number[] {
  const all: number[] = [];
  for (let at = from; at <= to; at += every) all.push(at);
  return all;
}
