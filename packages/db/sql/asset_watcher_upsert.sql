-- asset_watcher_upsert: makes watchers of assets known that are not, and says which DAGs ask for which, in place of what they
-- asked for before. What nobody asks for any more is watched no more. Under asset_lock.
-- Index: asset_uri_key, asset_watcher_once, asset_watcher_use_pkey.
-- @param {String[]} $1:dagIds whose uses are replaced
-- @param {Json} $2:watchers [{dag_id, uri, digest, shard, handler, queue, config, summary}], config as base64
WITH wanted AS MATERIALIZED (
  SELECT v.*, asset.id AS asset_id
  FROM jsonb_to_recordset($2::jsonb) AS v (
    dag_id text, uri text, digest text, shard smallint, handler text, queue text, config text, summary text
  )
  JOIN asset ON asset.uri = v.uri
),
known AS (
  INSERT INTO asset_watcher AS w (asset_id, digest, shard, handler, queue, config, summary)
  SELECT DISTINCT ON (asset_id, digest)
    asset_id, digest, shard, handler, queue, decode(config, 'base64'), summary
  FROM wanted
  ON CONFLICT (asset_id, digest) DO UPDATE SET summary = EXCLUDED.summary
  RETURNING w.id, w.asset_id, w.digest
),
gone AS (
  DELETE FROM asset_watcher_use AS u
  WHERE u.dag_id = ANY ($1::text[])
    AND NOT EXISTS (
      SELECT 1
      FROM wanted AS w
      JOIN known AS k ON k.asset_id = w.asset_id AND k.digest = w.digest
      WHERE w.dag_id = u.dag_id AND k.id = u.watcher_id
    )
)
INSERT INTO asset_watcher_use (dag_id, watcher_id)
SELECT DISTINCT w.dag_id, k.id
FROM wanted AS w
JOIN known AS k ON k.asset_id = w.asset_id AND k.digest = w.digest
ON CONFLICT DO NOTHING
