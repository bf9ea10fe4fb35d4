-- run_list_page_of_dag: runs of one DAG that match the filters, newest first, before $4.
-- Index: run_of_dag.
-- @param {String} $1:dagId
-- @param {Int[]} $2:states? Any of these
-- @param {Int[]} $3:runTypes? Any of these
-- @param {BigInt} $4:beforeRunKey?
-- @param {Int} $5:limit
SELECT r.id, r.dag_id, r.dag_version_id, v.version AS dag_version, r.shard, r.state, r.run_type, r.run_name, r.logical_at,
       r.interval_start_at, r.interval_end_at, r.run_after, r.params, r.queued_at, r.started_at, r.ended_at,
       r.cancel_requested_at, r.failure, r.counts, r.note, r.triggered_by, r.revision, r.backfill_id, r.partition_key
FROM run AS r
JOIN dag_version AS v ON v.id = r.dag_version_id
WHERE r.dag_id = $1
  AND ($2::int[] IS NULL OR r.state = ANY ($2))
  AND ($3::int[] IS NULL OR r.run_type = ANY ($3))
  AND ($4::bigint IS NULL OR r.id < $4)
ORDER BY r.id DESC
LIMIT $5
