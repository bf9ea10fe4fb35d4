import { expect, test } from "vitest";
import { createRunLine } from "../runs/run-line.ts";
import type { ActiveRun, OwnedDag, QueuedRun } from "../runs/run.ts";
import { leaveKey, takeKey } from "./concurrency-keys.ts";

function aDagWith(...waiting: number[]) {
  const queued = createRunLine<QueuedRun>();
  for (const key of waiting) {
    queued.set(key, {} as QueuedRun);
    queued.park(key, "x");
  }
  const dag = { keys: new Map(), queued, backfill: null } as unknown as OwnedDag;
  const run = (key: number) => ({ key, dag, concurrencyKey: "x" }) as ActiveRun;
  return { run, woken: () => [...queued.entries()].map(([key]) => key) };
}

test("when the run that has a key is over, the first that waits for it is woken", () => {
  const { run, woken } = aDagWith(2, 3);
  takeKey(run(1));
  leaveKey(run(1));
  expect(woken()).toEqual([2]);
});

test("one that was woken and is cancelled before it starts wakes the next", () => {
  const { run, woken } = aDagWith(3);
  leaveKey(run(2));
  expect(woken()).toEqual([3]);
});

test("one that is cancelled while another has the key wakes nobody", () => {
  const { run, woken } = aDagWith(3);
  takeKey(run(1));
  leaveKey(run(2));
  expect(woken()).toEqual([]);
});
