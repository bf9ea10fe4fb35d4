-- pool_grant_write: what shards hold and want from now on. After pool_lock, by the owner of the shards. Rows that say nothing go.
-- @param {String[]} $1:pools
-- @param {Int[]} $2:shards
-- @param {Int[]} $3:slots
-- @param {Int[]} $4:wanted
-- @param {Int[]} $5:least
-- @param {DateTime[]} $6:wantedSince
-- @param {Int[]} $7:running
-- @param {Int[]} $8:deferred
-- @param {Int[]} $9:waiting
WITH v AS (
  SELECT * FROM unnest(
    $1::text[], $2::smallint[], $3::int[], $4::int[], $5::int[], $6::timestamptz[], $7::int[], $8::int[], $9::int[]
  ) AS v (pool, shard, slots, wanted, least, wanted_since, running, deferred, waiting)
),
gone AS (
  DELETE FROM pool_grant AS g USING v
  WHERE g.pool = v.pool AND g.shard = v.shard
    AND v.slots = 0 AND v.wanted = 0 AND v.running = 0 AND v.deferred = 0 AND v.waiting = 0
)
INSERT INTO pool_grant AS g (pool, shard, slots, wanted, least, wanted_since, running, deferred, waiting)
SELECT pool, shard, slots, wanted, least, wanted_since, running, deferred, waiting FROM v
WHERE slots > 0 OR wanted > 0 OR running > 0 OR deferred > 0 OR waiting > 0
ON CONFLICT (pool, shard) DO UPDATE
SET slots = EXCLUDED.slots, wanted = EXCLUDED.wanted, least = EXCLUDED.least, wanted_since = EXCLUDED.wanted_since,
  running = EXCLUDED.running, deferred = EXCLUDED.deferred, waiting = EXCLUDED.waiting, at = clock_timestamp()
