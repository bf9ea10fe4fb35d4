/** The id of a run as callers see it: `run_` and the database key in base 36. */

const pattern = /^run_([1-9a-z][0-9a-z]{0,10})$/;

export function runIdOf(runKey: number | bigint): string {
  return `run_${runKey.toString(36)}`;
}

/** Null when the text is not a run id. */
export function runKeyOf(runId: string): number | null {
  const match = pattern.exec(runId);
  if (match === null) return null;
  const key = Number.parseInt(match[1] ?? "", 36);
  return Number.isSafeInteger(key) ? key : null;
}
