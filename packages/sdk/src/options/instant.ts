/** Instants as people write them. */

/** A `Date`, or ISO 8601 text with a zone, such as "2026-01-01T00:00Z" or "2026-01-01T02:00+02:00". */
export type Instant = Date | string;

const zoned = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

export const instantForms =
  'a Date or ISO 8601 text with a zone, such as "2026-01-01T00:00Z"; a text without a zone means ' +
  "another instant on every machine";

/** Milliseconds since 1970 UTC, or null when it is no instant, or a day that does not exist. */
export function instantMs(value: unknown): number | null {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.getTime();
  if (typeof value !== "string") return null;
  const match = zoned.exec(value);
  if (match === null || !isDay(Number(match[1]), Number(match[2]), Number(match[3]))) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}

/** `Date.parse` takes February 30th for March 2nd. */
function isDay(year: number, month: number, day: number): boolean {
  return (
    month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
  );
}
