-- owner_run_get: these runs of shards, active or final, oldest first. With the number of the last event.
-- Index: run_pkey; event_pkey for the number.
-- @param {Int[]} $1:shards
-- @param {BigInt[]} $2:runKeys
SELECT r.id, r.dag_id, r.dag_version_id, r.shard, r.state, r.run_type, r.run_name, r.logical_at, r.interval_start_at,
       r.interval_end_at, r.run_after, r.params, r.queued_at, r.started_at, r.cancel_requested_at, r.reopen_count, r.failure,
       r.inputs,
       r.backfill_id, r.backfill_ordinal, r.partition_key,
       coalesce((SELECT max(e.seq) FROM event AS e WHERE e.run_id = r.id), 0) AS seq
FROM run AS r
WHERE r.id = ANY ($2::bigint[]) AND r.shard = ANY ($1::smallint[])
ORDER BY r.id
