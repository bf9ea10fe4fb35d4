import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AssetEventSource,
  RunType,
  type CreateAssetEventRequest,
  type ListAssetEventsRequest,
  type MaterializeAssetRequest,
} from "@millrace/wire/v1";
import { expect, test } from "vitest";
import { asset, dag, task } from "../index.ts";
import { decodeValue, encodeValue } from "../spec.ts";
import { serve } from "./test-server.ts";

const orders = asset({ uri: "s3://orders", name: "orders" });
const etl = dag("etl", {}, () => void task(function load() {})());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

test("assets are listed over all pages, by what is asked", async () => {
  const asked: unknown[] = [];
  await using server = await serve({
    listAssets({ pageToken, search, dagId }) {
      asked.push([search, dagId, pageToken]);
      const more = pageToken === "";
      const uri = more ? "a" : "b";
      const at = more ? { lastEventAt: timestampFromMs(5) } : {};
      return {
        assets: [{ uri, name: uri, extra: more ? '{"n":1}' : "", ...at }],
        nextPageToken: more ? "2" : "",
      };
    },
  });
  expect(await all(server.client.assets.list({ search: "x", dag: etl }))).toMatchObject([
    { uri: "a", extra: { n: 1 }, lastEventAt: new Date(5) },
    { uri: "b", extra: {}, lastEventAt: null },
  ]);
  expect(asked).toEqual([
    ["x", "etl", ""],
    ["x", "etl", "2"],
  ]);
});

test("events come with what their maker said, and what they made", async () => {
  const asked: ListAssetEventsRequest[] = [];
  await using server = await serve({
    listAssetEvents(request) {
      asked.push(request);
      const extra = { data: encodeValue({ rows: 3n }) };
      const task = { dagId: "etl", runId: "run_1", runName: "n", taskId: "t", mapIndex: 2 };
      const madeRuns = [{ dagId: "report", runId: "run_2", runName: "m" }];
      const event = {
        eventId: 7n,
        uri: "s3://orders",
        source: AssetEventSource.TASK,
        extra,
        madeRuns,
      };
      return { events: [{ ...event, ...task }] };
    },
  });
  const found = await all(
    server.client.assets.events({ asset: orders, made: "run_2", since: new Date(5) }),
  );
  expect(found).toMatchObject([
    {
      ...{ id: 7, extra: { rows: 3n }, source: "task", createdBy: null },
      task: { dagId: "etl", mapIndex: 2 },
      madeRuns: [{ dagId: "report", runId: "run_2" }],
    },
  ]);
  expect(asked[0]).toMatchObject({
    asset: "s3://orders",
    madeRunId: "run_2",
    since: timestampFromMs(5),
  });
  await expect(all(server.client.assets.events({ since: "now" }))).rejects.toThrow("since is now");
});

test("an event is made, and an asset is made anew, once each, however often the call is made", async () => {
  const emitted: CreateAssetEventRequest[] = [];
  const made: MaterializeAssetRequest[] = [];
  await using server = await serve({
    createAssetEvent(request) {
      emitted.push(request);
      return {
        event: {
          eventId: 1n,
          uri: request.asset,
          source: AssetEventSource.CALLER,
          createdBy: "user:admin",
        },
      };
    },
    materializeAsset(request) {
      made.push(request);
      return { run: { runId: "run_9", dagId: "etl", runType: RunType.ASSET_MATERIALIZATION } };
    },
  });
  const { assets } = server.client;
  expect(await assets.emit(orders, { rows: 3 })).toMatchObject({
    id: 1,
    createdBy: "user:admin",
    task: null,
  });
  await assets.emit("orders", {}, { partition: "2026-01-02" });
  expect(emitted.map(({ partitionKey }) => partitionKey)).toEqual(["", "2026-01-02"]);
  expect(emitted.map(({ extra }) => extra && decodeValue(extra.data))).toEqual([
    { rows: 3 },
    undefined,
  ]);
  expect(new Set(emitted.map(({ requestId }) => requestId)).size).toBe(2);
  const how = { dag: etl, params: { day: "1" }, note: "again", partitionKey: "2026-01-02" };
  const run = await assets.materialize("orders", how);
  expect(run).toMatchObject({ id: "run_9", snapshot: { type: "asset_materialization" } });
  expect(made[0]).toMatchObject({ asset: "orders", dagId: "etl", note: "again" });
  expect(made[0]?.partitionKey).toBe("2026-01-02");
});

test("what the next run waits for is told in sentences; null of a DAG that waits for none", async () => {
  await using server = await serve({
    getAssetProgress: ({ dagId }) =>
      dagId === "etl"
        ? {}
        : { progress: { isMet: false }, reasons: [{ message: "Waits for 1 more event of a." }] },
  });
  expect(await server.client.assets.waiting(etl)).toBeNull();
  expect(await server.client.assets.waiting("report")).toEqual({
    isMet: false,
    reasons: ["Waits for 1 more event of a."],
    partitions: null,
  });
});

test("what a DAG waits for by partition is told key by key, with what each of its assets has", async () => {
  await using server = await serve({
    getAssetProgress: () => ({
      isByPartition: true,
      partitions: [
        {
          partitionKey: "2026-01-01",
          progress: {
            kind: {
              case: "allOf",
              value: {
                parts: [
                  { message: "an event of a", kind: { case: "need", value: {} } },
                  { message: "21 of 24 hours of b", kind: { case: "need", value: {} } },
                ],
              },
            },
          },
        },
        { partitionKey: "2026-01-02", progress: { isMet: true, message: "an event of a" } },
      ],
      reasons: [{ message: "The DAG is paused." }],
    }),
  });
  expect(await server.client.assets.waiting("report")).toEqual({
    isMet: true,
    reasons: ["The DAG is paused."],
    partitions: [
      {
        ...{ partitionKey: "2026-01-01", isMet: false },
        message: "an event of a and 21 of 24 hours of b",
      },
      { partitionKey: "2026-01-02", isMet: true, message: "an event of a" },
    ],
  });
});
