-- asset_partition_unsorted: the oldest pending events of a DAG that waits by partition, with their keys.
-- Index: asset_pending_pkey, asset_pkey, asset_event_pkey.
-- @param {String} $1:dagId
-- @param {Int} $2:limit
SELECT p.asset_id, a.uri, p.event_id, e.partition_key
FROM asset_pending AS p
JOIN asset AS a ON a.id = p.asset_id
JOIN asset_event AS e ON e.id = p.event_id
WHERE p.dag_id = $1
ORDER BY p.event_id, p.asset_id
LIMIT $2
