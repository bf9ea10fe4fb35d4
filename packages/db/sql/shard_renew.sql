-- shard_renew: keeps the shards a node holds, all in one statement, and shows how all shards stand.
-- Only a holding with the right epoch is kept. Returns 64 rows; is_renewed tells the kept ones.
-- @param {String} $1:nodeId
-- @param {Int[]} $2:shards
-- @param {BigInt[]} $3:epochs
-- @param {Int} $4:ttlMs
WITH renewed AS (
  UPDATE shard AS s
  SET expires_at = clock_timestamp() + $4 * interval '1 millisecond'
  FROM (
    SELECT held.id, held.epoch FROM unnest($2::int[], $3::bigint[]) AS held (id, epoch) ORDER BY held.id
  ) AS held
  WHERE s.id = held.id AND s.epoch = held.epoch AND s.owner = $1
  RETURNING s.id
)
SELECT
  s.id,
  CASE WHEN s.expires_at > clock_timestamp() THEN s.owner END AS owner,
  renewed.id IS NOT NULL AS is_renewed,
  s.expires_at,
  clock_timestamp() AS now
FROM shard AS s
LEFT JOIN renewed ON renewed.id = s.id
ORDER BY s.id
