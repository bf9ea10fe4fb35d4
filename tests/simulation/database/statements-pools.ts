/** Statements about pools and what shards hold of them. */

import { checkViolation, refused } from "./errors.ts";
import type { PoolGrantRow } from "./rows.ts";
import { at, atOrNull, type Statements } from "./statement.ts";

export const poolStatements: Statements = {
  pool_version({ tables }) {
    const changes = [...tables.pools.values()].map((pool) => pool.changed_seq);
    return [{ count: changes.length, seq: Math.max(0, ...changes) }];
  },
  pool_list({ tables }) {
    return [...tables.pools.values()].toSorted(byName);
  },
  pool_grant_list({ tables }, [shards]) {
    return [...tables.poolGrants.values()]
      .filter(({ shard }) => (shards as number[]).includes(shard))
      .map(({ pool, shard, slots }) => ({ pool, shard, slots }));
  },
  /** The lock is in `needs.ts`. */
  pool_lock({ tables }, [names]) {
    return (names as string[]).flatMap((name) => tables.pools.get(name) ?? []).toSorted(byName);
  },
  pool_grant_read({ tables, now }, [names]) {
    return [...tables.poolGrants.values()]
      .filter(({ pool }) => (names as string[]).includes(pool))
      .map(({ pool, shard, slots, wanted, least, wanted_since: since }) => {
        const { owner, expires_at: expiresAt } = tables.shards[shard]!;
        return {
          ...{ pool, shard, slots, wanted, least },
          wanted_since: atOrNull(since),
          is_live: owner !== null && expiresAt > now,
          now: at(now),
        };
      });
  },
  pool_grant_write({ tables, atEnd }, columns) {
    const [pools, ...others] = columns as [string[], ...(readonly (number | string | null)[])[]];
    for (const [index, pool] of pools.entries()) {
      const [shard, slots, wanted, least, since, running, deferred, waiting] = others.map(
        (column) => column[index],
      ) as [number, number, number, number, string | null, number, number, number];
      const row: PoolGrantRow = {
        ...{ pool, shard, slots, wanted, least, running, deferred, waiting },
        wanted_since: since === null ? null : Date.parse(since),
      };
      const isEmpty = slots + wanted + running + deferred + waiting === 0;
      if (!isEmpty) checkGrant(row);
      atEnd(() => {
        if (isEmpty) tables.poolGrants.delete(`${pool} ${shard}`);
        else tables.poolGrants.set(`${pool} ${shard}`, row);
      });
    }
    return [];
  },
};

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function checkGrant(row: PoolGrantRow): void {
  const holds =
    row.slots >= 0 &&
    row.wanted >= 0 &&
    row.least >= 0 &&
    (row.wanted_since !== null) === row.wanted > 0;
  if (holds) return;
  const message = 'new row for relation "pool_grant" violates a check constraint';
  throw refused(checkViolation, message, "pool_grant_check");
}
