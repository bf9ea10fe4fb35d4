-- shard_claim: takes shards whose lease is free or has run out. Each gets a new epoch, which fences its last owner.
-- Under shard_lock, in the same transaction and after it, so that it sees what that had to wait for.
-- @param {String} $1:nodeId
-- @param {Int[]} $2:shards
-- @param {Int} $3:ttlMs
UPDATE shard
SET owner = $1, epoch = epoch + 1, expires_at = clock_timestamp() + $3 * interval '1 millisecond'
WHERE id = ANY ($2::int[]) AND (owner IS NULL OR expires_at <= clock_timestamp())
RETURNING id, epoch
