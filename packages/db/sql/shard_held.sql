-- shard_held: which of these holdings are still right. After flush_fence, as a statement of its own: it must see what
-- that had to wait for.
-- @param {Int[]} $1:shards
-- @param {BigInt[]} $2:epochs
SELECT s.id
FROM unnest($1::int[], $2::bigint[]) AS held (id, epoch)
JOIN shard AS s ON s.id = held.id AND s.epoch = held.epoch
