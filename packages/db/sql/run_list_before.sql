-- run_list_before: runs of a DAG whose logical date is not after $2 and, when $3 is given, before $3; newest date first.
-- Index: run_logical.
-- @param {String} $1:dagId
-- @param {DateTime} $2:notAfter
-- @param {DateTime} $3:before?
-- @param {Int} $4:limit
SELECT id, dag_version_id, logical_at
FROM run
WHERE dag_id = $1 AND logical_at <= $2 AND ($3::timestamptz IS NULL OR logical_at < $3)
ORDER BY logical_at DESC
LIMIT $4
