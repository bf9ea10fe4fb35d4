/** Runs of a backfill that may have been made, since the answer was lost. */

import type { Database, Lane } from "@millrace/db";
import { expect, test } from "vitest";
import { backfillState, changeBackfill, daily, day, startBackfill } from "../testing/backfills.ts";
import { aDag, registerDag } from "../testing/dags.ts";
import { aWorld } from "../testing/world.ts";

const spec = aDag("filled", ["a"], [], daily);

/** The first runs are made without an answer; whoever asks for them again waits until he is let. */
function losingAnAnswer(db: Database) {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  let attempts = 0;
  const makingLane: Lane = {
    ...db.makingLane,
    async send(statements) {
      attempts += 1;
      if (attempts > 1) {
        asked.resolve();
        await held.promise;
        return db.makingLane.send(statements);
      }
      await db.makingLane.send(statements);
      throw new Error("Connection terminated unexpectedly");
    },
  };
  return { db: { ...db, makingLane }, asked: asked.promise, letGo: () => held.resolve() };
}

test("a cancel reaches runs that were in doubt when it came: none of them starts", async () => {
  await using world = await aWorld();
  await registerDag(world.db, spec, { scheduledThrough: new Date() });
  const { db, asked, letGo } = losingAnAnswer(world.db);
  await world.scheduler({ db });
  const api = await world.api();
  const key = await startBackfill(world.db, api, spec, { from: day(1), to: day(3) });
  await asked;
  await changeBackfill(api, "filled", "cancelBackfill", key);
  letGo();
  await expect.poll(() => backfillState(world.db, key)).toBe("cancelled");
  const states = async () =>
    (await world.db.pool.query<{ state: number }>("SELECT state FROM run")).rows.map(
      ({ state }) => state,
    );
  await expect.poll(states).toEqual([4, 4, 4]);
  expect(api.assigned).toEqual([]);
});
