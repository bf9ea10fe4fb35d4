/** The id of a backfill as callers see it: `backfill_` and the database key in base 36. */

const pattern = /^backfill_([1-9a-z][0-9a-z]{0,10})$/;

export function backfillIdOf(backfillKey: number | bigint): string {
  return `backfill_${backfillKey.toString(36)}`;
}

/** Null when the text is not the id of a backfill. */
export function backfillKeyOf(backfillId: string): number | null {
  const match = pattern.exec(backfillId);
  if (match === null) return null;
  const key = Number.parseInt(match[1] ?? "", 36);
  return Number.isSafeInteger(key) ? key : null;
}
