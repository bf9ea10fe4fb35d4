-- run_inputs_newest: the latest logical date of a DAG of which a scheduled run was given its inputs; NULL for none.
-- Index: run_logical. Walks past the newest runs that still wait, which are bounded in number.
-- @param {String} $1:dagId
SELECT (
  SELECT r.logical_at
  FROM run AS r
  WHERE r.dag_id = $1 AND r.logical_at IS NOT NULL AND r.run_type = 1 AND r.inputs IS NOT NULL
  ORDER BY r.logical_at DESC
  LIMIT 1
) AS logical_at
