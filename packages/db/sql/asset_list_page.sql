-- asset_list_page: assets by uri, after $5.
-- Index: asset_uri_key, asset_event_of_asset, asset_use_of_asset.
-- @param {String} $1:search? in uri, name or group, case ignored
-- @param {String} $2:group?
-- @param {String} $3:dagId? that names it
-- @param {Boolean} $4:includeInactive
-- @param {String} $5:afterUri
-- @param {Int} $6:limit
SELECT a.id, a.uri, a.name, a.asset_group, a.extra, a.is_active, a.created_at, newest.at AS last_event_at,
  (
    SELECT count(*)::int
    FROM asset_use AS u
    WHERE u.kind = 1
      AND (
        (u.asset_id = a.id AND u.asset_id > 0)
        OR u.alias IN (SELECT l.alias FROM asset_alias AS l WHERE l.asset_id = a.id)
      )
  ) AS producer_count,
  (
    SELECT count(DISTINCT u.dag_id)::int
    FROM asset_use AS u
    WHERE u.kind IN (3, 4)
      AND (
        (u.asset_id = a.id AND u.asset_id > 0)
        OR u.alias IN (SELECT l.alias FROM asset_alias AS l WHERE l.asset_id = a.id)
      )
  ) AS consumer_count
FROM asset AS a
LEFT JOIN LATERAL (
  SELECT e.at FROM asset_event AS e WHERE e.asset_id = a.id ORDER BY e.id DESC LIMIT 1
) AS newest ON true
WHERE a.uri > $5
  AND ($4 OR a.is_active)
  AND ($1::text IS NULL OR concat_ws(' ', a.uri, a.name, a.asset_group) ILIKE '%' || $1 || '%')
  AND ($2::text IS NULL OR a.asset_group = $2)
  AND (
    $3::text IS NULL
    OR EXISTS (SELECT 1 FROM asset_use AS u WHERE u.dag_id = $3 AND u.asset_id = a.id)
    OR EXISTS (
      SELECT 1 FROM asset_use AS u JOIN asset_alias AS l ON l.alias = u.alias WHERE u.dag_id = $3 AND l.asset_id = a.id
    )
  )
ORDER BY a.uri
LIMIT $6
