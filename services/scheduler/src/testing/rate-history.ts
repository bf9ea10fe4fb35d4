/** What was ever taken of rates, from the database, which forgets it otherwise; and when what was taken was used. */

import type { Database } from "@millrace/db";
import type { RateLimit } from "@millrace/engine";

/** Of each start that was taken, oldest first: the part of time, a sixteenth of the rate's length, in which it was. */
export type RateHistory = { parts(): Promise<number[]> };

/** Parts by which starts are counted, and those that have to lie between the start of one and another one too many. */
const partsPer = 16;

/** From now on. */
export async function noteStarts({ pool }: Database): Promise<RateHistory> {
  await pool.query(`
    CREATE TABLE taken_start (part bigint NOT NULL);
    CREATE FUNCTION note_taken_start() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO taken_start
      SELECT NEW.slice FROM generate_series(1, NEW.taken - CASE TG_OP WHEN 'UPDATE' THEN OLD.taken ELSE 0 END);
      RETURN NULL;
    END $$;
    CREATE TRIGGER note_taken_start AFTER INSERT OR UPDATE ON rate_start
    FOR EACH ROW EXECUTE FUNCTION note_taken_start()`);
  return {
    async parts() {
      const { rows } = await pool.query<{ part: number }>(
        "SELECT part FROM taken_start ORDER BY part",
      );
      return rows.map(({ part }) => part);
    },
  };
}

/**
 * Where more starts were taken within a rate's length than it allows, or a start was written before it was taken: by the
 * database's clock alone, as a start is written some time, which may be long, after it was decided.
 */
export function excessOf(
  { limit, perMs }: RateLimit,
  parts: readonly number[],
  starts: readonly Date[],
): string[] {
  const partMs = Math.ceil(perMs / partsPer);
  const crowded = parts.flatMap((part, at) => {
    const next = parts[at + limit];
    return next !== undefined && next - part <= partsPer ? [`taken: ${part}, and ${next}`] : [];
  });
  const inOrder = starts.map((at) => at.getTime()).toSorted((a, b) => a - b);
  const early = inOrder.flatMap((at, nth) => {
    const part = parts[nth];
    return part === undefined || at < part * partMs ? [`started: ${at} of ${part}`] : [];
  });
  return [...crowded, ...early];
}
