-- asset_find: the asset of this uri, else the one of this name: one in use before one that is not.
-- Index: asset_uri_key, asset_name, asset_event_of_asset.
-- @param {String} $1:uriOrName
SELECT a.id, a.uri, a.name, a.asset_group, a.extra, a.is_active, a.created_at, newest.at AS last_event_at
FROM asset AS a
LEFT JOIN LATERAL (
  SELECT e.at FROM asset_event AS e WHERE e.asset_id = a.id ORDER BY e.id DESC LIMIT 1
) AS newest ON true
WHERE a.uri = $1 OR a.name = $1
ORDER BY a.uri <> $1, NOT a.is_active, a.id
LIMIT 1
