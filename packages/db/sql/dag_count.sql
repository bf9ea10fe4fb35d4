-- dag_count: how many DAGs match the filters of dag_list_page.
-- @param {String} $1:search?
-- @param {String[]} $2:tags
-- @param {Boolean} $3:isPaused?
-- @param {Boolean} $4:includeInactive
SELECT count(*)::int AS total
FROM dag AS d
WHERE ($1::text IS NULL
       OR position(lower($1) IN lower(d.dag_id)) > 0
       OR position(lower($1) IN lower(d.description)) > 0
       OR EXISTS (SELECT 1 FROM unnest(d.tags) AS tag WHERE position(lower($1) IN lower(tag)) > 0))
  AND d.tags @> $2::text[]
  AND ($3::boolean IS NULL OR d.is_paused = $3)
  AND ($4 OR d.is_active)
