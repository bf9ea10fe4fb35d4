-- dag_set_next_runs: notes when the next scheduled runs of DAGs are due, for people. Nobody's schedule depends on it.
-- A note follows from the newest tick that its writer knew. Behind the next tick it changes nothing: that has written what follows.
-- @param {String[]} $1:dagIds
-- @param {DateTime[]} $2:nextRunAts NULL for none.
-- @param {DateTime[]} $3:lastIntervalEnds Of the newest tick; NULL for none.
UPDATE dag SET next_run_at = asked.next_run_at
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS asked (dag_id, next_run_at, last_interval_end)
WHERE dag.dag_id = asked.dag_id AND dag.next_run_at IS DISTINCT FROM asked.next_run_at
  AND (dag.last_interval_end IS NULL OR dag.last_interval_end <= asked.last_interval_end)
