-- asset_event_ignored: how many of the newest events of each asset, at most $2 of each, have a partition key, and how many
-- there are. Rows in the order of the uris.
-- Index: asset_uri_key, asset_event_of_asset.
-- @param {String[]} $1:uris
-- @param {Int} $2:newest
SELECT a.uri, newest.keyed, newest.total
FROM asset AS a
CROSS JOIN LATERAL (
  SELECT count(e.partition_key)::int AS keyed, count(*)::int AS total
  FROM (SELECT e.partition_key FROM asset_event AS e WHERE e.asset_id = a.id ORDER BY e.id DESC LIMIT $2) AS e
) AS newest
WHERE a.uri = ANY ($1::text[])
ORDER BY a.uri
