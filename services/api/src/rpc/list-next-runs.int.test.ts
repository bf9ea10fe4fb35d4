import { durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { DagService, ReasonKind, type ScheduleSchema } from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let api: TestApi;
let owner: FakeOwner;
beforeAll(async () => {
  api = await startTestApi();
  owner = startFakeOwner(api);
});
afterAll(async () => {
  owner.stop();
  await api[Symbol.asyncDispose]();
});

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

test("they have the partition keys that the schedule will give them", async () => {
  const partition = { format: "YYYY-MM-DD", offset: -1 };
  const value = { expressions: ["0 0 * * *"], partition };
  const dagId = await registered({ case: "cron", value });
  const { plannedRuns } = await api.grpc(DagService).listNextRuns({ dagId, count: 2 });
  const dayBefore = plannedRuns.map((run) =>
    new Date(timestampDate(run.runAfter!).getTime() - dayMs).toISOString().slice(0, 10),
  );
  expect(plannedRuns.map((run) => run.partitionKey)).toEqual(dayBefore);
});

const kindsOf = (reasons: readonly { kind: ReasonKind }[]) => reasons.map(({ kind }) => kind);

test("what holds the next run back is said; a paused DAG has those that it would make", async () => {
  const dags = api.grpc(DagService);
  const plain = chainSpec("unplanned", ["a"]);
  await dags.registerDags({ requestId: requestId(), folder: "unplanned", dags: [plain] });
  const none = await dags.listNextRuns({ dagId: "unplanned" });
  expect([none.plannedRuns, kindsOf(none.reasons)]).toEqual([[], [ReasonKind.SCHEDULE]]);
  const dagId = await registered({ case: "cron", value: { expressions: ["@hourly"] } });
  await dags.pauseDag({ requestId: requestId(), dagId });
  const askedAt = Date.now();
  const paused = await dags.listNextRuns({ dagId, count: 1 });
  expect(timestampDate(paused.plannedRuns[0]!.runAfter!).getTime()).toBeGreaterThan(askedAt);
  expect(kindsOf(paused.reasons)).toEqual([ReasonKind.DAG_PAUSED]);
  expect(await refusalOf(dags.listNextRuns({ dagId: "nowhere" }))).toMatchObject({
    reason: "DAG_NOT_FOUND",
  });
});

test("the function of a timetable is asked by way of the owner; what is wrong with it is said", async () => {
  const dagId = await registered({
    case: "custom",
    value: { name: "mine", handler: "x#x##schedule()" },
  });
  const dags = api.grpc(DagService);
  const { plannedRuns, reasons } = await dags.listNextRuns({ dagId, count: 1 });
  expect(plannedRuns.map(({ runAfter }) => timestampDate(runAfter!).toISOString())).toEqual([
    "1970-01-03T00:00:00.000Z",
  ]);
  expect(reasons).toEqual([]);
  owner.onCommand = () =>
    Promise.resolve({ case: "plannedRuns", value: { runs: [], problem: "It threw." } });
  expect((await dags.listNextRuns({ dagId })).reasons).toMatchObject([{ message: "It threw." }]);
  await api.db.pool.query("UPDATE dag SET schedule_problem = 'It threw.' WHERE dag_id = $1", [
    dagId,
  ]);
  expect((await dags.getDag({ dagId })).dag?.scheduleProblem).toBe("It threw.");
});
