-- run_failed_in_row: whether the newest automated final runs of a DAG, so many, all failed.
-- Index: run_of_dag, backwards.
-- @param {String} $1:dagId
-- @param {Int} $2:count
SELECT count(*) FILTER (WHERE state = 4)::int = $2 AS all_failed
FROM (
  SELECT state FROM run WHERE dag_id = $1 AND run_type IN (1, 4) AND state IN (3, 4) ORDER BY id DESC LIMIT $2
) AS newest
