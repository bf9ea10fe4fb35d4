/** Timetables of a seed: functions in workers that go through a list of dates, which the seed draws. */

import { compileDag, type DagSpec } from "@millrace/engine";
import { createRandom, type Random } from "../random.ts";

/** A run that a timetable asks for. Milliseconds since 1970. */
export type TimetableDate = {
  readonly start: number;
  readonly end: number;
  readonly runAfter: number;
};

const datesMax = 8;
/** Beyond the end date, none of which may become a run. */
const datesBeyond = 2;

/** Some DAGs get a timetable; `now` is the time at the start. */
export function withTimetable(
  random: Random,
  spec: DagSpec,
  { now, faultMs }: { readonly now: number; readonly faultMs: number },
): DagSpec {
  if (random.chance(spec.schedule === null ? 0.2 : 0.6)) return spec;
  const from = Math.floor(now + random.between(-faultMs / 2, faultMs / 3));
  const isOpen = random.chance(0.2);
  const handler = `own.ts#own##schedule()/${from}/${random.below(2 ** 31)}`;
  const timetable: DagSpec = {
    ...spec,
    ...{ schedule: { kind: "custom", name: "of the seed", handler } },
    ...{ startDate: isOpen ? null : from, endDate: Math.floor(now + faultMs * 0.8) },
    catchup: !isOpen && random.chance(0.6),
    overlap: random.chance(0.7) ? "allow" : random.pick(["forbid", "replace"] as const),
    startingDeadlineMs: random.chance(0.15) ? 1_000 * (5 + random.below(30)) : null,
    callbackQueue: random.pick(["default", "second"]),
  };
  compileDag(timetable);
  return timetable;
}

/** All dates that the function of a timetable knows, in order; null for a DAG without one. */
export function timetableOf({ schedule, endDate }: DagSpec): readonly TimetableDate[] | null {
  if (schedule?.kind !== "custom" || endDate === null) return null;
  const [, from, seed] = schedule.handler.split("/");
  const random = createRandom(seed!);
  const kind = random.pick(["moments", "intervals", "windows", "late", "early"] as const);
  const stepMs = Math.max(
    5_000,
    Math.floor((endDate - Number(from)) / (1 + random.below(datesMax))),
  );
  const starts: number[] = [];
  let beyond = 0;
  for (let start = Number(from); beyond <= datesBeyond; start += stepMs + random.below(3_000)) {
    starts.push(start);
    if (start > endDate) beyond += 1;
  }
  return starts.slice(0, -1).map((start, at) => {
    const next = starts[at + 1]!;
    const end = { intervals: next, windows: start + 2 * stepMs }[kind as "intervals"] ?? start;
    const lagMs = { late: random.below(10_000), early: -random.below(5_000) }[kind as "late"] ?? 0;
    return { start, end, runAfter: end + lagMs };
  });
}
