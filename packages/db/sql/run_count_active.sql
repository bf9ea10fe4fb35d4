-- run_count_active: how many runs of a DAG are not final, and how many of these a timetable made.
-- Index: run_of_dag.
-- @param {String} $1:dagId
SELECT count(*)::int AS active, count(*) FILTER (WHERE run_type = 1)::int AS automated
FROM run
WHERE dag_id = $1 AND state IN (1, 2)
