-- asset_use_replace: what DAGs name, in place of what they named before. Under asset_lock.
-- Index: asset_use_pkey, asset_uri_key.
-- @param {String[]} $1:dagIds whose uses are replaced
-- @param {Json} $2:uses [{dag_id, kind, task_id, uri, alias, by_partition}]
WITH wanted AS MATERIALIZED (
  SELECT v.dag_id, v.kind, v.task_id, coalesce(asset.id, 0) AS asset_id, v.alias, v.by_partition
  FROM jsonb_to_recordset($2::jsonb)
    AS v (dag_id text, kind smallint, task_id text, uri text, alias text, by_partition boolean)
  LEFT JOIN asset ON asset.uri = v.uri
),
gone AS (
  DELETE FROM asset_use AS u
  WHERE u.dag_id = ANY ($1::text[])
    AND NOT EXISTS (
      SELECT 1
      FROM wanted AS w
      WHERE w.dag_id = u.dag_id AND w.kind = u.kind AND w.task_id = u.task_id AND w.asset_id = u.asset_id
        AND w.alias = u.alias
    )
)
INSERT INTO asset_use AS u (dag_id, kind, task_id, asset_id, alias, by_partition)
SELECT DISTINCT dag_id, kind, task_id, asset_id, alias, by_partition FROM wanted
ON CONFLICT (dag_id, kind, task_id, asset_id, alias) DO UPDATE SET by_partition = excluded.by_partition
WHERE u.by_partition <> excluded.by_partition
