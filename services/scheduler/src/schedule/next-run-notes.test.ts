import { expect, test } from "vitest";
import { createNextRunNotes } from "./next-run-notes.ts";
import type { Owner } from "../owner.ts";

/** Rows as a database holds them that does not answer at first, and then takes what it is told. */
function anOwner() {
  const rows = new Map<string, string | null>();
  const { promise, reject } = Promise.withResolvers<never>();
  let isFirst = true;
  const pool = {
    query({ values }: { readonly values: readonly [string[], (string | null)[]] }) {
      const [dagIds, ats] = values;
      if (isFirst) {
        isFirst = false;
        return promise;
      }
      dagIds.forEach((dagId, n) => rows.set(dagId, ats[n]!));
      return Promise.resolve({ rows: [] });
    },
  };
  const owner = {
    settings: { nextRunsPerWriteMax: 10, reloadDelayMs: { first: 1, max: 1 } },
    shards: new Map([[1, {}]]),
    log: { warn: () => undefined },
    clock: { after: (_: number, call: () => void) => setImmediate(call) },
    db: { pool },
  } as unknown as Owner;
  return { rows, owner, fail: () => reject(new Error("Connection terminated unexpectedly")) };
}

test("what a tick has written is not undone by an older note that is written again", async () => {
  const { rows, owner, fail } = anOwner();
  const notes = createNextRunNotes(owner);
  notes.note("etl", 5);
  await new Promise(setImmediate);
  // The transaction of a tick says that no run follows.
  rows.set("etl", null);
  notes.supersede("etl", null);
  fail();
  await expect.poll(() => rows.get("etl")).toBe(null);
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect(rows.get("etl")).toBe(null);
});

test("where nothing is on its way, nothing is written once more", async () => {
  const { rows, owner } = anOwner();
  createNextRunNotes(owner).supersede("etl", 5);
  await new Promise(setImmediate);
  expect(rows.size).toBe(0);
});
