-- pool_grant_read: who holds and wants slots of pools; wants of shards that nobody owns count for nothing. After pool_lock.
-- @param {String[]} $1:names
SELECT g.pool, g.shard, g.slots, g.wanted, g.least, g.wanted_since, s.owner IS NOT NULL AND s.expires_at > clock_timestamp() AS is_live,
  clock_timestamp() AS now
FROM pool_grant AS g
JOIN shard AS s ON s.id = g.shard
WHERE g.pool = ANY ($1::text[])
