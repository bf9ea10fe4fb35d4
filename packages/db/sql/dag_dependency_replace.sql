-- dag_dependency_replace: what DAGs say of others is this now, and nothing else.
-- Index: dag_dependency_pkey.
-- @param {String[]} $1:dagIds
-- @param {Json} $2:rows [{dag_id, kind, other_id, task_id}]
WITH wanted AS (
  SELECT DISTINCT w.dag_id, w.kind, w.other_id, w.task_id
  FROM jsonb_to_recordset($2::jsonb) AS w (dag_id text, kind smallint, other_id text, task_id text)
),
gone AS (
  DELETE FROM dag_dependency AS d
  WHERE d.dag_id = ANY ($1::text[])
    AND NOT EXISTS (
      SELECT 1 FROM wanted AS w
      WHERE w.dag_id = d.dag_id AND w.kind = d.kind AND w.other_id = d.other_id AND w.task_id = d.task_id
    )
)
INSERT INTO dag_dependency (dag_id, kind, other_id, task_id)
SELECT dag_id, kind, other_id, task_id FROM wanted
ON CONFLICT DO NOTHING
