-- run_list_by_date: runs of a DAG that have a logical date, by that date, after $4. Both bounds belong to it.
-- Index: run_logical.
-- @param {String} $1:dagId
-- @param {DateTime} $2:from?
-- @param {DateTime} $3:to?
-- @param {DateTime} $4:after?
-- @param {Int} $5:limit
SELECT id, shard, state, logical_at
FROM run
WHERE dag_id = $1
  AND logical_at IS NOT NULL
  AND ($2::timestamptz IS NULL OR logical_at >= $2)
  AND ($3::timestamptz IS NULL OR logical_at <= $3)
  AND ($4::timestamptz IS NULL OR logical_at > $4)
ORDER BY logical_at
LIMIT $5
