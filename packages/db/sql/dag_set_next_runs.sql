-- dag_set_next_runs: notes when the next scheduled runs of DAGs are due, for people. Nobody's schedule depends on it.
-- @param {String[]} $1:dagIds
-- @param {DateTime[]} $2:nextRunAts NULL for none.
UPDATE dag SET next_run_at = asked.next_run_at
FROM unnest($1::text[], $2::timestamptz[]) AS asked (dag_id, next_run_at)
WHERE dag.dag_id = asked.dag_id AND dag.next_run_at IS DISTINCT FROM asked.next_run_at
