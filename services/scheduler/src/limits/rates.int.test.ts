import { testDatabase } from "@millrace/db/testing";
import { createLogger } from "@millrace/service";
import { expect, test } from "vitest";
import { createRates } from "./rates.ts";

test("a start that was not used within a part of the length is at hand no more: it would be counted too early", async () => {
  await using database = await testDatabase();
  let now = 1_000;
  let pumps = 0;
  const rates = createRates({
    db: database.db,
    clock: { monotonicMs: () => now, after: () => () => undefined },
    dbClock: { now: () => now, observe: () => undefined },
    log: createLogger({ name: "test", level: "silent" }),
    pump: () => void (pumps += 1),
  });
  const limit = { key: "api", limit: 1, perMs: 60_000 };
  rates.ask(limit, 1);
  await expect.poll(() => pumps).toBe(1);
  now += limit.perMs / 16 - 1;
  expect(rates.waitOf(limit)).toBeNull();
  now += 1;
  expect(rates.waitOf(limit)).not.toBeNull();
});

// Tasks waited for ever on a quiet node: the timer came a moment before the start was possible, and nobody looked again.
test("a start is asked for once it is possible, although the database's clock was set back before that", async () => {
  await using database = await testDatabase();
  const timers: (() => void)[] = [];
  let now = 1_000;
  let pumps = 0;
  const rates = createRates({
    db: database.db,
    clock: { monotonicMs: () => now, after: (_ms, call) => (timers.push(call), () => undefined) },
    dbClock: { now: () => now, observe: () => undefined },
    log: createLogger({ name: "test", level: "silent" }),
    pump: () => void (pumps += 1),
  });
  const limit = { key: "api", limit: 1, perMs: 60_000 };
  const gate = rates.gate(limit);
  rates.ask(limit, 1);
  await expect.poll(() => pumps).toBe(1);
  rates.use(limit);
  rates.ask(limit, 1);
  await expect.poll(() => timers.length).toBe(1);
  expect(gate.room()).toBe(0);
  now = gate.until - 5;
  timers.shift()!();
  expect([pumps, timers.length]).toEqual([1, 1]);
  now = gate.until + 1;
  timers.shift()!();
  expect([pumps, timers.length]).toEqual([2, 0]);
  expect(gate.room()).toBe(1);
});
