-- pool_grant_list: what shards hold of all pools.
-- @param {Int[]} $1:shards
SELECT pool, shard, slots FROM pool_grant WHERE shard = ANY ($1::int[])
