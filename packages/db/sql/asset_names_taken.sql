-- asset_names_taken: assets in use that have one of these names, with whom to ask: a DAG outside of $2 that names them.
-- Assets that only DAGs of $2 name are about to be named anew, and take no name. Under asset_lock.
-- Index: asset_name, asset_use_of_asset.
-- @param {String[]} $1:names
-- @param {String[]} $2:dagIds
SELECT a.name, a.uri, u.dag_id
FROM asset AS a
CROSS JOIN LATERAL (
  SELECT u.dag_id
  FROM asset_use AS u
  WHERE u.asset_id = a.id AND u.asset_id > 0 AND u.dag_id <> ALL ($2::text[])
  ORDER BY u.dag_id
  LIMIT 1
) AS u
WHERE a.is_active AND a.name = ANY ($1::text[])
