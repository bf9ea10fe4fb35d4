import {
  asset,
  assetAlias,
  assetNamed,
  byPartition,
  context,
  dag,
  each,
  FailTask,
  task,
} from "@millrace/sdk";
import { expect, test } from "vitest";
import { fail, ok, runDag, startDag } from "./index.ts";

const orders = asset("s3://orders");
const rates = asset({ uri: "s3://rates", name: "rates" });
const feeds = assetAlias("feeds");
const plain = { partitionKey: null };

test("a run in memory says which events its tasks made, and with which words", async () => {
  const load = task({ outlets: [orders, feeds] }, async function load(n: number) {
    context().outlets.extra(orders, { n });
    if (n === 2) context().outlets.add(feeds, "s3://new");
    if (n === 3) throw new FailTask("no");
  });
  const made = await runDag(dag("made", {}, () => void load(each([1, 2, 3]))));
  expect(made.assetEvents).toEqual([
    { uri: "s3://orders", taskId: "load", mapIndex: 0, extra: { n: 1 }, aliases: [], ...plain },
    { uri: "s3://orders", taskId: "load", mapIndex: 1, extra: { n: 2 }, aliases: [], ...plain },
    { uri: "s3://new", taskId: "load", mapIndex: 1, extra: {}, aliases: ["feeds"], ...plain },
  ]);
});

test("outcomes that a test gives make events too; failures none", async () => {
  const load = task({ outlets: [orders], retries: 1, retryDelay: "1s" }, async function load() {});
  const run = startDag(
    dag("given", {}, () => void load()),
    {
      outcomes: { load: [fail(), ok()] },
    },
  );
  await run.finish();
  expect(run.assetEvents).toHaveLength(1);
});

const reading = task({ inlets: [orders, feeds] }, async function reading() {
  const made = await context().triggeringAssetEvents.all();
  const newest = await context().inletEvents(orders, { newestFirst: true, limit: 1 }).all();
  const named = await context().inletEvents(feeds).all();
  return { made: made.map((event) => [event.uri, event.extra]), newest, named: named.length };
});
const consumer = dag("reads", { schedule: [orders, rates] }, () => reading());

test("bodies read the events that a test gives: those that made the run, and those of inlets", async () => {
  const at = new Date("2026-01-01T00:00:00Z");
  const done = await runDag(consumer, {
    logicalDate: at,
    triggeringAssetEvents: [{ asset: orders, extra: { rows: 3n } }, { asset: rates }],
    assetEvents: [
      { asset: orders, at: new Date(0) },
      { asset: orders, aliases: [feeds] },
    ],
  });
  expect(done.result).toMatchObject({
    made: [
      ["s3://orders", { rows: 3n }],
      ["s3://rates", {}],
    ],
    newest: [{ uri: "s3://orders", extra: { rows: 3n }, at, source: "caller" }],
    named: 1,
  });
});

test("without events there are none; and what is no inlet is refused as by a server", async () => {
  const nothing = await runDag(consumer);
  expect(nothing.result).toEqual({ made: [], newest: [], named: 0 });
  const wrong = task(async function wrong() {
    return context().inletEvents(orders).all();
  });
  const failed = await runDag(dag("wrong", {}, () => void wrong()));
  expect(failed.task("wrong").failure?.message).toContain("no inlet of the task");
});

test("a run has the partition that a test gives, and so have its events, unless its body names others", async () => {
  const load = task({ outlets: [orders, rates] }, async function load() {
    const { run, outlets, triggeringAssetEvents } = context();
    outlets.extra(orders, { rows: 1 }, { partition: "2026-01-01" });
    outlets.extra(orders, { rows: 2 }, { partition: "2026-01-02" });
    const made = await triggeringAssetEvents.all();
    return [run.partitionKey, ...made.map((event) => event.partitionKey)];
  });
  const done = await runDag(
    dag("keyed", { schedule: byPartition(feedsOrders) }, () => load()),
    {
      partitionKey: "2026-01",
      triggeringAssetEvents: [{ asset: feedsOrders, partition: "2026-01" }, { asset: feedsOrders }],
    },
  );
  expect(done.result).toEqual(["2026-01", "2026-01", null]);
  expect(done.assetEvents.map((event) => [event.uri, event.partitionKey, event.extra])).toEqual([
    ["s3://orders", "2026-01-01", { rows: 1 }],
    ["s3://orders", "2026-01-02", { rows: 2 }],
    ["s3://rates", "2026-01", {}],
  ]);
  await expect(runDag(consumer, { partitionKey: "" })).rejects.toThrow("1 to 250 characters");
});
const feedsOrders = asset("s3://feeds");

test("an asset by name is the one that a test gives under the name", async () => {
  const named = assetNamed("rates");
  const use = task({ inlets: [named], outlets: [named] }, async function use() {
    context().outlets.extra(named, { rows: 1 });
    return (await context().inletEvents(named).all()).map((event) => event.uri);
  });
  const done = await runDag(
    dag("by_name", { schedule: named }, () => use()),
    { triggeringAssetEvents: [{ asset: rates }, { asset: orders }] },
  );
  expect(done.result).toEqual(["s3://rates"]);
  expect(done.assetEvents).toMatchObject([{ uri: "rates", extra: { rows: 1 } }]);
});
