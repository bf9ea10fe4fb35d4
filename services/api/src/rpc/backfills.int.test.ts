import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  BackfillDateOutcome,
  BackfillService,
  BackfillState,
  DagService,
  ReprocessBehavior,
  type CreateBackfillRequestSchema,
  type ScheduleSchema,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { refusalOf } from "../testing/errors.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const day = (n: number) => Date.UTC(2024, 0, n);
const at = (ms: number) => timestampFromMs(ms);
let serial = 0;

type Kind = MessageInitShape<typeof ScheduleSchema>["kind"];
const daily: Kind = { case: "cron", value: { expressions: ["@daily"] } };

async function registered(kind: Kind | null = daily): Promise<string> {
  const dagId = `filled-${(serial += 1)}`;
  const spec = chainSpec(dagId, ["a"], kind === null ? {} : { schedule: { kind: kind! } });
  const answer = await api.grpc(DagService).registerDags({
    ...{ requestId: requestId(), folder: dagId, dags: [spec] },
  });
  expect(answer.errors).toEqual([]);
  return dagId;
}

async function runOf(dagId: string, id: number, n: number, state: number): Promise<void> {
  await api.db.pool.query(
    `INSERT INTO run (id, dag_id, dag_version_id, shard, state, run_type, run_name, logical_at, run_after, params, triggered_by,
                      started_at, ended_at)
     SELECT $2::bigint, $1, v.id, d.shard, $4::smallint, 2, 'manual ' || ($2::bigint)::text, $3, $3, '{}', 't', now(),
       CASE WHEN $4::smallint IN (3, 4) THEN now() END
     FROM dag AS d JOIN dag_version AS v ON v.dag_id = d.dag_id WHERE d.dag_id = $1`,
    [dagId, id, new Date(day(n)).toISOString(), state],
  );
}

const { MADE, RERUN, IN_FLIGHT, EXISTS } = BackfillDateOutcome;

test.each([false, true])(
  "a dry run says what would become of each date, page by page, and counts them all (reverse: %s)",
  async (reverse) => {
    const dagId = await registered();
    const key = 1_000 * serial;
    await runOf(dagId, key + 1, 2, 3);
    await runOf(dagId, key + 2, 3, 4);
    await runOf(dagId, key + 3, 4, 2);
    const asked = {
      ...{ dagId, reverse, dryRun: true, reprocess: ReprocessBehavior.FAILED, pageSize: 3 },
      ...{ fromDate: at(day(1)), toDate: at(day(7)) },
    };
    const { backfills } = { backfills: api.grpc(BackfillService) };
    const seen: [number, BackfillDateOutcome][] = [];
    let pageToken = "";
    let pages = 0;
    do {
      const page = await backfills.createBackfill({ ...asked, pageToken });
      if (pages === 0)
        expect(page.preview).toMatchObject({
          ...{ dates: 7, made: 4, rerun: 1, inFlight: 1, existing: 1 },
        });
      seen.push(
        ...page.dates.map((it) => [it.ordinal, it.outcome] as [number, BackfillDateOutcome]),
      );
      ({ nextPageToken: pageToken } = page);
      pages += 1;
    } while (pageToken !== "");
    const outcomes = [MADE, EXISTS, RERUN, IN_FLIGHT, MADE, MADE, MADE];
    const expected = reverse ? outcomes.toReversed() : outcomes;
    expect(seen).toEqual(expected.map((outcome, n) => [n + 1, outcome]));
    expect(pages).toBe(3);
    expect((await backfills.listBackfills({ dagId })).backfills).toEqual([]);
  },
);

type Ask = Omit<MessageInitShape<typeof CreateBackfillRequestSchema>, "$typeName">;
const range = { fromDate: at(day(1)), toDate: at(day(9)) };
test.each<[string, Kind | null, Ask, string, string]>([
  ["no schedule", null, range, "BACKFILL_IMPOSSIBLE", "no schedule"],
  ["a schedule of one moment", { case: "once", value: {} }, range, "BACKFILL_IMPOSSIBLE", "once"],
  ["no beginning", daily, { toDate: at(day(9)) }, "FIELD_INVALID", "from_date is missing"],
  ["no end", daily, { fromDate: at(day(9)) }, "FIELD_INVALID", "to_date is missing"],
  [
    "an end before the beginning",
    daily,
    { fromDate: at(day(9)), toDate: at(day(1)) },
    "FIELD_INVALID",
    "is before from_date",
  ],
  [
    "dates of the future",
    daily,
    { fromDate: at(Date.UTC(2999, 0, 1)), toDate: at(Date.UTC(2999, 1, 1)) },
    "FIELD_INVALID",
    "in the future",
  ],
  [
    "a range without a date",
    daily,
    { fromDate: at(day(1) + 1_000), toDate: at(day(1) + 2_000) },
    "FIELD_INVALID",
    "holds no date",
  ],
  [
    "ten million dates",
    { case: "delta", value: { every: durationFromMs(60_000) } },
    { fromDate: at(Date.UTC(2004, 0, 1)), toDate: at(Date.UTC(2024, 0, 1)) },
    "BACKFILL_TOO_LARGE",
    "more than 100,000 dates",
  ],
  ["too many at a time", daily, { ...range, maxActiveRuns: 1_001 }, "FIELD_INVALID", "1 to 1000"],
  ["less than none", daily, { ...range, maxActiveRuns: -1 }, "FIELD_INVALID", "max_active_runs"],
  ["an unknown behaviour", daily, { ...range, reprocess: 9 as 1 }, "FIELD_INVALID", "reprocess"],
  [
    "params that are no object",
    daily,
    { ...range, params: { data: Buffer.from("5") } },
    "PARAMS_INVALID",
    "params",
  ],
])("%s is refused with a sentence", async (_, kind, asked, reason, words) => {
  const dagId = await registered(kind);
  for (const dryRun of [true, false]) {
    const refusal = await refusalOf(
      api.grpc(BackfillService).createBackfill({ ...asked, requestId: requestId(), dagId, dryRun }),
    );
    expect(refusal).toMatchObject({ reason, message: expect.stringContaining(words) });
  }
});

