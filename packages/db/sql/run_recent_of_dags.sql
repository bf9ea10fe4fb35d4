-- run_recent_of_dags: the newest runs of each of these DAGs, newest first within a DAG.
-- Index: run_of_dag.
-- @param {String[]} $1:dagIds
-- @param {Int} $2:limit Of each DAG
SELECT r.dag_id, r.id, r.dag_version_id, r.state, r.started_at, r.ended_at, r.logical_at
FROM unnest($1::text[]) AS wanted (dag_id)
CROSS JOIN LATERAL (
  SELECT * FROM run WHERE run.dag_id = wanted.dag_id ORDER BY run.id DESC LIMIT $2
) AS r
ORDER BY r.dag_id, r.id DESC
