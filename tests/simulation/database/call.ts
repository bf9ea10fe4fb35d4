/** What travels from a client to the database. */

import type { Transaction } from "./server.ts";

export type Job<T> = {
  readonly shards: readonly number[];
  readonly transaction: Transaction | null;
  execute(): T;
};

export type Call = <T>(job: Job<T>) => Promise<T>;
