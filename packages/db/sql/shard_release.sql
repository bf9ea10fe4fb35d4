-- shard_release: gives shards back, if they are still held with these epochs. expires_at remembers when.
-- @param {String} $1:nodeId
-- @param {Int[]} $2:shards
-- @param {BigInt[]} $3:epochs
UPDATE shard AS s
SET owner = NULL, expires_at = clock_timestamp()
FROM unnest($2::int[], $3::bigint[]) AS held (id, epoch)
WHERE s.id = held.id AND s.epoch = held.epoch AND s.owner = $1
