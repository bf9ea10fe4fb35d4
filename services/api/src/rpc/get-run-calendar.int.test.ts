import { DagRunService, DagService } from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { refusalOf } from "../testing/errors.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.grpc(DagService).registerDags({
    ...{ requestId: requestId(), folder: "days" },
    dags: [chainSpec("days", ["a"])],
  });
  const runs: [number, string | null, string, number][] = [
    [1, "2026-03-28T22:30Z", "2026-03-28T22:30Z", 3],
    [2, "2026-03-28T23:30Z", "2026-03-28T23:30Z", 3],
    [3, "2026-03-29T21:59Z", "2026-03-29T21:59Z", 4],
    [4, "2026-03-29T22:00Z", "2026-03-29T22:00Z", 3],
    [5, null, "2026-03-29T10:00Z", 2],
    [6, null, "2026-03-29T10:00Z", 1],
  ];
  for (const [id, logicalAt, runAfter, state] of runs)
    await api.db.pool.query(
      `INSERT INTO run (id, dag_id, dag_version_id, shard, state, run_type, run_name, logical_at, run_after, params, note,
                        triggered_by, started_at, ended_at)
       SELECT $1::bigint, d.dag_id, v.id, d.shard, $4::smallint, 2, $1::text, $2, $3, '{}', '', 'test',
              CASE WHEN $4::smallint > 1 THEN now() END, CASE WHEN $4::smallint > 2 THEN now() END
       FROM dag AS d JOIN dag_version AS v USING (dag_id, version) WHERE dag_id = 'days'`,
      [id, logicalAt, runAfter, state],
    );
});
afterAll(() => api[Symbol.asyncDispose]());

const calendar = (from: string, to: string, timezone = "", dagId = "days") =>
  api.grpc(DagRunService).getRunCalendar({ dagId, from, to, timezone });

async function days(from: string, to: string, timezone?: string) {
  const answer = await calendar(from, to, timezone);
  return answer.days.map(({ day, queued, running, succeeded, failed }) => [
    day,
    [queued, running, succeeded, failed],
  ]);
}

test("runs are counted by the days of a zone, of which one has 23 hours", async () => {
  expect(await days("2026-03-28", "2026-03-30")).toEqual([
    ["2026-03-28", [0, 0, 2, 0]],
    ["2026-03-29", [1, 1, 1, 1]],
  ]);
  expect(await days("2026-03-29", "2026-03-29", "Europe/Zurich")).toEqual([
    ["2026-03-29", [1, 1, 1, 1]],
  ]);
  expect(await days("2026-03-30", "2026-03-30", "Europe/Zurich")).toEqual([
    ["2026-03-30", [0, 0, 1, 0]],
  ]);
  expect(await days("2025-03-29", "2025-03-29")).toEqual([]);
});

test.each([
  ["2026-02-30", "2026-03-01", "UTC", 'from is "2026-02-30"'],
  ["2026-03-01", "soon", "UTC", "write a day such as"],
  ["2026-03-02", "2026-03-01", "UTC", "swap them"],
  ["2026-01-01", "2027-01-02", "UTC", "ask for 366 days"],
  ["2026-03-01", "2026-03-01", "Mars/Olympus", "no IANA zone"],
])("what cannot be asked is refused: %s to %s in %s", async (from, to, timezone, message) => {
  const refusal = await refusalOf(calendar(from, to, timezone));
  expect(refusal).toMatchObject({ reason: "FIELD_INVALID" });
  expect(refusal.message).toContain(message);
  expect(await refusalOf(calendar("2026-03-01", "2026-03-01", "", "nowhere"))).toMatchObject({
    reason: "DAG_NOT_FOUND",
  });
});
