-- dag_set_next_runs: notes when the next scheduled runs of DAGs are due, and what is wrong with their timetables, for people.
-- Nobody's schedule depends on it.
-- A note follows from the newest tick that its writer knew. Behind the next tick it changes nothing: what follows from that is
-- noted too. Nor does it behind a later note, or once somebody has changed the DAG: its owner looks at it again.
-- @param {String[]} $1:dagIds
-- @param {DateTime[]} $2:nextRunAts NULL for none.
-- @param {DateTime[]} $3:lastIntervalEnds Of the newest tick; NULL for none.
-- @param {DateTime[]} $4:notedAts Later for what was noted later.
-- @param {BigInt[]} $5:changedSeqs Of the rows that their writer knew.
-- @param {String[]} $6:problems Empty for none.
UPDATE dag
SET next_run_at = asked.next_run_at, next_run_noted_at = asked.noted_at, schedule_problem = asked.problem
FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::text[])
  AS asked (dag_id, next_run_at, last_interval_end, noted_at, changed_seq, problem)
WHERE dag.dag_id = asked.dag_id AND dag.changed_seq = asked.changed_seq
  AND (dag.next_run_noted_at IS NULL OR dag.next_run_noted_at < asked.noted_at)
  AND (dag.last_interval_end IS NULL OR dag.last_interval_end <= asked.last_interval_end)
