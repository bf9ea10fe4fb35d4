import { create } from "@bufbuild/protobuf";
import { DemandSchema } from "@millrace/wire/internal";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createDemandBook } from "./demand.ts";
import { sessionOf, type WorkerSession } from "./session.ts";

function session(
  more: { queues?: string[]; handlers?: string[]; runs_bundles?: boolean } = {},
): WorkerSession {
  return sessionOf({
    key: 1,
    session_id: "s",
    token_hash: Buffer.alloc(32),
    worker_name: "w",
    sdk: "",
    queues: ["default"],
    handlers: [],
    runs_bundles: true,
    slots: 4,
    ended_at: null,
    ...more,
  });
}

const hear = (
  book: ReturnType<typeof createDemandBook>,
  nodeId: string,
  count: number,
  queue = "default",
  handler = "",
): void => book.hear(create(DemandSchema, { nodeId, lines: [{ queue, handler, count }] }));

const all = (need: number): number => need;

test("slots are split evenly among owners that have work", () => {
  const book = createDemandBook();
  hear(book, "a", 100);
  hear(book, "b", 100);
  const shares = book.split(session(), 10, all);
  expect([...shares.values()]).toEqual([5, 5]);
});

test("an owner that needs little leaves the rest to the other", () => {
  const book = createDemandBook();
  hear(book, "a", 1);
  hear(book, "b", 100);
  const shares = book.split(session(), 10, all);
  expect(shares.get("a")).toBe(1);
  expect([...shares.values()].reduce((sum, slots) => sum + slots, 0)).toBeGreaterThanOrEqual(6);
});

test("what was given is needed no more, until the owner says so again", () => {
  const book = createDemandBook();
  hear(book, "a", 3);
  expect(book.split(session(), 10, all).get("a")).toBe(3);
  expect(book.split(session(), 10, all).size).toBe(0);
  hear(book, "a", 1);
  expect(book.split(session(), 10, all).get("a")).toBe(1);
});

test("an owner that gives slots back gets none again until it asks", () => {
  const book = createDemandBook();
  hear(book, "a", 100);
  book.giveUp("a", session());
  expect(book.split(session(), 10, all).size).toBe(0);
});

test("slots go only where queue and handler fit", () => {
  const book = createDemandBook();
  hear(book, "a", 5, "gpu");
  hear(book, "b", 5, "default", "score");
  expect(book.split(session(), 10, all).size).toBe(0);
  expect([...book.split(session({ queues: ["gpu"] }), 10, all).keys()]).toEqual(["a"]);
  expect([
    ...book.split(session({ handlers: ["score"], runs_bundles: false }), 10, all).keys(),
  ]).toEqual(["b"]);
});

test("never more than there is, never more than is needed", () => {
  const owners = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.nat({ max: 50 }));
  fc.assert(
    fc.property(
      owners,
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 5 }),
      (needs, free, sessions) => {
        const book = createDemandBook();
        for (const [nodeId, count] of Object.entries(needs)) hear(book, nodeId, count);
        const shares = book.split(session(), free, (need) => Math.ceil(need / sessions));
        let sum = 0;
        for (const [nodeId, slots] of shares) {
          expect(slots).toBeLessThanOrEqual(needs[nodeId] ?? 0);
          sum += slots;
        }
        expect(sum).toBeLessThanOrEqual(free);
      },
    ),
  );
});
