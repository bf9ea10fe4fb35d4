import { expect, test } from "vitest";
import { createOutbox } from "./outbox.ts";

const options = { limit: 3, overflow: () => new Error("too slow") };

async function drain<T>(items: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = [];
  for await (const item of items) read.push(item);
  return read;
}

test("a reader gets everything in order, and then the end", async () => {
  const outbox = createOutbox<number>(options);
  const reading = drain(outbox);
  outbox.push(1);
  await Promise.resolve();
  outbox.push(2);
  outbox.close();
  expect(await reading).toEqual([1, 2]);
  expect(outbox.push(3)).toBe(false);
});

test("a reader gets what was there before an error", async () => {
  const outbox = createOutbox<number>(options);
  outbox.push(1);
  outbox.close(new Error("broken"));
  const seen: number[] = [];
  await expect(
    (async () => {
      for await (const item of outbox) seen.push(item);
    })(),
  ).rejects.toThrow("broken");
  expect(seen).toEqual([1]);
});

test("a reader that is too slow is cut off", async () => {
  const outbox = createOutbox<number>(options);
  for (const item of [1, 2, 3, 4]) outbox.push(item);
  expect(outbox.isClosed).toBe(true);
  await expect(drain(outbox)).rejects.toThrow("too slow");
});

test("a reader that leaves closes the outbox", async () => {
  const outbox = createOutbox<number>(options);
  outbox.push(1);
  for await (const item of outbox) {
    expect(item).toBe(1);
    break;
  }
  expect(outbox.isClosed).toBe(true);
});
