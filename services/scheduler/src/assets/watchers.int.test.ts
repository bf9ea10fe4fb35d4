/** What is watched for assets: handed to triggerers, told once, gone on with after crashes. */

import { replaceAssetWatchers } from "@millrace/db";
import type { Assignment } from "@millrace/wire/worker";
import { StaleReason, VerdictKind } from "@millrace/wire/worker";
import { describe, expect, test } from "vitest";
import { aDag, assetIdOf, registerDag } from "../testing/dags.ts";
import { failure, success, textOf, type FakeApi } from "../testing/fake-api.ts";
import { aWorld, type World } from "../testing/world.ts";

const uri = "s3://orders";
const watcher = {
  ...{ uri, digest: "d", shard: 7, handler: "s3", queue: "default" },
  ...{ config: '{"url":"s3://orders/"}', summary: "objects of s3://orders/" },
};
const on = {
  schedule: {
    kind: "assets",
    expression: {
      kind: "events",
      of: { kind: "asset", uri, name: uri, group: "asset", extra: "" },
      count: 1,
    },
  },
} as const;

/** As a registration does it. */
async function wants(world: World, dagIds: readonly string[], of: readonly string[]) {
  await assetIdOf(world.db, uri);
  await world.db.prisma.$transaction((tx) =>
    replaceAssetWatchers(
      tx,
      dagIds,
      of.map((dagId) => ({ ...watcher, dagId })),
    ),
  );
  world.bus.publish("dags", new Uint8Array());
}

/** A triggerer that watches and says nothing by itself. */
const triggerer = (world: World, name = "triggerer", slots = 10) =>
  world.api({ name, handlers: ["trigger/s3"], slots, body: () => null });

async function given(api: FakeApi, n = 1): Promise<Assignment> {
  await expect.poll(() => api.assigned.length).toBeGreaterThanOrEqual(n);
  return api.assigned[n - 1]!;
}

const told = (cursor: unknown, ...events: unknown[]) => success({ cursor, events });

const eventsOf = async (world: World) =>
  (
    await world.db.pool.query<{ extra: Buffer; source: number }>(
      "SELECT extra, source FROM asset_event ORDER BY id",
    )
  ).rows.map(({ extra, source }) => [source, textOf(extra)]);

const rowOf = async (world: World) =>
  (
    await world.db.pool.query<{ fires: string; cursor: Buffer | null; failure: Buffer | null }>(
      "SELECT fires, cursor, failure FROM asset_watcher",
    )
  ).rows.map(({ fires, cursor, failure: why }) => ({
    fires: Number(fires),
    cursor: cursor && textOf(cursor),
    hasFailed: why !== null,
  }));

