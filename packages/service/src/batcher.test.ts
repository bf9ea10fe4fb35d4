import { expect, test } from "vitest";
import { createBatcher } from "./batcher.ts";

test("what arrives together goes together, and each caller gets its own answer", async () => {
  const batches: number[][] = [];
  const batcher = createBatcher<number, number>({
    batchMax: 2,
    run(items) {
      batches.push([...items]);
      return Promise.resolve(items.map((item) => item * 10));
    },
  });
  expect(await Promise.all([1, 2, 3].map((item) => batcher.add(item)))).toEqual([10, 20, 30]);
  expect(batches).toEqual([[1, 2], [3]]);
});

test("what arrives while a batch runs waits for the next one", async () => {
  const first = Promise.withResolvers<void>();
  const batches: string[][] = [];
  const batcher = createBatcher<string, string>({
    batchMax: 10,
    async run(items) {
      batches.push([...items]);
      if (batches.length === 1) await first.promise;
      return items;
    },
  });
  const a = batcher.add("a");
  await new Promise((resolve) => setImmediate(resolve));
  const rest = [batcher.add("b"), batcher.add("c")];
  first.resolve();
  await Promise.all([a, ...rest]);
  await batcher.idle();
  expect(batches).toEqual([["a"], ["b", "c"]]);
});

test("a batch that fails rejects its items and no others", async () => {
  let turn = 0;
  const batcher = createBatcher<string, string>({
    batchMax: 1,
    run: (items) => (turn++ === 0 ? Promise.reject(new Error("no")) : Promise.resolve(items)),
  });
  const answers = await Promise.allSettled([batcher.add("a"), batcher.add("b")]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});
