-- run_list_page: runs of all DAGs that match the filters, newest first, before the position ($3, $4).
-- Index: run_newest.
-- @param {Int[]} $1:states? Any of these
-- @param {Int[]} $2:runTypes? Any of these
-- @param {BigInt} $3:beforeQueuedUs? Microseconds since 1970
-- @param {BigInt} $4:beforeRunKey?
-- @param {Int} $5:limit
SELECT r.id, r.dag_id, r.dag_version_id, v.version AS dag_version, r.shard, r.state, r.run_type, r.run_name, r.logical_at,
       r.interval_start_at, r.interval_end_at, r.run_after, r.params, r.queued_at, r.started_at, r.ended_at,
       r.cancel_requested_at, r.failure, r.counts, r.note, r.triggered_by, r.revision, r.backfill_id, r.partition_key,
       (extract(epoch FROM r.queued_at) * 1000000)::bigint AS queued_us
FROM run AS r
JOIN dag_version AS v ON v.id = r.dag_version_id
WHERE ($1::int[] IS NULL OR r.state = ANY ($1))
  AND ($2::int[] IS NULL OR r.run_type = ANY ($2))
  AND ($3::bigint IS NULL
       OR (r.queued_at, r.id) < (timestamptz 'epoch' + $3 * interval '1 microsecond', $4::bigint))
ORDER BY r.queued_at DESC, r.id DESC
LIMIT $5
