import { expect, test } from "vitest";

import { claimShards, releaseShardsOfNode, renewShards } from "./shards.ts";
import { testDatabase } from "./testing.ts";

/** Longer than any of this takes: a lease that ran out would be free as well. */
const ttlMs = 3_600_000;

test("the shards of a dead node are free at once, and remember when it was last heard of", async () => {
  await using database = await testDatabase();
  const { db } = database;
  const shards = [3, 5];
  const [first] = await claimShards(db, { nodeId: "dead", shards, ttlMs });
  await claimShards(db, { nodeId: "alive", shards: [7], ttlMs });
  const before = await renewShards(db, { nodeId: "next", held: [], ttlMs });
  expect(await claimShards(db, { nodeId: "next", shards, ttlMs })).toEqual([]);

  await releaseShardsOfNode(db, "dead", ttlMs);

  const { shards: rows } = await renewShards(db, { nodeId: "next", held: [], ttlMs });
  expect(rows[3]).toEqual({ id: 3, owner: null, expiresAt: before.shards[3]!.expiresAt - ttlMs });
  expect(rows[7]!.owner).toBe("alive");
  const gained = await claimShards(db, { nodeId: "next", shards, ttlMs });
  expect(gained.map(({ shard }) => shard)).toEqual(shards);
  // Should the dead node live after all, its epoch is over.
  expect(gained[0]!.epoch).toBe(first!.epoch + 1);
});
