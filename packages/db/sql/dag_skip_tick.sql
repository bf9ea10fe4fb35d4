-- dag_skip_tick: a tick of a DAG makes no run, and its schedule moves on. Under shard_held; never backwards.
-- @param {String} $1:dagId
-- @param {DateTime} $2:intervalStart
-- @param {DateTime} $3:intervalEnd
UPDATE dag
SET scheduled_through = greatest(scheduled_through, $3), last_interval_start = $2, last_interval_end = $3
WHERE dag_id = $1 AND (last_interval_end IS NULL OR last_interval_end <= $3)
RETURNING dag_id
