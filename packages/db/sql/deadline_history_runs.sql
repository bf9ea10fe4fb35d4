-- deadline_history_runs: the newest runs of a DAG that have ended, by when they were made.
-- Index: run_of_dag.
-- @param {String} $1:dagId
-- @param {Int} $2:limit
SELECT id, dag_version_id, started_at, ended_at
FROM run
WHERE dag_id = $1 AND state IN (3, 4) AND started_at IS NOT NULL AND ended_at IS NOT NULL
ORDER BY id DESC
LIMIT $2
