/** What travels from a client to the database. */

import type { Needs } from "./needs.ts";
import type { Transaction } from "./server.ts";

export type Job<T> = {
  readonly needs: Needs;
  readonly transaction: Transaction | null;
  execute(): T;
};

export type Call = <T>(job: Job<T>) => Promise<T>;
