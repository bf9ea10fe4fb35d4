-- asset_uses_of: who makes, reads and waits for an asset, by itself or by an alias that it was named for; with the events
-- that no run of a waiting DAG has used yet, counted up to 1000.
-- Index: asset_use_of_asset, asset_use_of_alias, asset_alias_of, asset_pending_pkey, asset_partition_of_asset.
-- @param {Int} $1:assetId
-- @param {Int} $2:limit
SELECT u.dag_id, u.kind, u.task_id, u.alias,
  CASE WHEN u.kind = 3 THEN (
    SELECT count(*)::int
    FROM (
      (SELECT 1 FROM asset_pending AS p WHERE p.dag_id = u.dag_id AND p.asset_id = $1 LIMIT 1000)
      UNION ALL
      (
        SELECT DISTINCT ON (p.event_id) 1
        FROM asset_partition AS p
        WHERE p.dag_id = u.dag_id AND p.asset_id = $1
        ORDER BY p.event_id
        LIMIT 1000
      )
      LIMIT 1000
    ) AS capped
  ) ELSE 0 END AS pending
FROM (
  SELECT dag_id, kind, task_id, '' AS alias FROM asset_use WHERE asset_id = $1 AND asset_id > 0
  UNION
  SELECT u.dag_id, u.kind, u.task_id, u.alias
  FROM asset_alias AS l
  JOIN asset_use AS u ON u.alias = l.alias AND u.alias <> ''
  WHERE l.asset_id = $1
) AS u
ORDER BY u.kind, u.dag_id, u.task_id, u.alias
LIMIT $2
