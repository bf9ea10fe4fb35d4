-- dag_set_next_run: notes when a DAG's next scheduled run is due, for people. Nobody's schedule depends on it.
-- @param {String} $1:dagId
-- @param {DateTime} $2:nextRunAt?
UPDATE dag SET next_run_at = $2 WHERE dag_id = $1 AND next_run_at IS DISTINCT FROM $2
