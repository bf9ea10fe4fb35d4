/**
 * Decides some dates of a backfill: makes runs, opens runs again, leaves dates alone. Every step leaves notes in the
 * transaction of its effect, and a page that is decided again after a crash passes over what is noted.
 */

import {
  adoptRuns,
  advanceBackfill,
  readDatesTaken,
  type DatePlace,
  type DateTaken,
  type ShardFence,
} from "@millrace/db";
import {
  datesWithin,
  DateOutcome,
  MillraceError,
  outcomeOf,
  partitionKeyAt,
  RunType,
  selectInstances,
  type PlannedRun,
} from "@millrace/engine";
import { apply } from "../apply.ts";
import { withRun } from "../commands/change-run.ts";
import { requireShard } from "../owner.ts";
import { failuresOf, untilSettled } from "../runs/run-made.ts";
import type { OwnedBackfill, OwnedDag } from "../runs/run.ts";
import type { BackfillParts } from "./parts.ts";

type PageDate = DatePlace & { readonly planned: PlannedRun };

type Page = {
  readonly toMake: PageDate[];
  readonly toAdopt: { readonly ordinal: number; readonly runKey: number }[];
  /** Runs that are the backfill's, and not opened again yet. */
  readonly toOpen: { readonly ordinal: number; readonly runKey: number }[];
  readonly leftAlone: (DatePlace & { readonly outcome: DateOutcome; readonly runKey: number })[];
};

/** @throws MillraceError NOT_OWNER; the driver's error when the database fails. What was done stays done. */
export async function decidePage(
  parts: BackfillParts,
  dag: OwnedDag,
  backfill: OwnedBackfill,
): Promise<void> {
  const { owner } = parts;
  const dates = await nextDates(parts, backfill);
  const last = dates.at(-1);
  if (last === undefined) {
    // The timetable turns out to have fewer dates than were counted.
    backfill.dateCount = backfill.decided;
    return;
  }
  const fence = requireShard(parts.owner, dag.shard);
  const page = sortOut(parts, backfill, dates, await readDatesTaken(owner.db, backfill, dates));
  const isMade = await makeRuns(parts, dag, backfill, page.toMake);
  const adopted = await adopt(parts, fence, backfill, page.toAdopt);
  await openAgain(
    parts,
    [...page.toOpen, ...adopted.runs].toSorted((a, b) => a.ordinal - b.ordinal),
  );
  // Somebody made or changed a run meanwhile: what is left of the page is decided again.
  if (!isMade || !adopted.isAll) return;
  const { leftAlone } = page;
  const reached = { leftAlone, decided: last.ordinal, decidedDate: last.logicalAt };
  await advanceBackfill(owner.db, requireShard(parts.owner, dag.shard), backfill.id, reached);
  backfill.decided = last.ordinal;
  backfill.decidedDate = last.logicalAt;
  owner.log.debug(
    { dag_id: dag.dagId, backfill: backfill.id, decided: last.ordinal },
    "backfill.page",
  );
}

async function nextDates(
  { owner, versions }: BackfillParts,
  backfill: OwnedBackfill,
): Promise<PageDate[]> {
  const { dagVersionId, decided, decidedDate, dateCount, anchor } = backfill;
  await versions.load([dagVersionId]);
  const version = versions.get(dagVersionId);
  if (version === undefined) throw new MillraceError("INTERNAL");
  const { dagId, schedule } = version.compiled.spec;
  const { backfillPageMax, backfillQueuedMax } = owner.settings;
  const room = backfillQueuedMax + backfill.maxActiveRuns - backfill.queued.size;
  const count = Math.min(backfillPageMax, Math.max(1, room), dateCount - decided);
  const dates: PageDate[] = [];
  for (const planned of datesWithin({ dagId, schedule, anchor }, backfill, decidedDate)) {
    dates.push({ ordinal: decided + dates.length + 1, logicalAt: planned.logicalDate, planned });
    if (dates.length === count) break;
  }
  return dates;
}

function sortOut(
  { owner }: BackfillParts,
  { reprocess }: OwnedBackfill,
  dates: readonly PageDate[],
  taken: readonly DateTaken[],
): Page {
  const known = new Map(taken.map((each) => [each.ordinal, each]));
  const page: Page = { toMake: [], toAdopt: [], toOpen: [], leftAlone: [] };
  for (const date of dates) {
    const { ordinal, logicalAt } = date;
    const { run = null, noted = null } = known.get(ordinal) ?? {};
    if (noted !== null) {
      if (noted.outcome === DateOutcome.rerun && run?.reopenCount === noted.reopenCount)
        page.toOpen.push({ ordinal, runKey: run.id });
      continue;
    }
    const outcome = outcomeOf(run?.state ?? null, reprocess);
    if (run === null) page.toMake.push(date);
    // In memory it is only while somebody changes it.
    else if (outcome === DateOutcome.rerun && !owner.runs.has(run.id))
      page.toAdopt.push({ ordinal, runKey: run.id });
    else
      page.leftAlone.push({
        ...{ ordinal, logicalAt, runKey: run.id },
        outcome: outcome === DateOutcome.rerun ? DateOutcome.in_flight : outcome,
      });
  }
  return page;
}

/** False when a date has got a run meanwhile. */
async function makeRuns(
  { maker, versions }: BackfillParts,
  dag: OwnedDag,
  backfill: OwnedBackfill,
  dates: readonly PageDate[],
): Promise<boolean> {
  const { id, note, params, dagVersionId } = backfill;
  const schedule = versions.get(dagVersionId)?.compiled.spec.schedule ?? null;
  const made = await Promise.allSettled(
    dates.map(({ ordinal, planned: { logicalDate, dataInterval, runAfter } }) =>
      maker.make({
        ...{ dag, runType: RunType.backfill, runAfter, note, params, triggeredBy: "backfill" },
        ...{ request: null, backfill: { id, ordinal } },
        logicalAt: logicalDate,
        intervalStartAt: dataInterval.start,
        intervalEndAt: dataInterval.end,
        partitionKey: partitionKeyAt(schedule, dataInterval.end),
      }),
    ),
  );
  const failures = failuresOf(made);
  // What may have been made is the backfill's as well: it is over, or cancelled, only when that is.
  await untilSettled(failures);
  if (failures.length > 0) throw failures[0];
  return made.every((one) => one.status === "fulfilled" && one.value.kind === "born");
}

async function adopt(
  { owner }: BackfillParts,
  fence: ShardFence,
  backfill: OwnedBackfill,
  runs: Page["toAdopt"],
): Promise<{ readonly runs: Page["toOpen"]; readonly isAll: boolean }> {
  if (runs.length === 0) return { runs: [], isAll: true };
  const ordinals = await adoptRuns(owner.db, fence, backfill, runs);
  const adopted = runs.filter(({ ordinal }) => ordinals.has(ordinal));
  return { runs: adopted, isAll: adopted.length === runs.length };
}

/** Clears all of each run; it is queued then, behind those of the backfill that wait already. */
async function openAgain(
  { owner, life }: BackfillParts,
  runs: readonly { readonly runKey: number }[],
): Promise<void> {
  const all = { refs: [], upstream: false, downstream: false, states: [] };
  for (const { runKey } of runs) {
    await withRun({ owner, life }, runKey, (run) => {
      const refs = selectInstances(run.engine, all).map(({ ref }) => ref);
      apply(owner, run, { kind: "cleared", refs, at: owner.dbClock.now() });
    });
  }
}
