/** The id of an attempt: opaque to workers, and all the front door needs to find the attempt's owner and its rows. */

export type AttemptRef = {
  /** 0 to 63: where the owner is looked up. */
  readonly shard: number;
  /** `run.id` */
  readonly runKey: number;
  /** The task's index in its DAG version. */
  readonly ix: number;
  /** -1 for a task that is not mapped. */
  readonly mapIx: number;
  /** From 1. */
  readonly attempt: number;
};

const pattern = /^(\d{1,2})\.([0-9a-z]{1,11})\.(\d{1,7})\.(-1|\d{1,7})\.(\d{1,9})$/;

/** `<shard>.<run key, base 36>.<ix>.<map ix>.<attempt>` */
export function attemptIdOf(
  ref: Omit<AttemptRef, "runKey"> & { readonly runKey: number | bigint },
): string {
  return `${ref.shard}.${ref.runKey.toString(36)}.${ref.ix}.${ref.mapIx}.${ref.attempt}`;
}

/** Null when the text is not an attempt id. */
export function parseAttemptId(attemptId: string): AttemptRef | null {
  const match = pattern.exec(attemptId);
  if (match === null) return null;
  const [, shard, run, ix, mapIx, attempt] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const runKey = Number.parseInt(run, 36);
  if (!Number.isSafeInteger(runKey) || runKey < 1 || Number(shard) > 63) return null;
  return {
    shard: Number(shard),
    runKey,
    ix: Number(ix),
    mapIx: Number(mapIx),
    attempt: Number(attempt),
  };
}
