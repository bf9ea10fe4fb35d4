-- dag_set_paused: turns a DAG's switch. Changes nothing when it stands so already.
-- Without catch-up, ticks missed while paused stay missed: scheduling begins anew when the switch is turned on.
-- @param {String} $1:dagId
-- @param {Boolean} $2:isPaused
UPDATE dag
SET is_paused = $2,
    scheduled_through = CASE WHEN $2 THEN scheduled_through ELSE clock_timestamp() END,
    next_run_at = NULL,
    changed_seq = nextval('dag_changed_seq')
WHERE dag_id = $1 AND is_paused <> $2
