/** What a run waits for, and was given, at the front door. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
import { runInstancesToBytes, runKeyOf } from "@millrace/wire";
import {
  AssetService,
  DagRunService,
  DagService,
  InputSetState,
  RunInputsState,
  type InputTermSchema,
  type ScheduleSchema,
} from "@millrace/wire/v1";
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

const noon = new Date("2026-01-01T12:00:00Z");
const daily: MessageInitShape<typeof ScheduleSchema> = {
  kind: { case: "cron", value: { expressions: ["0 0 * * *"] } },
};

function clicks(options: MessageInitShape<typeof InputTermSchema> = {}) {
  const of = { asset: { uri: "s3://clicks" }, every: "@hourly", format: "YYYY-MM-DDTHH" };
  const kind = { case: "instances", value: { of, from: -3, to: -1 } } as const;
  return { name: "clicks", kind, ...options };
}

type Inputs = MessageInitShape<typeof InputTermSchema>;

async function register(dagId: string, inputs: Inputs | undefined, timeoutMs?: number) {
  const spec = chainSpec(dagId, ["a"], {
    schedule: daily,
    ...(inputs && { inputs }),
    ...(timeoutMs !== undefined && { inputTimeout: durationFromMs(timeoutMs) }),
  });
  const request = { requestId: requestId(), folder: dagId, dags: [spec] };
  return api.grpc(DagService).registerDags(request);
}

async function triggered(dagId: string) {
  const logicalDate = { seconds: BigInt(noon.getTime() / 1000), nanos: 0 };
  const request = { requestId: requestId(), dagId, logicalDate };
  const { run } = await api.grpc(DagRunService).triggerDagRun(request);
  return run!;
}

const emit = (partitionKey: string) =>
  api.grpc(AssetService).createAssetEvent({
    ...{ requestId: requestId(), asset: "s3://clicks", partitionKey },
  });

test("a run that waits says what is there and what is missing; one that was given its inputs, what they are", async () => {
  expect((await register("reader", clicks({ min: 2 }), 3_600_000)).errors).toEqual([]);
  const { runId, queuedAt } = await triggered("reader");
  await emit("2026-01-01T10");
  const runs = api.grpc(DagRunService);
  const waiting = await runs.getDagRunInputs({ runId });
  expect(waiting).toMatchObject({
    state: RunInputsState.WAITING,
    given: [],
    sets: [
      {
        ...{ name: "clicks", uris: ["s3://clicks"], state: InputSetState.LACKING },
        ...{ have: 1, want: 3, need: 2 },
        missing: [{ partitionKey: "2026-01-01T09" }, { partitionKey: "2026-01-01T11" }],
        message:
          "clicks: 1 of 3 instances of s3://clicks is there, and 2 are needed. Missing: 2026-01-01T09, 2026-01-01T11.",
      },
    ],
  });
  const since = timestampDate(queuedAt!).getTime();
  expect(timestampDate(waiting.timesOutAt!).getTime()).toBe(since + 3_600_000);
  const given = { clicks: [{ uri: "s3://clicks", partitionKey: "2026-01-01T10", date: 0 }] };
  await api.db.pool.query("UPDATE run SET inputs = $1 WHERE id = $2", [
    Buffer.from(runInstancesToBytes(given)),
    runKeyOf(runId),
  ]);
  expect(await runs.getDagRunInputs({ runId })).toMatchObject({
    ...{ state: RunInputsState.GIVEN, sets: [], givenCount: 1 },
    given: [{ name: "clicks", instances: [{ partitionKey: "2026-01-01T10" }] }],
  });
});

test("a run of a DAG without inputs has none, and one that ended without them says so", async () => {
  await register("plain", undefined);
  await register("given_up", clicks());
  const runs = api.grpc(DagRunService);
  const { runId } = await triggered("plain");
  expect(await runs.getDagRunInputs({ runId })).toMatchObject({ state: RunInputsState.NONE });
  const ended = await triggered("given_up");
  await api.db.pool.query(
    "UPDATE run SET state = 4, started_at = NULL, ended_at = now() WHERE dag_id = 'given_up'",
  );
  expect(await runs.getDagRunInputs({ runId: ended.runId })).toMatchObject({
    state: RunInputsState.ENDED,
  });
});

test("a run that is not there is refused", async () => {
  const refused = refusalOf(api.grpc(DagRunService).getDagRunInputs({ runId: "run_zzzz" }));
  expect(await refused).toMatchObject({ reason: "RUN_NOT_FOUND" });
});

test("inputs that make no sense are refused when the DAG is registered, by name and value", async () => {
  const { errors } = await register("backwards", {
    name: "clicks",
    kind: {
      case: "instances",
      value: { of: { asset: { uri: "s3://clicks" }, every: "@hourly" }, from: 2, to: 1 },
    },
  });
  expect(errors[0]?.message).toContain("inputs.clicks.from is 2: it is after to (1); swap them.");
});

test("an asset that runs wait for is in use, and its page names the DAG", async () => {
  await register("reader_of_clicks", clicks());
  const { asset } = await api.grpc(AssetService).getAsset({ asset: "s3://clicks" });
  expect(asset?.consumerCount).toBeGreaterThanOrEqual(1);
  expect(asset?.consumers.map(({ dagId }) => dagId)).toContain("reader_of_clicks");
});

test("an event with a partition key rings for DAGs whose runs wait for the asset, one without does not", async () => {
  const rung: number[] = [];
  const subscription = api.bus.subscribe("assets", (data) => void rung.push(data.byteLength));
  await emit("2026-01-01T11");
  expect(rung).toHaveLength(1);
  await api.grpc(AssetService).createAssetEvent({ requestId: requestId(), asset: "s3://clicks" });
  expect(rung).toHaveLength(1);
  subscription.close();
});
