/** Runs a statement of `sql/` on the pool, prepared under its own name. */

import type { Pool } from "pg";

import { sqlText } from "./assets.ts";

/** Rows as objects. `T` repeats the statement's column list: nothing checks it but the tests. */
export async function rowsOf<T>(
  pool: Pool,
  name: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  const answer = await pool.query({ name, text: sqlText(name), values: [...values] });
  return answer.rows as T[];
}
