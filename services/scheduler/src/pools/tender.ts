/** Who sees to it that shards have the slots of pools that they need. */

export type PoolTender = {
  /** Looks at the parts of owned shards; soon, and one look at a time. */
  tend(): void;
  /** Somebody wants slots of these pools, or has given some back. */
  onNews(pools: readonly string[]): void;
  stop(): void;
};
