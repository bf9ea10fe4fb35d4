-- asset_count: how many assets asset_list_page would list on all its pages.
-- @param {String} $1:search?
-- @param {String} $2:group?
-- @param {String} $3:dagId?
-- @param {Boolean} $4:includeInactive
SELECT count(*)::int AS total
FROM asset AS a
WHERE ($4 OR a.is_active)
  AND ($1::text IS NULL OR concat_ws(' ', a.uri, a.name, a.asset_group) ILIKE '%' || $1 || '%')
  AND ($2::text IS NULL OR a.asset_group = $2)
  AND (
    $3::text IS NULL
    OR EXISTS (SELECT 1 FROM asset_use AS u WHERE u.dag_id = $3 AND u.asset_id = a.id)
    OR EXISTS (
      SELECT 1 FROM asset_use AS u JOIN asset_alias AS l ON l.alias = u.alias WHERE u.dag_id = $3 AND l.asset_id = a.id
    )
  )
