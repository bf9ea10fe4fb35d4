import { testDatabase } from "@millrace/db/testing";
import { expect, test } from "vitest";
import { makePool } from "../testing/pools.ts";
import { createPoolBook } from "./pool-book.ts";

test("what a new owner finds granted is used once it is known to fit: the pool may have been made smaller meanwhile", async () => {
  await using database = await testDatabase();
  const { db } = database;
  await makePool({ db, bus: { publish: () => undefined } }, "shrunk", 2);
  await db.pool.query(
    `INSERT INTO pool_grant (pool, shard, slots, wanted, least, running, deferred, waiting)
     VALUES ('shrunk', 7, 3, 0, 0, 3, 0, 0), ('shrunk', 8, 3, 0, 0, 3, 0, 0)`,
  );
  const book = createPoolBook({ db, isShardLoaded: () => true });
  await book.refresh();
  expect(await book.loadShards([7, 8])).toEqual(["shrunk"]);
  expect(book.view("shrunk", 7).open).toBe(0);
  // As the settlement says that follows.
  book.overdrawn.delete("shrunk");
  expect(book.view("shrunk", 7).open).toBe(3);
});
