/** A transaction of statements of `sql/`. */

import type { Database } from "./database.ts";
import { sqlText } from "./assets.ts";

/** Runs a statement of `sql/` inside the transaction; rows as objects. */
export type Run = <T>(name: string, values?: readonly unknown[]) => Promise<T[]>;

/** Commits what the body did; rolls all of it back when it throws. A connection whose rollback fails is dropped. */
export async function inTransaction<T>(db: Database, body: (run: Run) => Promise<T>): Promise<T> {
  const client = await db.pool.connect();
  const run: Run = async <Row>(name: string, values: readonly unknown[] = []) => {
    const answer = await client.query({ name, text: sqlText(name), values: [...values] });
    return answer.rows as Row[];
  };
  try {
    await client.query("BEGIN");
    const result = await body(run);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    const rollback = await client.query("ROLLBACK").catch((failure: unknown) => failure);
    client.release(rollback instanceof Error);
    throw error;
  }
}
