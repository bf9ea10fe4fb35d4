import { getBackfill, type RequestKey } from "@millrace/db";
import { DateOutcome, MillraceError, shardOf } from "@millrace/engine";
import { principalLabel, type Call, type Handler } from "@millrace/service";
import { backfillIdOf } from "@millrace/wire";
import type { OwnerReply } from "@millrace/wire/internal";
import {
  CreateBackfillRequestSchema,
  type Backfill,
  type BackfillDate,
  type BackfillService,
  type CreateBackfillRequest,
} from "@millrace/wire/v1";
import {
  checkedBackfill,
  countDates,
  datesInTurns,
  fatesOf,
  type DateFate,
} from "../backfill-plan.ts";
import type { ApiContext } from "../context.ts";
import { requestKey } from "../idempotency.ts";
import { apiLimits } from "../limits.ts";
import { backfillMessage, plannedDate } from "../messages/backfill.ts";
import { ownerAnsweredBefore } from "../owner-answers.ts";
import { isCount, pageSizeOf, positionOf, tokenAfter } from "../paging.ts";

export const datePageLimits = {
  default: apiLimits.backfillDatePageDefault,
  max: apiLimits.backfillDatePageMax,
};

export function createBackfill(
  context: ApiContext,
): Handler<typeof BackfillService.method.createBackfill> {
  return async (request, call) => {
    if (request.dryRun) return dryRun(context, request);
    const key = requestKey(call, CreateBackfillRequestSchema, request);
    const reply = await start(context, request, key, call).catch((error: unknown) =>
      ownerAnsweredBefore(context, key, error),
    );
    const backfill = await backfillOf(context, reply);
    call.log.info({ dag_id: request.dagId, backfill_id: backfill.backfillId }, "backfill.created");
    return { backfill };
  };
}

async function start(
  context: ApiContext,
  request: CreateBackfillRequest,
  { requestId, bodyHash }: RequestKey,
  call: Call,
): Promise<OwnerReply> {
  const asked = await checkedBackfill(context, request);
  const dateCount = await countDates(asked);
  const { head, range, source, reprocess, maxActiveRuns, params, hasParams, note } = asked;
  return context.commands.send(
    shardOf(head.dag_id),
    {
      ...{ principal: principalLabel(call.principal), requestId, bodyHash },
      command: {
        case: "createBackfill",
        value: {
          ...{ dagId: head.dag_id, dagVersionKey: head.dag_version_id, reverse: range.isReverse },
          ...{ reprocess, maxActiveRuns, params, hasParams, note, dateCount },
          fromMs: BigInt(range.from),
          toMs: BigInt(range.to),
          asOfMs: BigInt(range.asOf),
          anchorMs: BigInt(source.anchor),
        },
      },
    },
    call,
  );
}

/** The backfill that an owner's answer names, as it is now. */
export async function backfillOf(
  { db }: Pick<ApiContext, "db">,
  { reply }: OwnerReply,
): Promise<Backfill> {
  const key = reply.case === "backfillKey" ? Number(reply.value) : 0;
  const row = await getBackfill(db, key);
  if (row === null)
    throw new MillraceError("BACKFILL_NOT_FOUND", `No backfill has the id ${backfillIdOf(key)}.`);
  return backfillMessage(row);
}

/** Nothing is made. The first page counts what would become of all dates. */
async function dryRun(context: ApiContext, request: CreateBackfillRequest) {
  const limit = pageSizeOf(request.pageSize, datePageLimits);
  const asked = await checkedBackfill(context, request);
  const { head, range, reprocess } = asked;
  const { from, to, isReverse } = range;
  const filters = ["backfill_preview", head.dag_id, head.version, from, to, isReverse, reprocess];
  const position = positionOf(request.pageToken, filters, isDatePosition);
  const page: BackfillDate[] = [];
  const fateOf = fatesOf(context, asked);
  let last = position;
  let hasMore = false;
  const sums = { made: 0, rerun: 0, inFlight: 0, existing: 0 };
  const note = (ordinal: number, planned: Parameters<typeof fateOf>[0], fate: DateFate): void => {
    page.push(plannedDate(ordinal, planned, fate));
    last = [ordinal, planned.logicalDate];
  };
  if (position === null) {
    let ordinal = 0;
    const dates = await countDates(asked, async (planned) => {
      const fate = await fateOf(planned);
      ordinal += 1;
      sums[sumOf(fate)] += 1;
      if (ordinal <= limit) note(ordinal, planned, fate);
    });
    hasMore = dates > limit;
    return {
      dates: page,
      nextPageToken: hasMore ? tokenAfter(filters, last) : "",
      preview: { dates, ...sums },
    };
  }
  let [ordinal] = position;
  for await (const planned of datesInTurns(asked.source, range, position[1])) {
    hasMore = page.length === limit;
    if (hasMore) break;
    note((ordinal += 1), planned, await fateOf(planned));
  }
  return { dates: page, nextPageToken: hasMore ? tokenAfter(filters, last) : "" };
}

function sumOf({ outcome }: DateFate): "made" | "rerun" | "inFlight" | "existing" {
  switch (outcome) {
    case DateOutcome.made:
      return "made";
    case DateOutcome.rerun:
      return "rerun";
    case DateOutcome.in_flight:
      return "inFlight";
    case DateOutcome.exists:
      return "existing";
  }
}

export type DatePosition = readonly [ordinal: number, logicalAt: number];

export function isDatePosition(value: unknown): value is DatePosition {
  return Array.isArray(value) && isCount(value[0]) && Number.isSafeInteger(value[1]);
}
