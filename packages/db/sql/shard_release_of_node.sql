-- shard_release_of_node: gives back what a node held that is known to be dead, so that nobody waits for its leases to end.
-- expires_at remembers when it was last heard of.
-- @param {String} $1:nodeId
-- @param {Int} $2:ttlMs
UPDATE shard SET owner = NULL, expires_at = expires_at - $2 * interval '1 millisecond'
WHERE owner = $1
