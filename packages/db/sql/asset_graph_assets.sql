-- asset_graph_assets: assets in use, with the aliases that they were named for, for the graph.
-- Index: asset_alias_of, asset_event_of_asset.
-- @param {Int} $1:limit
SELECT a.uri, a.name, a.asset_group, newest.at AS last_event_at,
  ARRAY(SELECT l.alias FROM asset_alias AS l WHERE l.asset_id = a.id ORDER BY l.alias) AS aliases
FROM asset AS a
LEFT JOIN LATERAL (
  SELECT e.at FROM asset_event AS e WHERE e.asset_id = a.id ORDER BY e.id DESC LIMIT 1
) AS newest ON true
WHERE a.is_active
ORDER BY a.uri
LIMIT $1
