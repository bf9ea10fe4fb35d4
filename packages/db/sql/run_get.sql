-- run_get: these runs with the numbers of their DAG versions, in no particular order.
-- Index: run_pkey.
-- @param {BigInt[]} $1:runKeys
SELECT r.id, r.dag_id, r.dag_version_id, v.version AS dag_version, r.shard, r.state, r.run_type, r.run_name, r.logical_at,
       r.interval_start_at, r.interval_end_at, r.run_after, r.params, r.queued_at, r.started_at, r.ended_at,
       r.cancel_requested_at, r.failure, r.counts, r.note, r.triggered_by, r.revision, r.backfill_id, r.partition_key
FROM run AS r
JOIN dag_version AS v ON v.id = r.dag_version_id
WHERE r.id = ANY ($1::bigint[])
