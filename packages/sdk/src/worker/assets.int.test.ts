/** What bodies say of their outlets, and the events of assets that they read. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AssetEventSource, Isolation, RunType } from "@millrace/wire/v1";
import type { Result } from "@millrace/wire/worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeValue, encodeValue } from "../codec/codec.ts";
import { refusal } from "./testing/rpc.ts";
import { failureOf, startBench, valueOf, type Bench } from "./testing/worker-bench.ts";

const preamble = `
import { asset, assetAlias } from "@millrace/sdk";
const orders = asset({ uri: "s3://orders", group: "shop" });
const feeds = assetAlias("feeds");
`;
const bodies = {
  says: `() => {
    const { outlets } = context();
    outlets.extra(orders, { rows: 3 });
    outlets.extra(orders, { rows: 4n });
    outlets.add(feeds, "s3://new");
    outlets.add(feeds, asset({ uri: "s3://other", group: "shop" }), { at: new Date(0) });
    return 1;
  }`,
  partitions: `() => {
    const { outlets, run } = context();
    outlets.extra(orders, { n: 1 }, { partition: "mon" });
    outlets.extra(orders, { n: 2 }, { partition: "tue" });
    outlets.extra(orders, { n: 3 }, { partition: "mon" });
    outlets.add(feeds, "s3://new", undefined, { partition: "wed" });
    return run.partitionKey;
  }`,
  bad_partition: `() => context().outlets.extra(orders, {}, { partition: "a\\nb" })`,
  silent: "() => 1",
  fails: `() => { context().outlets.extra(orders, {}); throw new FailTask("no"); }`,
  reads: `async () => {
    const made = await context().triggeringAssetEvents.all();
    const newest = [];
    const filter = { newestFirst: true, limit: 3, since: new Date(5), before: new Date(9) };
    for await (const event of context().inletEvents(orders, filter)) newest.push(event.id);
    const named = await context().inletEvents(feeds).all();
    return { type: context().run.type, made, newest, named: named.length };
  }`,
  not_an_object: `() => context().outlets.extra(orders, [1] as never)`,
  too_large: `() => context().outlets.extra(orders, { text: "x".repeat(70_000) })`,
  not_an_asset: `() => context().outlets.add(feeds, 7 as never)`,
  bad_filter: `() => context().inletEvents(orders, { since: "yesterday" }).all()`,
  refused: `() => context().inletEvents(asset("s3://gone")).all()`,
};

let bench: Bench;
beforeAll(async () => {
  bench = await startBench({ preamble, bodies });
});
afterAll(() => bench[Symbol.asyncDispose]());

function saidIn({ outcome }: Result): unknown[] {
  if (outcome.case !== "succeeded") throw new Error(`It did not succeed: ${outcome.case}`);
  return outcome.value.outletEvents.map(({ asset, alias, extra }) => [
    ...[asset?.uri, asset?.group, alias],
    extra === undefined ? null : decodeValue(extra.data),
  ]);
}

describe.each([
  ["a thread", Isolation.THREAD],
  ["a process", Isolation.PROCESS],
])("in %s, a body", (_, isolation) => {
  test("says what it says of its outlets with its success; the last word counts", async () => {
    const attemptId = `says ${isolation}`;
    bench.server.assign(bench.task("says", { attemptId, isolation }));
    expect(saidIn(await bench.server.result(attemptId))).toEqual([
      ["s3://orders", "shop", "", { rows: 4n }],
      ["s3://new", "asset", "feeds", null],
      ["s3://other", "shop", "feeds", { at: new Date(0) }],
    ]);
  });

  test("reads what made its run, and its inlets, page by page and no further than it wants", async () => {
    bench.server.eventReads.length = 0;
    bench.server.eventsAnswer = ({ of, pageToken, pageSize }) => {
      const ids = of.case === "triggering" ? (pageToken === "" ? [1, 2] : [3]) : [9, 8, 7, 6];
      return {
        nextPageToken: of.case === "triggering" && pageToken === "" ? "more" : "",
        events: ids.slice(0, pageSize).map((id) => ({
          ...{ eventId: BigInt(id), uri: "s3://orders", name: "orders", at: timestampFromMs(id) },
          ...{ source: AssetEventSource.TASK, dagId: "p", runId: "run_7", runName: "n" },
          ...{ taskId: "load", mapIndex: id === 1 ? -1 : id },
          ...(id === 2 && { extra: { data: encodeValue({ rows: 2n }, "extra") } }),
        })),
      };
    };
    const attemptId = `reads ${isolation}`;
    const run = { runId: "run_1", dagId: "bench", runType: RunType.ASSET_TRIGGERED };
    bench.server.assign(bench.task("reads", { attemptId, isolation, run }));
    const value = valueOf(await bench.server.result(attemptId)) as Record<string, unknown[]>;
    expect(value).toMatchObject({ type: "asset_triggered", newest: [9, 8, 7], named: 4 });
    const task = { dagId: "p", runId: "run_7", runName: "n", taskId: "load" };
    const event = {
      uri: "s3://orders",
      name: "orders",
      source: "task",
      aliases: [],
      createdBy: null,
      partitionKey: null,
    };
    expect(value["made"]).toEqual([
      { ...event, id: 1, at: new Date(1), extra: {}, task: { ...task, mapIndex: null } },
      { ...event, id: 2, at: new Date(2), extra: { rows: 2n }, task: { ...task, mapIndex: 2 } },
      { ...event, id: 3, at: new Date(3), extra: {}, task: { ...task, mapIndex: 3 } },
    ]);
    expect(bench.server.eventReads.map(({ of }) => [of.case, of.value])).toEqual([
      ["triggering", true],
      ["triggering", true],
      ["inletUri", "s3://orders"],
      ["inletAlias", "feeds"],
    ]);
    expect(bench.server.eventReads[2]).toMatchObject({ newestFirst: true, pageSize: 3, attemptId });
  });
});

test("a body has its run's partition, and says of an outlet something about each of several", async () => {
  const run = { runId: "run_1", dagId: "bench", partitionKey: "2026-01-02" };
  bench.server.assign(bench.task("partitions", { run }));
  const result = await bench.server.result("partitions");
  expect(valueOf(result)).toBe("2026-01-02");
  if (result.outcome.case !== "succeeded") throw new Error("It did not succeed.");
  const { outletEvents } = result.outcome.value;
  expect(
    outletEvents.map(({ asset, alias, partitionKey, extra }) => [
      ...[asset?.uri, alias, partitionKey],
      extra === undefined ? null : decodeValue(extra.data),
    ]),
  ).toEqual([
    ["s3://orders", "", "mon", { n: 3 }],
    ["s3://orders", "", "tue", { n: 2 }],
    ["s3://new", "feeds", "wed", null],
  ]);
});

test("nothing is said of outlets where the body says nothing, and where it fails", async () => {
  bench.server.assign(bench.task("silent"), bench.task("fails"));
  expect(saidIn(await bench.server.result("silent"))).toEqual([]);
  expect(failureOf(await bench.server.result("fails")).message).toBe("no");
});

test.each([
  ["not_an_object", "VALUE_INVALID", "the extra of an event of s3://orders is no object"],
  ["too_large", "VALUE_TOO_LARGE", "s3://orders"],
  ["not_an_asset", "FIELD_INVALID", "something else than asset(…)"],
  ["bad_partition", "FIELD_INVALID", 'option "partition" of an event of s3://orders is "a\\nb"'],
  ["bad_filter", "FIELD_INVALID", 'option "since" of an asset\'s events is yesterday'],
] as const)("wrong use fails the body with a sentence: %s", async (id, type, part) => {
  bench.server.assign(bench.task(id));
  const failure = failureOf(await bench.server.result(id));
  expect(failure).toMatchObject({ type, message: expect.stringContaining(part) });
});

test("what the server refuses is the body's to handle", async () => {
  bench.server.eventsAnswer = () => {
    throw refusal("FIELD_INVALID");
  };
  bench.server.assign(bench.task("refused"));
  expect(failureOf(await bench.server.result("refused")).type).toBe("FIELD_INVALID");
});
