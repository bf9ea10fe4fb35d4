import { expect, test } from "vitest";
import {
  backfillState,
  changeBackfill,
  daily,
  datesOf,
  day,
  startBackfill,
} from "../testing/backfills.ts";
import { crashingDatabase, type CrashPoint } from "../testing/crashing-database.ts";
import { aDag, registerDag } from "../testing/dags.ts";
import { apart, failure, success } from "../testing/fake-api.ts";
import { statementTrouble } from "../testing/statement-trouble.ts";
import { aWorld } from "../testing/world.ts";

const spec = aDag("filled", ["a"], [], daily);
const settings = { backfillPageMax: 3, reloadDelayMs: { first: 20, max: 50 }, ...apart };
/** Each statement of a backfill, and the transactions around them. */
const isStep = (name: string) =>
  name === "run_create_batch" || /^(COMMIT of )?backfill_/.test(name);

/**
 * Seven dates, of which the second failed and the third succeeded before: pages of three, so that a page is cut short at each
 * of its statements, before it and after. Answers what the statement was; null when there are fewer.
 */
async function crashed(point: CrashPoint): Promise<string | null> {
  await using world = await aWorld();
  await registerDag(world.db, spec, { scheduledThrough: new Date() });
  const crashing = crashingDatabase(world.db, point, isStep);
  const first = await world.scheduler({ db: crashing.db, settings });
  let fails = 1;
  const api = await world.api({
    body({ run }) {
      if (Number(run?.logicalDate?.seconds) * 1000 !== day(2) || fails === 0) return success();
      fails -= 1;
      return failure("no");
    },
  });
  await world.untilFinal(await api.trigger("filled", { logicalAt: day(2) }));
  await world.untilFinal(await api.trigger("filled", { logicalAt: day(3) }));
  crashing.arm();
  const asked = {
    from: day(1),
    to: day(7),
    reprocess: 2,
    maxActiveRuns: 2,
    requestId: "x",
  } as const;
  const key = startBackfill(world.db, api, spec, asked);
  const untilOver = async (): Promise<null> => {
    const id = await key;
    for (;;) {
      if ((await backfillState(world.db, id)) === "completed") return null;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const end = await Promise.race([crashing.died.then(() => "died" as const), untilOver()]);
  if (end === "died") {
    first.kill();
    await world.expireLeases();
    await world.scheduler({ settings });
  }
  // What was assigned but not told before the death is found by inventories.
  using _naming = api.keepNaming();
  const id = await key;
  await expect.poll(() => backfillState(world.db, id), { timeout: 60_000 }).toBe("completed");
  const dates = await datesOf(world.db, id);
  const where = JSON.stringify({ ...point, name: crashing.seen.at(point.at - 1) });
  expect(
    dates.map(({ ordinal, outcome, state }) => [ordinal, outcome, state]),
    where,
  ).toEqual([
    ...[
      [1, "made", 3],
      [2, "rerun", 3],
      [3, "exists", 3],
    ],
    ...[4, 5, 6, 7].map((n) => [n, "made", 3]),
  ]);
  const { rows } = await world.db.pool.query<{ count: number; reopened: number; existing: number }>(
    `SELECT count(*)::int AS count, sum(reopen_count)::int AS reopened,
            (SELECT existing FROM backfill) AS existing FROM run`,
  );
  expect(rows[0], where).toEqual({ count: 7, reopened: 1, existing: 1 });
  return end === "died" ? (crashing.seen.at(point.at - 1) ?? "") : null;
}

/** Statements that make the backfill, take it up, and decide its first page. */
const points = [1, 2, 3, 4, 5, 6, 7, 8];

test.each([{ isAfter: false }, { isAfter: true }])(
  "cut short at a statement (after it: $isAfter), another scheduler goes on, and each date is done once",
  async ({ isAfter }) => {
    // Some at a time: each takes its moment until the dead one is taken to be so.
    for (let n = 0; n < points.length; n += 3) {
      const found = await Promise.all(points.slice(n, n + 3).map((at) => crashed({ at, isAfter })));
      expect(found).not.toContain(null);
    }
  },
  180_000,
);

test("a backfill goes on that was resumed without an answer, however often that is asked for", async () => {
  await using world = await aWorld();
  await registerDag(world.db, spec, { scheduledThrough: new Date() });
  const lost = statementTrouble(world.db, "COMMIT of request_keep", "after", { isArmed: false });
  await world.scheduler({ db: lost.db, settings });
  const api = await world.api({ body: () => null });
  const asked = { from: day(1), to: day(3), maxActiveRuns: 1 };
  const key = await startBackfill(world.db, api, spec, asked);
  await expect.poll(() => api.assigned.length).toBe(1);
  await changeBackfill(api, "filled", "pauseBackfill", key);
  lost.arm();
  // It asks again until it is answered, and is told then that this is done.
  await changeBackfill(api, "filled", "resumeBackfill", key);
  await lost.met;
  for (const nth of [0, 1, 2]) {
    await expect.poll(() => api.assigned.length).toBe(nth + 1);
    await api.report(api.assigned[nth]!.attemptId, success());
  }
  await expect.poll(() => backfillState(world.db, key)).toBe("completed");
});
