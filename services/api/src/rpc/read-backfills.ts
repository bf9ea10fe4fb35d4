import {
  getBackfill as readBackfill,
  listBackfillDates,
  listBackfills as readBackfills,
  type BackfillRow,
} from "@millrace/db";
import { datesWithin, isMillraceError, MillraceError, noOwner } from "@millrace/engine";
import { principalLabel, type Call, type Handler } from "@millrace/service";
import { backfillKeyOf, reasonToProto } from "@millrace/wire";
import {
  BackfillState,
  type BackfillDate,
  type BackfillService,
  type Reason,
} from "@millrace/wire/v1";
import type { ApiContext } from "../context.ts";
import { dagIdField, fieldInvalid, shown } from "../fields.ts";
import { apiLimits } from "../limits.ts";
import { backfillMessage, decidedDate, plannedDate } from "../messages/backfill.ts";
import { cutPage, isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";
import { datePageLimits } from "./create-backfill.ts";

const pageLimits = { default: apiLimits.backfillPageDefault, max: apiLimits.backfillPageMax };

/** @throws MillraceError FIELD_INVALID when empty, BACKFILL_NOT_FOUND */
export async function requireBackfill(
  { db }: Pick<ApiContext, "db">,
  backfillId: string,
): Promise<BackfillRow> {
  if (backfillId === "") throw fieldInvalid("backfill_id", "is empty; say which backfill.");
  const key = backfillKeyOf(backfillId);
  const row = key === null ? null : await readBackfill(db, key);
  if (row !== null) return row;
  throw new MillraceError("BACKFILL_NOT_FOUND", `No backfill has the id ${shown(backfillId)}.`);
}

export function isOver({ state }: Pick<BackfillRow, "state">): boolean {
  return state === BackfillState.COMPLETED || state === BackfillState.CANCELLED;
}

/** What holds it up is its owner's to say. Where nobody owns the shard, that is the reason. */
export function getBackfill(
  context: ApiContext,
): Handler<typeof BackfillService.method.getBackfill> {
  return async ({ backfillId }, call) => {
    const row = await requireBackfill(context, backfillId);
    const backfill = backfillMessage(row);
    if (isOver(row)) return { backfill };
    const [[nextDate], reasons] = await Promise.all([
      pendingDates(context, row, row.decided, 1),
      explain(context, row, call),
    ]);
    return { backfill, reasons, ...(nextDate === undefined ? {} : { nextDate }) };
  };
}

async function explain(context: ApiContext, row: BackfillRow, call: Call): Promise<Reason[]> {
  const command = {
    ...{ principal: principalLabel(call.principal), requestId: "" },
    command: {
      case: "explainBackfill",
      value: { backfillKey: BigInt(row.id), dagId: row.dag_id },
    },
  } as const;
  try {
    const { reply } = await context.commands.send(row.shard, command, {
      signal: call.signal,
      searchMs: apiLimits.explainSearchMs,
    });
    if (reply.case === "explanation") return reply.value.reasons;
  } catch (error) {
    if (!isMillraceError(error) || error.reason !== "NOT_OWNER") throw error;
  }
  return [reasonToProto(noOwner())];
}

/** Dates that are not decided yet, after one with this ordinal that is, or that was listed before at `after`. */
async function pendingDates(
  context: ApiContext,
  row: BackfillRow,
  ordinal: number,
  count: number,
  after = row.decided_date?.getTime() ?? null,
): Promise<BackfillDate[]> {
  const left = Math.min(count, row.date_count - ordinal);
  // What is cancelled makes no further runs.
  if (left <= 0 || row.state === BackfillState.CANCELLING || isOver(row)) return [];
  const { dag } = await context.versions.get(row.dag_version_id);
  const source = { ...dag.spec, anchor: row.anchor_at.getTime() };
  const range = {
    ...{ from: row.from_at.getTime(), to: row.to_at.getTime(), asOf: row.as_of.getTime() },
    isReverse: row.is_reverse,
  };
  const dates: BackfillDate[] = [];
  for (const planned of datesWithin(source, range, after)) {
    dates.push(plannedDate(ordinal + dates.length + 1, planned));
    if (dates.length === left) break;
  }
  return dates;
}

export function listBackfills(
  context: ApiContext,
): Handler<typeof BackfillService.method.listBackfills> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, pageLimits);
    const dagId = request.dagId === "" ? null : dagIdField(request.dagId);
    const filters = ["backfills", dagId, request.openOnly];
    const beforeKey = positionOf(request.pageToken, filters, isCount);
    const filter = { dagId, openOnly: request.openOnly, beforeKey, limit: limit + 1 };
    const { rows, last } = cutPage(await readBackfills(context.db, filter), limit);
    return {
      backfills: rows.map(backfillMessage),
      nextPageToken: last === null ? "" : tokenAfter(filters, last.id),
    };
  };
}

/** The dates decided are rows; those to come follow from the timetable. */
export function listBackfillRuns(
  context: ApiContext,
): Handler<typeof BackfillService.method.listBackfillRuns> {
  return async (request) => {
    const limit = pageSizeOf(request.pageSize, datePageLimits);
    const row = await requireBackfill(context, request.backfillId);
    const filters = ["backfill_runs", row.id];
    const after = positionOf(request.pageToken, filters, isPosition);
    const [afterOrdinal, afterMs] = after ?? [0, null];
    const found = await listBackfillDates(context.db, row.id, { afterOrdinal, limit });
    const decided = found.map(decidedDate);
    const ordinal = found.at(-1)?.ordinal ?? afterOrdinal;
    // Noted dates may be ahead of how far the row says it got.
    const from = found.at(-1)?.logical_at.getTime() ?? afterMs;
    const pending =
      decided.length < limit
        ? await pendingDates(context, row, ordinal, limit - decided.length, from)
        : [];
    const dates = [...decided, ...pending];
    const last = dates.at(-1);
    const isLast = last === undefined || dates.length < limit || last.ordinal >= row.date_count;
    const lastMs =
      Number(last?.logicalDate?.seconds ?? 0) * 1000 + (last?.logicalDate?.nanos ?? 0) / 1e6;
    return {
      dates,
      nextPageToken: isLast ? "" : tokenAfter(filters, [last.ordinal, lastMs]),
    };
  };
}

type Position = readonly [ordinal: number, logicalAt: number];

function isPosition(value: unknown): value is Position {
  return Array.isArray(value) && isCount(value[0]) && Number.isSafeInteger(value[1]);
}
