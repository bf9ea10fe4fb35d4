-- flush_fence: holds the shards of a flush against take-over until the transaction ends.
-- Shared, so that flushes do not wait for each other. A take-over takes the same locks exclusively, in the same order
-- (ascending), and raises the epoch while it holds them. Advisory locks write nothing.
-- It is a statement of its own: the flush behind it must read epochs in a snapshot taken after the wait.
-- @param {Int} $1:lockClass
-- @param {Int[]} $2:shards ascending
SELECT count(pg_advisory_xact_lock_shared($1::int, shard)) FROM unnest($2::int[]) AS shard;
