/** Backfills of the test double: refused, made, paused and cancelled as the api does. */
import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import {
  BackfillDateOutcome,
  BackfillState,
  ReasonKind,
  ReasonSchema,
  type BackfillDate,
  type BackfillService,
  type CreateBackfillRequest,
  type Reason,
} from "@millrace/wire/v1";
import { dateMessage, datesOf, dayMs, FakeBackfill, type BackfillAsked } from "./fake-backfill.ts";
import { refusal } from "./fake-errors.ts";
import type { Lookup } from "./fake-lookup.ts";
import { pageOf } from "./fake-pages.ts";
import type { FakeWorld } from "./fake-world.ts";

const datesMax = 100_000;
const pageSizes = { backfills: 25, dates: 100 };

export function backfillService(
  world: FakeWorld,
  lookup: Lookup,
): ServiceImpl<typeof BackfillService> {
  /** Newest first. */
  const all: FakeBackfill[] = [];
  const byRequest = new Map<string, FakeBackfill>();
  world.jobs.add((now) => all.forEach((one) => one.tick(now)));
  const find = (backfillId: string): FakeBackfill => {
    const found = all.find(({ backfill }) => backfill.backfillId === backfillId);
    if (found !== undefined) return found;
    throw refusal(Code.NotFound, "BACKFILL_NOT_FOUND", `No backfill has the id "${backfillId}".`);
  };
  return {
    createBackfill(request) {
      const known = byRequest.get(request.requestId);
      if (known !== undefined && !request.dryRun) return { backfill: known.backfill };
      const asked = readAsked(lookup, request);
      if (request.dryRun) return dryRun(world, asked, request);
      const { dagId } = request;
      const open = all.find((one) => one.backfill.dagId === dagId && !one.isOver);
      if (open !== undefined) {
        const message = `${dagId} has the backfill ${open.backfill.backfillId}, which is not over; wait for it, or cancel it.`;
        throw refusal(Code.FailedPrecondition, "BACKFILL_OPEN", message);
      }
      const { maxActiveRuns, note } = request;
      const made = new FakeBackfill(world, all.length + 1, { ...asked, maxActiveRuns, note });
      all.unshift(made);
      byRequest.set(request.requestId, made);
      return { backfill: made.backfill };
    },
    getBackfill({ backfillId }) {
      const found = find(backfillId);
      const { backfill, next } = found;
      return { backfill, ...(next && { nextDate: next }), reasons: reasonsOf(world, found) };
    },
    listBackfills({ dagId, openOnly, pageSize, pageToken }) {
      const matching = all.filter(
        (one) => (dagId === "" || one.backfill.dagId === dagId) && !(openOnly && one.isOver),
      );
      const page = pageOf(matching, pageSize || pageSizes.backfills, pageToken);
      return { backfills: page.items.map(({ backfill }) => backfill), nextPageToken: page.next };
    },
    listBackfillRuns({ backfillId, pageSize, pageToken }) {
      const page = pageOf(find(backfillId).dates(), pageSize || pageSizes.dates, pageToken);
      return { dates: page.items, nextPageToken: page.next };
    },
    pauseBackfill: ({ backfillId }) => {
      find(backfillId).pause(true);
      return { backfill: find(backfillId).backfill };
    },
    resumeBackfill: ({ backfillId }) => {
      find(backfillId).pause(false);
      return { backfill: find(backfillId).backfill };
    },
    cancelBackfill: ({ backfillId }) => {
      find(backfillId).cancel(Date.now());
      return { backfill: find(backfillId).backfill };
    },
  };
}

function readAsked(lookup: Lookup, request: CreateBackfillRequest): BackfillAsked {
  const dag = lookup.dag(request.dagId);
  const from = request.fromDate === undefined ? NaN : timestampMs(request.fromDate);
  const to = request.toDate === undefined ? NaN : timestampMs(request.toDate);
  if (to < from) {
    const text = (at: number): string => new Date(at).toISOString();
    const message = `to_date ${text(to)} is before from_date ${text(from)}.`;
    throw refusal(Code.InvalidArgument, "FIELD_INVALID", message);
  }
  if ((to - from) / dayMs > datesMax) {
    const message = `The range holds more than 100,000 dates; make several backfills.`;
    throw refusal(Code.InvalidArgument, "BACKFILL_TOO_LARGE", message);
  }
  const { reverse: isReverse, reprocess } = request;
  return { dag, from, to, isReverse, reprocess };
}

function dryRun(world: FakeWorld, asked: BackfillAsked, request: CreateBackfillRequest) {
  const dates = datesOf(world, asked).map((date, ix) => dateMessage(date, ix + 1));
  const page = pageOf(dates, request.pageSize || pageSizes.dates, request.pageToken);
  const { MADE, RERUN, IN_FLIGHT, EXISTS } = BackfillDateOutcome;
  const preview = {
    ...{ dates: dates.length, made: countOf(dates, MADE), rerun: countOf(dates, RERUN) },
    ...{ inFlight: countOf(dates, IN_FLIGHT), existing: countOf(dates, EXISTS) },
  };
  const first = request.pageToken === "" ? { preview } : {};
  return { ...first, dates: page.items, nextPageToken: page.next };
}

function countOf(dates: readonly BackfillDate[], outcome: BackfillDateOutcome): number {
  return dates.filter((date) => date.outcome === outcome).length;
}

function reasonsOf(world: FakeWorld, { backfill, active, next, isOver }: FakeBackfill): Reason[] {
  const { backfillId, dagId, maxActiveRuns, state } = backfill;
  const evidence = { backfill_id: backfillId };
  const reasons: Reason[] = [];
  if (isOver) return reasons;
  if (world.paused.has(dagId)) {
    const message = "The DAG is paused; unpause it to let tasks start.";
    reasons.push(create(ReasonSchema, { kind: ReasonKind.DAG_PAUSED, message }));
  }
  if (state === BackfillState.PAUSED) {
    const message = `The backfill ${backfillId} is paused; resume it to let its runs start.`;
    reasons.push(create(ReasonSchema, { kind: ReasonKind.BACKFILL_PAUSED, message, evidence }));
  } else if (next !== undefined && active >= maxActiveRuns) {
    const message = `${active} runs of this backfill are running, and the backfill ${backfillId} allows ${maxActiveRuns} at a time.`;
    const kind = ReasonKind.BACKFILL_MAX_ACTIVE_RUNS;
    reasons.push(create(ReasonSchema, { kind, message, evidence }));
  }
  return reasons;
}
