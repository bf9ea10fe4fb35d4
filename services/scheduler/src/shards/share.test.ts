import fc from "fast-check";
import { expect, test } from "vitest";
import { adviseShare } from "./share.ts";

const nobody = Array.from({ length: 64 }, (_, id) => ({ id, owner: null as string | null }));

/** Orders that leave a node out for long have needed six rounds of everybody. */
const roundsMax = 20;

test("a node that is alone takes everything", () => {
  expect(adviseShare("a", nobody, new Set()).take.toSorted((a, b) => a - b)).toEqual(
    nobody.map(({ id }) => id),
  );
});

test("nodes that act on the advice, in any order, come to even shares and then rest", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.infiniteStream(fc.nat(8)), (count, picks) => {
      const nodes = Array.from({ length: count }, (_, i) => `node${i}`);
      const shards = nobody.map((shard) => ({ ...shard }));
      for (const pick of picks.take(40 * count)) turn(nodes[pick % count]!);
      for (let i = 0; i < roundsMax; i++) nodes.forEach(turn);
      const before = JSON.stringify(shards);
      nodes.forEach(turn);
      expect(JSON.stringify(shards)).toBe(before);
      const owned = nodes.map((node) => shards.filter(({ owner }) => owner === node).length);
      expect(owned.reduce((sum, each) => sum + each, 0)).toBe(64);
      expect(Math.max(...owned)).toBeLessThanOrEqual(Math.ceil(64 / count));
      expect(Math.min(...owned)).toBeGreaterThanOrEqual(Math.floor(64 / count) - count);

      function turn(node: string): void {
        const advice = adviseShare(node, shards, new Set(nodes.filter((each) => each !== node)));
        for (const id of advice.release) shards[id]!.owner = null;
        for (const id of advice.take) shards[id]!.owner = node;
      }
    }),
  );
});
