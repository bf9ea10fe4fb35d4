/** Conditions by partition: what holds, what is missing, and that each event is used once (semantics 10.6). */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AssetExpression } from "../assets/asset.ts";
import { allOf, anyOf, events } from "../assets/testing.ts";
import { partitionHolds, partitionProgress, partitionReasons } from "./hold.ts";
import { mapPartition } from "./map.ts";
import { mapperOf, type PartitionedAssetSchedule, type PartitionMapper } from "./mapper.ts";
import { fanOut, rollup, startOf } from "./testing.ts";

const schedule = (
  expression: AssetExpression,
  mappers: Readonly<Record<string, PartitionMapper>> = {},
): PartitionedAssetSchedule => ({
  ...{ kind: "partitioned_assets", expression },
  mappings: Object.entries(mappers).map(([uri, mapper]) => ({ uri, name: "", mapper })),
});
const haves =
  (have: Readonly<Record<string, { events: number; parts?: number }>>) => (uri: string) => ({
    events: have[uri]?.events ?? 0,
    parts: have[uri]?.parts ?? 1,
  });

describe("a key holds", () => {
  const both = schedule(allOf(events("a"), events("b")));
  const hours = schedule(allOf(events("a"), events("b")), { b: rollup("day", "hour") });
  test.each<[string, PartitionedAssetSchedule, ReturnType<typeof haves>, boolean]>([
    ["when all assets have an event", both, haves({ a: { events: 1 }, b: { events: 2 } }), true],
    ["not when one has none", both, haves({ a: { events: 5 } }), false],
    [
      "when all hours have come",
      hours,
      haves({ a: { events: 1 }, b: { events: 30, parts: 24 } }),
      true,
    ],
    [
      "not when some have come twice",
      hours,
      haves({ a: { events: 1 }, b: { events: 30, parts: 23 } }),
      false,
    ],
    [
      "of a number of events, when so many are there",
      schedule(events("a", 3)),
      haves({ a: { events: 3 } }),
      true,
    ],
    [
      "of a number of events, not before",
      schedule(events("a", 3)),
      haves({ a: { events: 2 } }),
      false,
    ],
    ["of either", schedule(anyOf(events("a"), events("b"))), haves({ b: { events: 1 } }), true],
  ])("%s", (_, of, have, holds) => {
    expect(partitionHolds(of, "2026-01-02", have)).toBe(holds);
    expect(partitionProgress(of, "2026-01-02", have).isMet).toBe(holds);
  });

  test("and says what is missing, in hours where it waits for hours", () => {
    const progress = partitionProgress(
      hours,
      "2026-01-02",
      haves({ b: { events: 22, parts: 21 } }),
    );
    expect(progress).toMatchObject({
      parts: [{ message: "no event of a" }, { message: "21 of 24 hours of b", unit: "hours" }],
    });
    expect(partitionReasons("2026-01-02", progress).map(({ message }) => message)).toEqual([
      'Partition "2026-01-02": Waits for 1 more event of a; it has 0 of 1.',
      'Partition "2026-01-02": Waits for 3 more hours of b; it has 21 of 24.',
    ]);
  });
});

type Event = { readonly id: number; readonly uri: string; readonly key: string };
type Run = { readonly key: string; readonly events: readonly number[] };

/** What the scheduler does, with lists in the place of tables. */
function runsOf(of: PartitionedAssetSchedule, order: readonly Event[]): Run[] {
  const runs: Run[] = [];
  const sorted = new Map<string, { readonly event: Event; readonly part: string }[]>();
  for (const event of order) {
    const mapped = mapPartition(mapperOf(of, { uri: event.uri, name: "" }), event.key);
    for (const { key, part } of mapped.targets ?? []) {
      const own = sorted.get(key) ?? [];
      sorted.set(key, [...own, { event, part }]);
      if (!partitionHolds(of, key, countsOf(sorted.get(key)!))) continue;
      runs.push({ key, events: sorted.get(key)!.map((one) => one.event.id) });
      sorted.delete(key);
    }
  }
  return runs;
}

const countsOf =
  (rows: readonly { readonly event: Event; readonly part: string }[]) => (uri: string) => {
    const own = rows.filter((row) => row.event.uri === uri);
    return { events: own.length, parts: new Set(own.map((row) => row.part)).size };
  };

const inOrder = (a: string, b: string) => a.localeCompare(b);

describe("for any events in any order", () => {
  const mappers: Readonly<Record<string, PartitionMapper>> = {
    a: startOf("day"),
    b: rollup("day", "hour", {}, 3),
    c: fanOut("month", "day"),
  };
  const of = schedule(allOf(events("a"), anyOf(events("b"), events("c"))), mappers);
  const keys: Readonly<Record<string, fc.Arbitrary<string>>> = {
    a: fc.constantFrom("2026-01-01T05:00:00", "2026-01-02T05:00:00", "2026-01-01", "none"),
    b: fc
      .integer({ min: 0, max: 40 })
      .map((hour) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString().slice(0, 13)),
    c: fc.constantFrom("2026-01", "2026-02", "2026-13"),
  };
  const some = fc
    .array(
      fc.constantFrom("a", "b", "c").chain((uri) => keys[uri]!.map((key) => ({ uri, key }))),
      { maxLength: 60 },
    )
    .map((list) => list.map((event, id): Event => ({ ...event, id })));

  test("no run uses an event twice, no two runs of a key use the same one, and each is of the run's key", () => {
    fc.assert(
      fc.property(some, (order) => {
        const seen = new Set<string>();
        for (const { key, events: used } of runsOf(of, order)) {
          expect(new Set(used).size).toBe(used.length);
          for (const id of used) {
            expect(seen.has(`${key} ${id}`)).toBe(false);
            seen.add(`${key} ${id}`);
            const { uri, key: own } = order[id]!;
            const { targets } = mapPartition(mappers[uri]!, own);
            expect(targets?.map((target) => target.key)).toContain(key);
          }
        }
      }),
    );
  });

  test("a key runs when its condition holds, and not before", () => {
    fc.assert(
      fc.property(some, (order) => {
        for (const { key, events: used } of runsOf(of, order)) {
          const rows = used.map((id) => {
            const event = order[id]!;
            const { targets } = mapPartition(mappers[event.uri]!, event.key);
            return { event, part: targets!.find((target) => target.key === key)!.part };
          });
          expect(partitionHolds(of, key, countsOf(rows))).toBe(true);
          expect(partitionHolds(of, key, countsOf(rows.slice(0, -1)))).toBe(false);
        }
      }),
    );
  });

  test("the order decides which events a run uses, and not which keys run when each comes once", () => {
    const once = fc.uniqueArray(fc.record({ uri: fc.constant("b"), key: keys["b"]! }), {
      selector: ({ key }) => key,
      maxLength: 40,
    });
    const daily = schedule(events("b"), { b: rollup("day", "hour") });
    fc.assert(
      fc.property(once, fc.infiniteStream(fc.nat()), (list, ranks) => {
        const order = list.map((event, id): Event => ({ ...event, id }));
        const other = order
          .map((event) => ({ event, rank: ranks.next().value as number }))
          .sort((x, y) => x.rank - y.rank)
          .map(({ event }) => event);
        const runs = (events: readonly Event[]) =>
          runsOf(daily, events)
            .map(({ key, events: used }) => [key, ...used.toSorted((x, y) => x - y)].join())
            .toSorted(inOrder);
        expect(runs(other)).toEqual(runs(order));
      }),
    );
  });
});
