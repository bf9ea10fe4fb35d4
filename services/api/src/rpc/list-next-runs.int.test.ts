import { durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { DagService, type ScheduleSchema } from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { refusalOf } from "../testing/errors.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const dayMs = 86_400_000;
let serial = 0;

async function registered(kind: MessageInitShape<typeof ScheduleSchema>["kind"]): Promise<string> {
  const dagId = `planned-${(serial += 1)}`;
  const spec = chainSpec(dagId, ["a"], { schedule: { kind: kind! } });
  const answer = await api.grpc(DagService).registerDags({
    ...{ requestId: requestId(), folder: dagId },
    dags: [spec],
  });
  expect(answer.errors).toEqual([]);
  return dagId;
}

test("the next runs are those of the timetable from now on, soonest first", async () => {
  const dagId = await registered({ case: "cronInterval", value: { expression: "@daily" } });
  const { plannedRuns } = await api.grpc(DagService).listNextRuns({ dagId, count: 3 });
  const begun = Math.floor(Date.now() / dayMs) * dayMs;
  const starts = plannedRuns.map((run) => timestampDate(run.dataIntervalStart!).getTime());
  expect(starts).toEqual([begun, begun + dayMs, begun + 2 * dayMs]);
  for (const run of plannedRuns) {
    expect(run.logicalDate).toEqual(run.dataIntervalStart);
    expect(run.runAfter).toEqual(run.dataIntervalEnd);
  }
});

test("they follow from what the newest automated run was about", async () => {
  const every = durationFromMs(dayMs);
  const dagId = await registered({ case: "delta", value: { every } });
  const last = new Date(Date.now() - 3_600_000);
  await api.db.pool.query(
    "UPDATE dag SET last_interval_start = $2, last_interval_end = $2 WHERE dag_id = $1",
    [dagId, last],
  );
  const { plannedRuns } = await api.grpc(DagService).listNextRuns({ dagId });
  expect(plannedRuns).toHaveLength(10);
  expect(timestampDate(plannedRuns[0]!.runAfter!)).toEqual(new Date(last.getTime() + dayMs));
});

test("a paused DAG, and one without a schedule, have none; one that is not there is refused", async () => {
  const dags = api.grpc(DagService);
  const plain = chainSpec("unplanned", ["a"]);
  await dags.registerDags({ requestId: requestId(), folder: "unplanned", dags: [plain] });
  expect((await dags.listNextRuns({ dagId: "unplanned" })).plannedRuns).toEqual([]);
  const dagId = await registered({ case: "cron", value: { expressions: ["@hourly"] } });
  await dags.pauseDag({ requestId: requestId(), dagId });
  expect((await dags.listNextRuns({ dagId })).plannedRuns).toEqual([]);
  expect(await refusalOf(dags.listNextRuns({ dagId: "nowhere" }))).toMatchObject({
    reason: "DAG_NOT_FOUND",
  });
});
