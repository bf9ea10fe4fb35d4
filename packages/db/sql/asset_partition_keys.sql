-- asset_partition_keys: keys of which a DAG that waits by partition has events, after $2, in their order.
-- Walks asset_partition_pkey from one key to the next, however many events each has.
-- @param {String} $1:dagId
-- @param {String} $2:afterKey empty for the first
-- @param {Int} $3:limit
WITH RECURSIVE walk AS (
  (
    SELECT p.target_key, 1 AS n
    FROM asset_partition AS p
    WHERE p.dag_id = $1 AND p.target_key > $2
    ORDER BY p.target_key
    LIMIT 1
  )
  UNION ALL
  SELECT next.target_key, walk.n + 1
  FROM walk
  CROSS JOIN LATERAL (
    SELECT p.target_key
    FROM asset_partition AS p
    WHERE p.dag_id = $1 AND p.target_key > walk.target_key
    ORDER BY p.target_key
    LIMIT 1
  ) AS next
  WHERE walk.n < $3::int
)
SELECT target_key FROM walk
