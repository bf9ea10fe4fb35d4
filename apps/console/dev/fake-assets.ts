/** Assets, their events, and what makes and uses them, of the test double. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  AssetEventSchema,
  AssetEventSource,
  AssetGraphEdgeKind,
  AssetSchema,
  RunType,
  type Asset,
  type AssetEvent,
  type AssetService,
} from "@millrace/wire/v1";
import { refusal } from "./fake-errors.ts";
import { pageOf } from "./fake-pages.ts";
import type { FakeWorld } from "./fake-world.ts";

const hourMs = 3_600_000;
const eventsOfOrders = 60;

type Calls = ServiceImpl<typeof AssetService>;

export function assetService(world: FakeWorld): Calls {
  const now = Date.now();
  const [maker, consumer] = [...world.dags.values()];
  const makerTask = maker?.spec.tasks[0]?.taskId ?? "";
  const consumed = world.runsOf(consumer?.spec.dagId ?? "").at(-1);
  if (consumed !== undefined) consumed.run.runType = RunType.ASSET_TRIGGERED;
  const assets: Asset[] = [
    create(AssetSchema, {
      ...{ uri: "s3://shop/orders", name: "orders", group: "shop", isActive: true },
      ...{ producerCount: 1, consumerCount: 1 },
      producers: [{ dagId: maker?.spec.dagId ?? "", taskId: makerTask }],
      consumers: [{ dagId: consumer?.spec.dagId ?? "", pendingCount: 2 }],
      watchers: [
        {
          ...{ handler: "s3", summary: "s3://shop/orders/*.csv", queue: "default" },
          ...{ hasTriggerer: true, firedAt: timestampFromMs(now - hourMs) },
        },
        {
          ...{ handler: "kafka", summary: "Kafka topic orders", queue: "streams" },
          hasTriggerer: false,
        },
      ],
    }),
    ...Array.from({ length: 70 }, (_, n) =>
      create(AssetSchema, {
        ...{ uri: `file:///data/part-${n}.csv`, name: `file:///data/part-${n}.csv` },
        ...{ group: n % 2 === 0 ? "parts" : "asset", isActive: true },
      }),
    ),
  ];
  const events: AssetEvent[] = Array.from({ length: eventsOfOrders }, (_, n) =>
    create(AssetEventSchema, {
      ...{ eventId: BigInt(eventsOfOrders - n), uri: "s3://shop/orders", name: "orders" },
      at: timestampFromMs(now - n * hourMs),
      extra: { data: new TextEncoder().encode(JSON.stringify({ rows: 1200 - n })) },
      partitionKey: n % 2 === 0 ? `2026-01-${String(28 - (n % 28)).padStart(2, "0")}` : "",
      ...(n % 3 === 1
        ? { source: AssetEventSource.WATCHER }
        : n % 3 === 2
          ? { source: AssetEventSource.CALLER, createdBy: "user:admin" }
          : {
              ...{ source: AssetEventSource.TASK, dagId: maker?.spec.dagId ?? "" },
              ...{ taskId: makerTask, mapIndex: -1, runName: "scheduled" },
              runId: world.runsOf(maker?.spec.dagId ?? "").at(-1)?.run.runId ?? "",
            }),
      madeRuns:
        n === 0 && consumed !== undefined
          ? [{ dagId: consumed.run.dagId, runId: consumed.run.runId, runName: "asset" }]
          : [],
    }),
  );
  const find = (asset: string): Asset => {
    const found = assets.find(({ uri, name }) => uri === asset || name === asset);
    if (found !== undefined) return found;
    throw refusal(Code.NotFound, "ASSET_NOT_FOUND", `There is no asset "${asset}".`);
  };
  const newest = (uri: string) => events.find((event) => event.uri === uri)?.at;
  const shown = (asset: Asset): Asset => {
    const lastEventAt = newest(asset.uri);
    return lastEventAt === undefined ? asset : { ...asset, lastEventAt };
  };
  return {
    listAssets({ search, group, pageSize, pageToken }) {
      const word = search.toLowerCase();
      const all = assets.filter(
        (asset) =>
          (group === "" || asset.group === group) &&
          [asset.uri, asset.name, asset.group].some((text) => text.toLowerCase().includes(word)),
      );
      const page = pageOf(all, pageSize, pageToken);
      return { assets: page.items.map(shown), nextPageToken: page.next, total: all.length };
    },
    getAsset: ({ asset }) => ({ asset: shown(find(asset)) }),
    listAssetEvents({ asset, madeRunId, pageSize, pageToken }) {
      const all = events.filter(
        (event) =>
          (asset === "" || event.uri === find(asset).uri) &&
          (madeRunId === "" || event.madeRuns.some(({ runId }) => runId === madeRunId)),
      );
      const page = pageOf(all, pageSize, pageToken);
      return { events: page.items, nextPageToken: page.next };
    },
    createAssetEvent({ asset, extra, partitionKey }) {
      const { uri, name } = find(asset);
      const event = create(AssetEventSchema, {
        ...{ eventId: BigInt(events.length + 1), uri, name, source: AssetEventSource.CALLER },
        ...{ createdBy: "user:admin", at: timestampFromMs(Date.now()), partitionKey },
        ...(extra && { extra }),
      });
      events.unshift(event);
      return { event };
    },
    materializeAsset({ asset, dagId }) {
      const [producer] = find(asset).producers;
      const dag = world.dags.get(dagId || (producer?.dagId ?? ""));
      if (dag === undefined)
        throw refusal(Code.FailedPrecondition, "ASSET_PRODUCER_MISSING", "No task makes it.");
      const params = new TextEncoder().encode("{}");
      const made = world.trigger(dag, Date.now(), { params, logicalDate: null, note: "" });
      return { run: made.run };
    },
    getAssetGraph: () => ({
      nodes: [
        { nodeId: "dag:maker", kind: { case: "dag", value: { dagId: maker?.spec.dagId ?? "" } } },
        {
          nodeId: "asset:orders",
          kind: { case: "asset", value: { uri: "s3://shop/orders", name: "orders" } },
        },
        { nodeId: "alias:feeds", kind: { case: "alias", value: { name: "feeds" } } },
        {
          nodeId: "dag:consumer",
          kind: { case: "dag", value: { dagId: consumer?.spec.dagId ?? "", isPaused: true } },
        },
        {
          nodeId: "asset:report",
          kind: { case: "asset", value: { uri: "s3://shop/report", name: "s3://shop/report" } },
        },
      ],
      edges: [
        edge("dag:maker", "asset:orders", AssetGraphEdgeKind.PRODUCES),
        edge("alias:feeds", "asset:orders", AssetGraphEdgeKind.NAMED_FOR),
        edge("asset:orders", "dag:consumer", AssetGraphEdgeKind.SCHEDULES),
        edge("dag:consumer", "asset:report", AssetGraphEdgeKind.PRODUCES),
        // It passes the boxes between.
        edge("alias:feeds", "asset:report", AssetGraphEdgeKind.NAMED_FOR),
        // It reads what follows from it: a circle.
        edge("asset:report", "dag:maker", AssetGraphEdgeKind.READS),
      ],
    }),
    getAssetProgress: ({ dagId }) => (dagId === "order_report" ? { progress: ordersProgress } : {}),
  };
}

const ordersProgress = {
  isMet: false,
  message: "1 of 2 hold; all are needed",
  kind: {
    case: "allOf" as const,
    value: { parts: [progress("s3://shop/orders", 2, 3), progress("s3://shop/report", 1, 1)] },
  },
};

function progress(uri: string, have: number, need: number) {
  const message = `${have} of ${need} ${need === 1 ? "event" : "events"} of ${uri}`;
  const kind = { case: "need" as const, value: { uri, have, need } };
  return { isMet: have >= need, message, kind };
}

function edge(fromNodeId: string, toNodeId: string, kind: AssetGraphEdgeKind) {
  return { fromNodeId, toNodeId, kind };
}
