/** Partition keys: which part of the data a run, or an event of an asset, is about. */

export const partitionLimits = {
  /** Characters of a key. */
  keyLength: 250,
  /** Characters of a date format. */
  formatLength: 100,
  /** Fires by which a schedule's keys may be moved. */
  offset: 1000,
  /** Keys that one event may be mapped to, and parts that a key may wait for. */
  keys: 1000,
  /** Parts of a key between "|", and mappers in a chain. */
  mappers: 10,
  /** Levels of a mapper. */
  depth: 5,
} as const;

const control = /[\p{Cc}\p{Cs}]/u;

/** What is wrong with a key; null when nothing is. */
export function partitionKeyProblem(key: string): string | null {
  if (key.length >= 1 && key.length <= partitionLimits.keyLength && !control.test(key)) return null;
  return `a partition key has 1 to ${partitionLimits.keyLength} characters, and none that controls a terminal`;
}
