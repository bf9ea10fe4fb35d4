-- asset_pending_forget: deletes pending events that a DAG does not wait for any more: of other assets, and, if it waits by
-- partition, those without a partition key, else those with one. Under shard_held. Nothing once another version is the newest:
-- that may wait for what this one does not.
-- Index: asset_pending_pkey, asset_uri_key, asset_alias_pkey, asset_event_pkey, dag_pkey, dag_version_pkey.
-- @param {String} $1:dagId
-- @param {String[]} $2:uris it waits for
-- @param {String[]} $3:aliases it waits for
-- @param {Boolean} $4:byPartition
-- @param {Int} $5:dagVersionId that waits so
DELETE FROM asset_pending AS p
WHERE p.dag_id = $1
  AND EXISTS (
    SELECT 1 FROM dag AS d JOIN dag_version AS v ON v.dag_id = d.dag_id AND v.version = d.version WHERE d.dag_id = $1 AND v.id = $5
  )
  AND (
    (
      NOT EXISTS (SELECT 1 FROM asset AS a WHERE a.id = p.asset_id AND a.uri = ANY ($2::text[]))
      AND NOT EXISTS (SELECT 1 FROM asset_alias AS l WHERE l.asset_id = p.asset_id AND l.alias = ANY ($3::text[]))
    )
    OR EXISTS (SELECT 1 FROM asset_event AS e WHERE e.id = p.event_id AND (e.partition_key IS NOT NULL) <> $4::boolean)
  )
