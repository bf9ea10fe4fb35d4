-- asset_pending_dags: DAGs of these shards that have pending events.
-- Walks asset_pending_pkey from one DAG to the next, however many events each has.
-- @param {Int[]} $1:shards
WITH RECURSIVE walk AS (
  (SELECT dag_id FROM asset_pending ORDER BY dag_id LIMIT 1)
  UNION ALL
  SELECT (SELECT p.dag_id FROM asset_pending AS p WHERE p.dag_id > walk.dag_id ORDER BY p.dag_id LIMIT 1)
  FROM walk
  WHERE walk.dag_id IS NOT NULL
)
SELECT dag.dag_id
FROM walk
JOIN dag ON dag.dag_id = walk.dag_id
WHERE dag.shard = ANY ($1::smallint[]) AND dag.is_active
