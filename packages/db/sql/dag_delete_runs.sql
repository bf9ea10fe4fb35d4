-- dag_delete_runs: deletes up to $2 final runs of a DAG with everything that hangs on them. Returns their ids.
-- Index: run_of_dag; the primary keys of what hangs on them begin with the run.
-- @param {String} $1:dagId
-- @param {Int} $2:limit
WITH gone AS (
  DELETE FROM run
  WHERE id IN (SELECT id FROM run WHERE dag_id = $1 AND state IN (3, 4) ORDER BY id LIMIT $2)
  RETURNING id
),
tasks AS (DELETE FROM task_instance USING gone WHERE run_id = gone.id),
attempts AS (DELETE FROM task_instance_attempt USING gone WHERE run_id = gone.id),
events AS (DELETE FROM event USING gone WHERE run_id = gone.id),
xcoms AS (DELETE FROM xcom USING gone WHERE run_id = gone.id),
logs AS (DELETE FROM task_log USING gone WHERE run_id = gone.id)
SELECT id FROM gone
