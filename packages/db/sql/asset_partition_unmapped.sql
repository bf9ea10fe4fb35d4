-- asset_partition_unmapped: the newest events whose keys a DAG's mappers map to none.
-- Index: asset_partition_pkey, asset_pkey, asset_event_pkey.
-- @param {String} $1:dagId
-- @param {Int} $2:limit
SELECT p.event_id, a.uri, e.partition_key, p.problem
FROM asset_partition AS p
JOIN asset AS a ON a.id = p.asset_id
JOIN asset_event AS e ON e.id = p.event_id
WHERE p.dag_id = $1 AND p.target_key = ''
ORDER BY p.event_id DESC
LIMIT $2