describe("what is watched for an asset", () => {
  test("is handed out once however many DAGs want it, tells events that make runs, and goes on from its cursor", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("consumer", ["t"], [], on));
    await registerDag(world.db, aDag("other", ["t"]));
    await wants(world, ["consumer", "other"], ["consumer", "other"]);
    await world.scheduler();
    await using api = await triggerer(world);
    await using work = await world.api({ name: "worker" });
    const first = await given(api);
    expect(first).toMatchObject({ handler: "trigger/s3", assetWatch: { uri } });
    expect(first.assetWatch?.cursor).toBeUndefined();
    expect(textOf(first.args)).toBe('[{"url":"s3://orders/"}]');

    expect((await api.report(first.attemptId, told({ n: 0 }))).kind).toBe(VerdictKind.OK);
    const second = await given(api, 2);
    expect(second.attemptId).not.toBe(first.attemptId);
    expect(textOf(second.assetWatch?.cursor?.data)).toBe('{"n":0}');
    expect(await eventsOf(world)).toEqual([]);

    const fired = told({ n: 2 }, { key: "a" }, { key: "b" });
    expect((await api.report(second.attemptId, fired)).kind).toBe(VerdictKind.OK);
    expect(await eventsOf(world)).toEqual([
      [3, '{"key":"a"}'],
      [3, '{"key":"b"}'],
    ]);
    await expect.poll(() => work.assigned.map(({ taskId }) => taskId)).toEqual(["t"]);
    expect(textOf((await given(api, 3)).assetWatch?.cursor?.data)).toBe('{"n":2}');

    // The answer was lost, and the report comes again: it counts once.
    expect(await api.report(second.attemptId, fired)).toMatchObject({
      kind: VerdictKind.STALE,
      staleReason: StaleReason.FINISHED,
    });
    expect(await eventsOf(world)).toHaveLength(2);
  });

  test("is handed to another when its triggerer ends, and goes on after a take-over", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("consumer", ["t"], [], on));
    await wants(world, ["consumer"], ["consumer"]);
    const scheduler = await world.scheduler();
    const api = await triggerer(world, "first", 2);
    const first = await given(api);
    await api.report(first.attemptId, told(1, { n: 1 }));
    const second = await given(api, 2);
    await api.inventory([], true);
    await using other = await triggerer(world, "another");
    const again = await given(other);
    expect(again.attemptId).toBe(second.attemptId);
    expect(textOf(again.assetWatch?.cursor?.data)).toBe("1");

    scheduler.kill();
    await world.expireLeases("n0");
    const heir = await world.scheduler();
    await expect.poll(() => heir.shards().length).toBe(64);
    const reported = await other.report(again.attemptId, told(2, { n: 2 }));
    expect(reported.kind).toBe(VerdictKind.OK);
    expect(await eventsOf(world)).toHaveLength(2);
    expect(await rowOf(world)).toEqual([{ fires: 2, cursor: "2", hasFailed: false }]);
  });

  test("that fails says why, and is tried again; what it tells wrongly is no event", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("consumer", ["t"], [], on));
    await wants(world, ["consumer"], ["consumer"]);
    await world.scheduler({ settings: { assetWatcherRestMs: { first: 1, max: 1 } } });
    await using api = await triggerer(world);
    await api.report((await given(api)).attemptId, failure("AccessDenied", false));
    await api.report((await given(api, 2)).attemptId, success({ rows: 1 }));
    await api.report((await given(api, 3)).attemptId, told(1, "no object"));
    const last = await given(api, 4);
    expect(await rowOf(world)).toEqual([{ fires: 0, cursor: null, hasFailed: true }]);
    await api.report(last.attemptId, told(1, { n: 1 }));
    expect(await rowOf(world)).toEqual([{ fires: 1, cursor: "1", hasFailed: false }]);
    expect(await eventsOf(world)).toHaveLength(1);
  });

  test("is watched no more when nobody wants it", async () => {
    await using world = await aWorld();
    await registerDag(world.db, aDag("consumer", ["t"], [], on));
    await wants(world, ["consumer"], ["consumer"]);
    await world.scheduler();
    await using api = await triggerer(world);
    const { attemptId } = await given(api);
    await wants(world, ["consumer"], []);
    await expect.poll(() => api.cancelled).toEqual([attemptId]);
    expect((await api.report(attemptId, told(1, { n: 1 }))).kind).toBe(VerdictKind.STALE);
    expect(await eventsOf(world)).toEqual([]);
  });

  test("is watched on when one of the DAGs that want it is deleted, and ends with the last", async () => {
    await using world = await aWorld();
    for (const dagId of ["one", "two"]) await registerDag(world.db, aDag(dagId, ["t"]));
    await wants(world, ["one", "two"], ["one", "two"]);
    await world.scheduler();
    await using api = await triggerer(world);
    const { attemptId } = await given(api);
    const remove = async (dagId: string) => {
      const command = { case: "deleteDag", value: { dagId } } as const;
      const { reply } = await api.command(dagId, { requestId: crypto.randomUUID(), command });
      expect(reply).toMatchObject({ case: "done" });
      // As the front door does it.
      world.bus.publish("dags", new Uint8Array());
    };
    await remove("one");
    expect((await api.report(attemptId, told(1, { n: 1 }))).kind).toBe(VerdictKind.OK);
    const next = await given(api, 2);
    await remove("two");
    await expect.poll(() => api.cancelled).toEqual([next.attemptId]);
    expect((await api.report(next.attemptId, told(2, { n: 2 }))).kind).toBe(VerdictKind.STALE);
    expect(await eventsOf(world)).toHaveLength(1);
    expect(await rowOf(world)).toMatchObject([{ fires: 1, cursor: "1" }]);
  });
});
