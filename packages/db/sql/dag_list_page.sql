-- dag_list_page: DAGs that match the filters, by id, after $5.
-- Index: dag_pkey for the order; filters are applied on the way.
-- @param {String} $1:search? Text within id, description or a tag, case ignored
-- @param {String[]} $2:tags All of these
-- @param {Boolean} $3:isPaused?
-- @param {Boolean} $4:includeInactive
-- @param {String} $5:afterDagId
-- @param {Int} $6:limit
SELECT d.dag_id, d.version, d.folder, d.file, d.description, d.tags, d.owner, d.schedule, d.timezone, d.is_paused,
       d.is_active, d.next_run_at, d.schedule_problem, d.registered_at, v.id AS dag_version_id, v.task_count
FROM dag AS d
JOIN dag_version AS v ON v.dag_id = d.dag_id AND v.version = d.version
WHERE d.dag_id > $5
  AND ($1::text IS NULL
       OR position(lower($1) IN lower(d.dag_id)) > 0
       OR position(lower($1) IN lower(d.description)) > 0
       OR EXISTS (SELECT 1 FROM unnest(d.tags) AS tag WHERE position(lower($1) IN lower(tag)) > 0))
  AND d.tags @> $2::text[]
  AND ($3::boolean IS NULL OR d.is_paused = $3)
  AND ($4 OR d.is_active)
ORDER BY d.dag_id
LIMIT $6
