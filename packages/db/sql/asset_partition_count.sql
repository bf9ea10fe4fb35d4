-- asset_partition_count: of each key and asset, how many events a DAG has, and of how many parts of the key.
-- Index: asset_partition_pkey, asset_pkey.
-- @param {String} $1:dagId
-- @param {String[]} $2:targetKeys
SELECT p.target_key, a.uri, count(*)::int AS events, count(DISTINCT p.part)::int AS parts
FROM asset_partition AS p
JOIN asset AS a ON a.id = p.asset_id
WHERE p.dag_id = $1 AND p.target_key = ANY ($2::text[]) AND p.target_key <> ''
GROUP BY p.target_key, a.uri
