-- backfill_date_list: decided dates of a backfill in its order, after ordinal $2, with their runs as they are now.
-- Index: backfill_date_pkey, run_pkey.
-- @param {BigInt} $1:backfillKey
-- @param {Int} $2:afterOrdinal
-- @param {Int} $3:limit
SELECT d.ordinal, d.logical_at, d.outcome, d.run_id, r.state AS run_state, r.interval_start_at, r.interval_end_at
FROM backfill_date AS d
LEFT JOIN run AS r ON r.id = d.run_id
WHERE d.backfill_id = $1 AND d.ordinal > $2
ORDER BY d.ordinal
LIMIT $3
