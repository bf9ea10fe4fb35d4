-- run_dates_within: runs of a DAG with logical dates after $2, up to $3, oldest date first.
-- Index: run_logical.
-- @param {String} $1:dagId
-- @param {DateTime} $2:after
-- @param {DateTime} $3:to
-- @param {Int} $4:limit
SELECT r.id, r.logical_at, r.state
FROM run AS r
WHERE r.dag_id = $1 AND r.logical_at > $2 AND r.logical_at <= $3
ORDER BY r.logical_at
LIMIT $4
