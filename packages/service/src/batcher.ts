/** Gathers single requests into batches, paced by the work itself: whenever idle, take everything that waits. */

export type BatcherOptions<Item, Answer> = {
  /** Items of one batch. */
  readonly batchMax: number;
  /** Answers in the order of the items. What it throws rejects the items of the batch. */
  run(items: readonly Item[]): Promise<readonly Answer[]>;
};

export type Batcher<Item, Answer> = {
  add(item: Item): Promise<Answer>;
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>;
};

type Waiting<Item, Answer> = {
  readonly item: Item;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
};

export function createBatcher<Item, Answer>(
  options: BatcherOptions<Item, Answer>,
): Batcher<Item, Answer> {
  let waiting: Waiting<Item, Answer>[] = [];
  let running: Promise<void> | null = null;

  async function runAll(): Promise<void> {
    // One turn of the event loop, so that everything that arrives together goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.slice(0, options.batchMax);
      waiting = waiting.slice(options.batchMax);
      await runBatch(batch);
    }
    running = null;
  }

  async function runBatch(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await options.run(batch.map((each) => each.item));
      batch.forEach((each, index) => each.resolve(answers[index] as Answer));
    } catch (error) {
      for (const each of batch) each.reject(error);
    }
  }

  return {
    add(item) {
      return new Promise<Answer>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        running ??= runAll();
      });
    },
    idle: () => running ?? Promise.resolve(),
  };
}
