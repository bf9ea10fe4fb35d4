-- asset_graph_uses: everything that active DAGs name, for the graph.
-- Index: asset_use_pkey, asset_pkey, dag_pkey.
-- @param {Int} $1:limit
SELECT u.dag_id, u.kind, u.task_id, u.alias, coalesce(a.uri, '') AS uri, d.is_paused
FROM asset_use AS u
JOIN dag AS d ON d.dag_id = u.dag_id
LEFT JOIN asset AS a ON a.id = u.asset_id
ORDER BY u.dag_id, u.kind, u.task_id, u.asset_id, u.alias
LIMIT $1
