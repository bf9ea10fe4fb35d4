-- past_versions_before: the versions that runs of a DAG with an earlier logical date have, newest version first.
-- Index: run_logical.
-- @param {String} $1:dagId
-- @param {DateTime} $2:before
-- @param {Boolean} $3:withoutManual Runs that people made do not count
SELECT DISTINCT dag_version_id
FROM run
WHERE dag_id = $1 AND logical_at < $2 AND NOT ($3 AND run_type = 2)
ORDER BY dag_version_id DESC
