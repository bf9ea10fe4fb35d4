/** How backfills and their dates are called and shown. */
import {
  BackfillDateOutcome,
  BackfillState,
  RunState,
  type Backfill,
  type BackfillDate,
} from "@millrace/wire/v1";
import { dayIn, wallIn } from "./calendar.ts";
import type { LookCount } from "./counts.ts";
import { msOf } from "./format.ts";
import { runFace, type Look, type StateFace } from "./states.ts";

const stateFaces: ReadonlyMap<BackfillState, StateFace> = new Map([
  [BackfillState.RUNNING, { look: "running", label: "Running" }],
  [BackfillState.PAUSED, { look: "waiting", label: "Paused" }],
  [BackfillState.CANCELLING, { look: "cancelled", label: "Cancelling" }],
  [BackfillState.COMPLETED, { look: "success", label: "Completed" }],
  [BackfillState.CANCELLED, { look: "cancelled", label: "Cancelled" }],
]);

export function backfillFace({ state, progress }: Pick<Backfill, "state" | "progress">): StateFace {
  if (state === BackfillState.COMPLETED && (progress?.failed ?? 0) > 0)
    return { look: "failed", label: "Completed, some failed" };
  return stateFaces.get(state) ?? { look: "pending", label: "Unknown" };
}

export function isOverBackfill({ state }: Pick<Backfill, "state">): boolean {
  return state === BackfillState.COMPLETED || state === BackfillState.CANCELLED;
}

/** Its dates by what has become of them, for a bar. Left alone and gone ones count as skipped. */
export function countsOfBackfill({ progress }: Pick<Backfill, "progress">): readonly LookCount[] {
  if (progress === undefined) return [];
  const { pending, queued, running, success, failed, inFlight, existing, gone } = progress;
  const of = (look: Look, label: string, count: number): LookCount => ({
    ...{ look, count },
    face: { look, label },
  });
  return [
    of("failed", "failed", failed),
    of("success", "succeeded", success),
    of("skipped", "left alone", inFlight + existing + gone),
    of("running", "running", running),
    of("queued", "queued", queued),
    of("pending", "without a run yet", pending),
  ].filter(({ count }) => count > 0);
}

/** How many of its dates are done with. */
export function doneOfBackfill({ progress }: Pick<Backfill, "progress">): number {
  if (progress === undefined) return 0;
  return progress.dates - progress.pending - progress.queued - progress.running;
}

export const outcomeWords: ReadonlyMap<BackfillDateOutcome, string> = new Map([
  [BackfillDateOutcome.PENDING, "no run yet"],
  [BackfillDateOutcome.MADE, "made"],
  [BackfillDateOutcome.RERUN, "run again"],
  [BackfillDateOutcome.IN_FLIGHT, "left alone: its run was on its way"],
  [BackfillDateOutcome.EXISTS, "left alone: it has a run"],
]);

/** Of a date: the state of its run, quiet where the run is not the backfill's. */
export function dateFace({ outcome, runState }: BackfillDate): StateFace {
  if (outcome === BackfillDateOutcome.EXISTS || outcome === BackfillDateOutcome.IN_FLIGHT)
    return { look: "skipped", label: outcomeWords.get(outcome) ?? "" };
  if (runState === RunState.UNSPECIFIED)
    return outcome === BackfillDateOutcome.PENDING
      ? { look: "pending", label: "No run yet" }
      : { look: "pending", label: "Its run is gone" };
  return runFace({ state: runState });
}

/** Days are those of the schedule's zone. */
export function zoneOf({ timezone }: Pick<Backfill, "timezone">): string {
  return timezone === "" ? "UTC" : timezone;
}

/** "2026-01-31", with the time where it is not midnight, as the clock of the zone shows it. */
export function dateText(at: number, zone: string): string {
  const [date = "", time = ""] = wallIn(zone, at).split(" ");
  return time === "00:00:00" ? date : `${date} ${time.slice(0, 5)}`;
}

/** "2026-01-01 to 2026-01-31": a range that holds all of its last day ends with that day. */
export function rangeText(backfill: Pick<Backfill, "fromDate" | "toDate" | "timezone">): string {
  const zone = zoneOf(backfill);
  const to = msOf(backfill.toDate) ?? 0;
  const end = wallIn(zone, to).endsWith("23:59:59") ? dayIn(zone, to) : dateText(to, zone);
  return `${dateText(msOf(backfill.fromDate) ?? 0, zone)} to ${end}`;
}
