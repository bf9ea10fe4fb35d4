/** What a backfill is asked to do, checked; and its dates, without holding up everything else while they are counted. */

import { setImmediate as turn } from "node:timers/promises";
import { lastIntervalOf, listRunDates, type DagHead, type RunDateRow } from "@millrace/db";
import {
  backfillActiveRuns,
  backfillDatesMax,
  dateAnchor,
  datelessWhy,
  datesWithin,
  MillraceError,
  outcomeOf,
  Reprocess,
  taskOnPast,
  type DateOutcome,
  type DateRange,
  type DateSource,
  type PlannedRun,
} from "@millrace/engine";
import { epochMsOf } from "@millrace/wire";
import { ReprocessBehavior, type CreateBackfillRequest } from "@millrace/wire/v1";
import type { ApiContext } from "./context.ts";
import { fieldInvalid, requireYear, textField } from "./fields.ts";
import { requireDag } from "./dag-reading.ts";
import { apiLimits } from "./limits.ts";
import { compileParamsSchema, completeParams } from "./params.ts";

export type AskedBackfill = {
  readonly head: DagHead;
  readonly source: DateSource;
  readonly range: DateRange;
  readonly reprocess: Reprocess;
  readonly maxActiveRuns: number;
  readonly params: Uint8Array;
  readonly hasParams: boolean;
  readonly note: string;
};

/**
 * @throws MillraceError DAG_NOT_FOUND, DAG_INACTIVE, BACKFILL_IMPOSSIBLE, FIELD_INVALID, PARAMS_INVALID, VALUE_TOO_LARGE
 */
export async function checkedBackfill(
  context: ApiContext,
  request: CreateBackfillRequest,
): Promise<AskedBackfill> {
  const head = await requireDag(context, request.dagId);
  const { dagId } = request;
  if (!head.is_active)
    throw new MillraceError(
      "DAG_INACTIVE",
      `The DAG ${dagId} is not in its folder any more; put it back to run it.`,
      { metadata: { dag_id: dagId } },
    );
  const { spec, dag } = await context.versions.get(head.dag_version_id);
  const why = datelessWhy(dag.spec);
  if (why !== null) throw impossible(dagId, why);
  const range = rangeOf(request, head.now.getTime());
  const onPast = request.reverse ? taskOnPast(dag.spec) : null;
  if (onPast !== null)
    throw impossible(
      dagId,
      `The task "${onPast}" of ${dagId} depends on the run before it, so that the newest date cannot go first; leave reverse out.`,
    );
  const params = completeParams(
    request.params?.data ?? null,
    compileParamsSchema(spec.paramsSchema),
  );
  return {
    head,
    range,
    source: {
      ...{ dagId, schedule: dag.spec.schedule },
      anchor: dateAnchor(dag.spec, lastIntervalOf(head), range.from),
    },
    reprocess: reprocessOf(request.reprocess),
    maxActiveRuns: activeRunsOf(request.maxActiveRuns),
    ...{ params, hasParams: request.params !== undefined },
    note: textField("note", request.note, apiLimits.noteLength),
  };
}

function impossible(dagId: string, message: string): MillraceError {
  return new MillraceError("BACKFILL_IMPOSSIBLE", message, { metadata: { dag_id: dagId } });
}

function rangeOf(request: CreateBackfillRequest, now: number): DateRange {
  const from = dateField("from_date", epochMsOf(request.fromDate));
  const to = dateField("to_date", epochMsOf(request.toDate));
  const shownFrom = new Date(from).toISOString();
  if (from > to)
    throw fieldInvalid(
      "to_date",
      `(${new Date(to).toISOString()}) is before from_date (${shownFrom}); exchange them, or use reverse to go newest first.`,
    );
  if (from > now)
    throw fieldInvalid(
      "from_date",
      `(${shownFrom}) lies in the future; the schedule makes these runs when they are due.`,
    );
  return { from, to, asOf: now, isReverse: request.reverse };
}

function dateField(field: string, at: number | null): number {
  if (at === null) throw fieldInvalid(field, "is missing; say a date.");
  requireYear(field, at);
  return at;
}