test("dates of other centuries are dates too", async () => {
  const dagId = await registered();
  const { preview } = await api.grpc(BackfillService).createBackfill({
    ...{ dagId, dryRun: true },
    ...{ fromDate: at(Date.UTC(1799, 11, 30)), toDate: at(Date.UTC(1800, 0, 1)) },
  });
  expect(preview).toMatchObject({ dates: 3, made: 3 });
});

test("a backfill shows its progress, its dates with and without runs, and what holds it up", async () => {
  const dagId = await registered();
  const { rows } = await api.db.pool.query<{ id: number }>(
    `INSERT INTO backfill (dag_id, shard, dag_version_id, from_at, to_at, as_of, anchor_at, is_reverse, reprocess,
                           max_active_runs, params, has_params, note, created_by, date_count, decided, decided_date, existing)
     SELECT d.dag_id, d.shard, v.id, $2, $3, now(), $2, false, 1, 2, '{}', false, '', 'user:t', 6, 2, $4, 1
     FROM dag AS d JOIN dag_version AS v ON v.dag_id = d.dag_id WHERE d.dag_id = $1 RETURNING id`,
    [dagId, ...[1, 6, 2].map((n) => new Date(day(n)).toISOString())],
  );
  const key = rows[0]!.id;
  await runOf(dagId, 900_001, 1, 3);
  await runOf(dagId, 900_002, 2, 3);
  await api.db.pool.query(
    `UPDATE run SET backfill_id = $1, backfill_ordinal = 1, started_at = ended_at - interval '10 s' WHERE id = 900001`,
    [key],
  );
  await api.db.pool.query(
    "INSERT INTO backfill_date (backfill_id, ordinal, logical_at, outcome, run_id) VALUES ($1, 1, $2, 1, 900001), ($1, 2, $3, 4, 900002)",
    [key, ...[1, 2].map((n) => new Date(day(n)).toISOString())],
  );
  const backfills = api.grpc(BackfillService);
  const [listed] = (await backfills.listBackfills({ dagId, openOnly: true })).backfills;
  const backfillId = listed!.backfillId;
  const { backfill, nextDate, reasons } = await backfills.getBackfill({ backfillId });
  expect(backfill).toMatchObject({
    ...{ dagId, state: BackfillState.RUNNING },
    progress: { dates: 6, pending: 4, success: 1, existing: 1, gone: 0 },
  });
  // Four dates, two at a time, ten seconds each.
  expect(backfill?.progress?.estimatedLeft?.seconds).toBe(20n);
  expect(nextDate).toMatchObject({ ordinal: 3, logicalDate: { seconds: BigInt(day(3) / 1000) } });
  expect(reasons.map(({ message }) => message)).toEqual([expect.stringContaining("owns")]);
  const outcomes: BackfillDateOutcome[] = [];
  let pageToken = "";
  do {
    const page = await backfills.listBackfillRuns({ backfillId, pageSize: 3, pageToken });
    outcomes.push(...page.dates.map(({ outcome }) => outcome));
    ({ nextPageToken: pageToken } = page);
  } while (pageToken !== "");
  const { PENDING } = BackfillDateOutcome;
  expect(outcomes).toEqual([MADE, EXISTS, PENDING, PENDING, PENDING, PENDING]);
});

test.each(["", "backfill_", "backfill_zzz", "run_1", "\u0000"])(
  "no backfill has the id %j",
  async (backfillId) => {
    const backfills = api.grpc(BackfillService);
    const asked = { requestId: requestId(), backfillId };
    const calls = [
      () => backfills.getBackfill({ backfillId }),
      () => backfills.listBackfillRuns({ backfillId }),
      () => backfills.pauseBackfill(asked),
      () => backfills.resumeBackfill(asked),
      () => backfills.cancelBackfill(asked),
    ];
    for (const call of calls)
      expect((await refusalOf(call())).reason).toBe(
        backfillId === "" ? "FIELD_INVALID" : "BACKFILL_NOT_FOUND",
      );
  },
);
