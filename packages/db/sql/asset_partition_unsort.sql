-- asset_partition_unsort: makes events that another version of a DAG sorted by its mappers pending again; of a version that
-- does not wait by partition ($2 is 0), all of them. Under shard_held.
-- Index: asset_partition_pkey.
-- @param {String} $1:dagId
-- @param {Int} $2:dagVersionId
WITH old AS (
  DELETE FROM asset_partition WHERE dag_id = $1 AND dag_version_id <> $2 RETURNING asset_id, event_id
)
INSERT INTO asset_pending (dag_id, asset_id, event_id)
SELECT DISTINCT $1, asset_id, event_id FROM old
ON CONFLICT DO NOTHING
