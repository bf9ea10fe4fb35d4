import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  DagRunService,
  DagService,
  DeadlineReference,
  DeadlineSpecSchema,
  DeadlineState,
} from "@millrace/wire/v1";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chainSpec, requestId } from "../testing/dag-specs.ts";
import { refusalOf } from "../testing/errors.ts";
import { startFakeOwner, type FakeOwner } from "../testing/fake-owner.ts";
import { beginRun } from "../testing/instances.ts";
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

test("lists what is ahead and what was missed, page by page, those of the run first", async () => {
  const deadlines = ["soon", "later"].map((name) =>
    create(DeadlineSpecSchema, {
      ...{ name, reference: DeadlineReference.QUEUED_AT, interval: durationFromMs(60_000) },
    }),
  );
  const spec = chainSpec("late", ["a", "b"], { deadlines });
  spec.tasks[1]!.deadlines = [deadlines[0]!];
  const answer = await api.grpc(DagService).registerDags({
    ...{ requestId: requestId(), folder: "late", dags: [spec] },
  });
  expect(answer.errors).toEqual([]);
  const runs = api.grpc(DagRunService);
  const { runId, runKey } = await beginRun(api, "late");
  await api.db.pool.query(
    `INSERT INTO deadline (run_id, ix, ordinal, state, due_at, at_risk_at, estimated_end_at, critical_task_ids, missed_at)
     VALUES ($1, -1, 0, 3, now(), NULL, NULL, '{}', now()), ($1, -1, 1, 2, now(), now(), now(), '{a,b}', NULL),
       ($1, 1, 0, 1, now(), NULL, NULL, '{}', NULL)
     ON CONFLICT DO NOTHING`,
    [runKey],
  );
  const first = await runs.listDeadlines({ runId, pageSize: 2 });
  expect(first.deadlines).toMatchObject([
    { runId, taskId: "", name: "soon", state: DeadlineState.MISSED },
    { taskId: "", name: "later", state: DeadlineState.AT_RISK, criticalTaskIds: ["a", "b"] },
  ]);
  const second = await runs.listDeadlines({ runId, pageSize: 2, pageToken: first.nextPageToken });
  expect(second).toMatchObject({
    deadlines: [{ taskId: "b", name: "soon", state: DeadlineState.PENDING }],
    nextPageToken: "",
  });
  // A moment after a success, before the rows are gone.
  await api.db.pool.query(
    "UPDATE run SET state = 3, started_at = now(), ended_at = now() WHERE id = $1",
    [runKey],
  );
  const kept = await runs.listDeadlines({ runId });
  expect(kept.deadlines.map(({ name, state }) => [name, state])).toEqual([
    ["soon", DeadlineState.MISSED],
  ]);
});

test("a run that is not there, a page that is none, and a negative size are refused", async () => {
  const runs = api.grpc(DagRunService);
  expect(await refusalOf(runs.listDeadlines({ runId: "run_zzzz" }))).toMatchObject({
    reason: "RUN_NOT_FOUND",
  });
  expect(await refusalOf(runs.listDeadlines({ runId: "run_1", pageSize: -1 }))).toMatchObject({
    message: expect.stringContaining("page_size"),
  });
});

test("deadlines that make no sense are refused when the DAG is registered, by name and value", async () => {
  const deadlines = [create(DeadlineSpecSchema, { name: "never" })];
  const spec = chainSpec("senseless", ["a"], { deadlines });
  const answer = await api.grpc(DagService).registerDags({
    ...{ requestId: requestId(), folder: "senseless", dags: [spec] },
  });
  expect(answer.errors[0]?.message).toContain('deadlines["never"].reference is 0');
});
