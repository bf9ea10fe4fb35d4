import { expect, test } from "vitest";
import { createSlots, type SlotGrantIn } from "./slots.ts";

const line = { queue: "default", handler: null };
const aGrant = (
  sessionKey: number,
  slots: number,
  changes: Partial<SlotGrantIn> = {},
): SlotGrantIn => ({
  sessionKey,
  slots,
  queues: ["default"],
  handlers: [],
  runsBundles: true,
  workerName: `w${sessionKey}`,
  ...changes,
});

test("sessions take turns, each as often as it was granted, and no more", () => {
  const slots = createSlots();
  slots.grant("api", [aGrant(1, 3), aGrant(2, 1)]);
  const taken = Array.from({ length: 5 }, () => slots.take(line)?.sessionKey);
  expect(taken).toEqual([1, 2, 1, 1, undefined]);
  expect(slots.hasFree(line)).toBe(false);
  slots.putBack(2);
  expect(slots.take(line)?.sessionKey).toBe(2);
});

test("a slot fits a line by queue, and by handler or bundle", () => {
  const slots = createSlots();
  slots.grant("api", [
    aGrant(1, 1, { handlers: ["score"], runsBundles: false, queues: ["python"] }),
  ]);
  expect(slots.take(line)).toBeNull();
  expect(slots.take({ queue: "python", handler: null })).toBeNull();
  expect(slots.take({ queue: "default", handler: "score" })).toBeNull();
  expect(slots.take({ queue: "python", handler: "score" })?.sessionKey).toBe(1);
});

test("slots without use are taken away once, and those that could be used stay", () => {
  const slots = createSlots();
  slots.grant("api", [aGrant(1, 2), aGrant(2, 3, { queues: ["gpu"] })]);
  expect(slots.takeUnused([line])).toEqual([{ apiNodeId: "api", sessionKey: 2, slots: 3 }]);
  expect(slots.takeUnused([line])).toEqual([]);
  expect(slots.hasFree(line)).toBe(true);
});

test("slots of an ended session or a gone api node are worth nothing, until they are granted anew", () => {
  const slots = createSlots();
  slots.grant("api1", [aGrant(1, 2)]);
  slots.grant("api2", [aGrant(2, 2)]);
  slots.endSession(1);
  slots.dropApiNode("api2");
  expect(slots.take(line)).toBeNull();
  slots.grant("api1", [aGrant(2, 1)]);
  expect(slots.take(line)).toMatchObject({ sessionKey: 2, apiNodeId: "api1" });
  expect(slots.take(line)).toBeNull();
});
