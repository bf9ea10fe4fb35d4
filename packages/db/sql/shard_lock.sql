-- shard_lock: waits until no flush of these shards is on its way, and holds off new ones until the transaction ends.
-- In the order of ids, so that two nodes cannot wait for each other.
-- @param {Int} $1:lockClass
-- @param {Int[]} $2:shards
SELECT pg_advisory_xact_lock($1::int, id) FROM (SELECT id FROM unnest($2::int[]) AS id ORDER BY id) AS ordered
