-- owner_run_list: active runs of shards, oldest first, after run $2; or those of $4. With the number of the last event.
-- Index: run_active, or run_pkey for $4; event_pkey for the number.
-- @param {Int[]} $1:shards
-- @param {BigInt} $2:afterRunKey
-- @param {Int} $3:limit
-- @param {BigInt[]} $4:runKeys? Only these.
SELECT r.id, r.dag_id, r.dag_version_id, r.shard, r.state, r.run_type, r.run_name, r.logical_at, r.interval_start_at,
       r.interval_end_at, r.run_after, r.params, r.queued_at, r.started_at, r.cancel_requested_at, r.reopen_count, r.failure,
       r.inputs,
       r.backfill_id, r.backfill_ordinal, r.partition_key,
       coalesce((SELECT max(e.seq) FROM event AS e WHERE e.run_id = r.id), 0) AS seq
FROM run AS r
WHERE r.shard = ANY ($1::smallint[])
  AND r.state IN (1, 2)
  AND r.id > $2
  AND ($4::bigint[] IS NULL OR r.id = ANY ($4))
ORDER BY r.id
LIMIT $3
