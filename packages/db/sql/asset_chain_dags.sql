-- asset_chain_dags: active DAGs that both make assets and are scheduled on some, with their newest specs: what circles
-- can be made of. Without those of $1, which are about to change.
-- @param {String[]} $1:dagIds
SELECT d.dag_id, v.spec
FROM dag AS d
JOIN dag_version AS v ON v.dag_id = d.dag_id AND v.version = d.version
WHERE d.is_active
  AND d.dag_id <> ALL ($1::text[])
  AND EXISTS (SELECT 1 FROM asset_use AS u WHERE u.dag_id = d.dag_id AND u.kind = 1)
  AND EXISTS (SELECT 1 FROM asset_use AS u WHERE u.dag_id = d.dag_id AND u.kind = 3)
