import * as fc from "fast-check";
import { expect, test } from "vitest";
import { settleGrants, type OwnPoolUse, type PoolGrantRow } from "./pool-grants.ts";

const use = (shard: number, used: number, wanted: number, least = 1): OwnPoolUse => ({
  ...{ shard, used, wanted, least },
  isFresh: false,
});
const row = (
  shard: number,
  slots: number,
  wanted = 0,
  since: number | null = null,
): PoolGrantRow => ({
  ...{ shard, slots, wanted, since },
  least: Math.min(1, wanted),
  isLive: true,
});
const slotsOf = (rows: readonly PoolGrantRow[]) => rows.map(({ slots }) => slots);

test("who asks first is given first, and who gets nothing is remembered", () => {
  const [first] = settleGrants(2, [], [use(1, 0, 5)], 10);
  expect(first).toMatchObject({ slots: 2, wanted: 3, since: 10 });
  const [second] = settleGrants(2, [first!], [use(2, 0, 1)], 20);
  expect(second).toMatchObject({ slots: 0, wanted: 1, least: 1, since: 20 });
});

test("a slot that was just given is not taken away again before it could be used", () => {
  const rows = [row(1, 1), row(2, 0, 1, 5)];
  expect(slotsOf(settleGrants(1, rows, [{ ...use(1, 0, 3), isFresh: true }], 10))).toEqual([1]);
  expect(slotsOf(settleGrants(1, rows, [use(1, 0, 3)], 10))).toEqual([0]);
});

test("what is not used goes back once somebody lacks it, and stays at hand until then", () => {
  expect(slotsOf(settleGrants(4, [row(1, 4)], [use(1, 1, 0)], 0))).toEqual([4]);
  expect(slotsOf(settleGrants(4, [row(1, 4), row(2, 0, 2, 0)], [use(1, 1, 0)], 9))).toEqual([1]);
});

test("of shards that each hold what the other lacks, since the same moment, one gets all that its task takes", () => {
  const wide = [use(1, 0, 2, 2), use(2, 0, 2, 2)];
  const asking = settleGrants(2, [row(1, 1), row(2, 1)], wide, 10);
  expect(slotsOf(asking)).toEqual([2, 0]);
  // Those of two owners, written in one moment and settled later.
  const since = [row(1, 1, 1, 5), row(2, 1, 1, 5)];
  const [second] = settleGrants(2, since, [wide[1]!], 10);
  const [first] = settleGrants(2, [since[0]!, second!], [wide[0]!], 11);
  expect(slotsOf([first!, second!])).toEqual([2, 0]);
});

test("a pool that was made smaller than its use gives nothing until it fits", () => {
  const rows = [row(1, 6), row(2, 3)];
  expect(slotsOf(settleGrants(4, rows, [use(1, 5, 3), use(2, 3, 3)], 0))).toEqual([5, 3]);
  expect(slotsOf(settleGrants(4, rows, [use(1, 1, 3), use(2, 3, 3)], 0))).toEqual([1, 3]);
});

test("wants of shards that nobody owns keep nothing back", () => {
  const dead = { ...row(2, 0, 4, 0), isLive: false };
  expect(slotsOf(settleGrants(4, [dead], [use(1, 0, 4)], 9))).toEqual([4]);
});

/** Shards of random owners, tasks that come and end at random; owners settle one at a time, in any order. */
test("the sum of grants never exceeds the pool, and whoever lacks slots gets its turn while slots turn over", () => {
  const shards = fc.integer({ min: 1, max: 6 });
  const needs = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 12 }),
      shards,
      needs,
      fc.array(fc.nat(1_000), { minLength: 5, maxLength: 60 }),
      (total, count, least, picks) => {
        const rows = new Map<number, PoolGrantRow>();
        const used = new Map<number, number>();
        const waits = new Map<number, number>();
        let now = 0;
        const settle = (shard: number, demand: number) => {
          now += 1;
          const inUse = used.get(shard) ?? 0;
          const own = use(shard, inUse, demand, least[shard]);
          const [after] = settleGrants(total, [...rows.values()], [own], now);
          rows.set(shard, after!);
          const held = [...rows.values()].reduce((sum, { slots }) => sum + slots, 0);
          expect(held).toBeLessThanOrEqual(total);
          const idle = after!.slots - inUse;
          if (demand > 0 && idle >= least[shard]!) {
            used.set(shard, inUse + least[shard]!);
            waits.set(shard, 0);
          }
        };
        for (const pick of picks) {
          // Everybody always has more to do; something of a random shard ends, and then all look in turn.
          const ending = pick % count;
          used.set(ending, Math.max(0, (used.get(ending) ?? 0) - least[ending]!));
          for (let nth = 0; nth < count; nth += 1)
            settle((pick + nth) % count, 4 * least[(pick + nth) % count]!);
        }
        // From now on the one that runs longest ends in each round.
        for (let round = 0; round < 12 * count; round += 1) {
          for (let shard = 0; shard < count; shard += 1)
            waits.set(shard, (waits.get(shard) ?? 0) + 1);
          const busy = [...used].filter(([, slots]) => slots > 0).map(([shard]) => shard);
          const ending = busy[round % Math.max(1, busy.length)] ?? 0;
          used.set(ending, Math.max(0, (used.get(ending) ?? 0) - least[ending]!));
          for (let shard = 0; shard < count; shard += 1) settle(shard, 4 * least[shard]!);
          for (const waited of waits.values()) expect(waited).toBeLessThanOrEqual(8 * count);
        }
      },
    ),
    { numRuns: 200 },
  );
});