function reprocessOf(behavior: ReprocessBehavior): Reprocess {
  switch (behavior) {
    case ReprocessBehavior.UNSPECIFIED:
    case ReprocessBehavior.NONE:
      return Reprocess.none;
    case ReprocessBehavior.FAILED:
      return Reprocess.failed;
    case ReprocessBehavior.COMPLETED:
      return Reprocess.completed;
    default:
      throw fieldInvalid("reprocess", `is ${String(behavior)}; use NONE, FAILED or COMPLETED.`);
  }
}

function activeRunsOf(asked: number): number {
  const { max } = backfillActiveRuns;
  if (asked === 0) return backfillActiveRuns.default;
  if (asked < 0 || asked > max)
    throw fieldInvalid("max_active_runs", `is ${asked}; write 1 to ${max}, or 0 for 10.`);
  return asked;
}

/** The dates in their order, those after `after` only; others get their turn in between. */
export async function* datesInTurns(
  source: DateSource,
  range: DateRange,
  after: number | null = null,
): AsyncGenerator<PlannedRun, void, void> {
  let left = apiLimits.backfillDatesPerTurn;
  for (const date of datesWithin(source, range, after)) {
    left -= 1;
    if (left === 0) {
      await turn();
      left = apiLimits.backfillDatesPerTurn;
    }
    yield date;
  }
}

/**
 * Counts the dates, each handed to `note`.
 *
 * @throws MillraceError BACKFILL_TOO_LARGE; FIELD_INVALID when there are none.
 */
export async function countDates(
  { source, range, head }: AskedBackfill,
  note: (date: PlannedRun) => void | Promise<void> = () => undefined,
): Promise<number> {
  let count = 0;
  for await (const date of datesInTurns(source, range)) {
    count += 1;
    if (count > backfillDatesMax) throw tooLarge(head.dag_id, range);
    await note(date);
  }
  if (count > 0) return count;
  const [begin, end] = [range.from, range.to].map((at) => new Date(at).toISOString());
  throw fieldInvalid(
    "from_date",
    `to to_date (${begin} to ${end}) holds no date of the schedule of ${head.dag_id} whose data is complete; choose a longer range.`,
  );
}

function tooLarge(dagId: string, { from, to }: DateRange): MillraceError {
  const [begin, end] = [from, to].map((at) => new Date(at).toISOString());
  return new MillraceError(
    "BACKFILL_TOO_LARGE",
    `from_date ${begin} to to_date ${end} holds more than ${backfillDatesMax.toLocaleString("en")} dates of the schedule of ${dagId}; fill them in by parts.`,
    { metadata: { dag_id: dagId, field: "to_date", limit: String(backfillDatesMax) } },
  );
}

export type DateFate = {
  readonly outcome: DateOutcome;
  readonly run: Pick<RunDateRow, "id" | "state"> | null;
};

/** What would become of dates, asked for in the order of the range: the runs that exist are read along. */
export function fatesOf(
  { db }: Pick<ApiContext, "db">,
  { head, range, reprocess }: AskedBackfill,
): (date: PlannedRun) => Promise<DateFate> {
  const known = new Map<number, RunDateRow>();
  /** Runs with dates after this and up to that have been read. */
  let read: { readonly after: number; readonly to: number } | null = null;

  async function readAround(at: number): Promise<void> {
    known.clear();
    const limit = apiLimits.datedRunsPerRead;
    const spanMs = apiLimits.datedRunsSpanMs;
    const after = range.isReverse ? at - spanMs : at - 1;
    const to = range.isReverse ? at : Math.min(at + spanMs, range.to);
    const rows = await listRunDates(db, { dagId: head.dag_id, after, to, limit });
    // A page that is full may end before the range does. In reverse the end is what is needed: a day alone is asked for then.
    const last = rows.at(-1);
    const isFull = rows.length === limit && last !== undefined;
    if (isFull && range.isReverse) {
      const own = await listRunDates(db, { dagId: head.dag_id, after: at - 1, to: at, limit });
      for (const row of own) known.set(row.logical_at.getTime(), row);
      read = { after: at - 1, to: at };
      return;
    }
    for (const row of rows) known.set(row.logical_at.getTime(), row);
    read = { after, to: isFull ? last.logical_at.getTime() : to };
  }

  return async ({ logicalDate }) => {
    if (read === null || logicalDate <= read.after || logicalDate > read.to)
      await readAround(logicalDate);
    const run = known.get(logicalDate) ?? null;
    return { outcome: outcomeOf(run?.state ?? null, reprocess), run };
  };
}
