-- run_count_active: how many runs of a DAG are not final.
-- Index: run_of_dag.
-- @param {String} $1:dagId
SELECT count(*)::int AS active FROM run WHERE dag_id = $1 AND state IN (1, 2)
