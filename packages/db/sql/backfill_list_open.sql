-- backfill_list_open: backfills of shards that are not over; or these, whatever their state.
-- Index: backfill_open (few rows), or backfill_pkey for $2.
-- @param {Int[]} $1:shards
-- @param {BigInt[]} $2:backfillKeys?
SELECT b.id, b.dag_id, b.shard, b.dag_version_id, b.from_at, b.to_at, b.as_of, b.anchor_at, b.is_reverse, b.reprocess,
       b.max_active_runs, b.params, b.has_params, b.note, b.date_count, b.decided, b.decided_date, b.in_flight, b.existing,
       b.state
FROM backfill AS b
WHERE b.shard = ANY ($1::smallint[])
  AND CASE WHEN $2::bigint[] IS NULL THEN b.state < 4 ELSE b.id = ANY ($2) END
ORDER BY b.id
