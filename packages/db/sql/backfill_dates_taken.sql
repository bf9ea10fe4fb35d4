-- backfill_dates_taken: of these logical dates of a DAG those that have a run, with what the backfill $3 noted of them.
-- Index: run_logical; backfill_date_pkey.
-- @param {String} $1:dagId
-- @param {DateTime[]} $2:logicalDates
-- @param {BigInt} $3:backfillKey
-- @param {Int[]} $4:ordinals Of the dates, in the same order.
SELECT v.ordinal, r.id AS run_id, r.state, r.reopen_count, d.outcome AS noted, d.reopen_count AS noted_reopen_count
FROM unnest($2::timestamptz[], $4::int[]) AS v (logical_at, ordinal)
LEFT JOIN run AS r ON r.dag_id = $1 AND r.logical_at = v.logical_at
LEFT JOIN backfill_date AS d ON d.backfill_id = $3 AND d.ordinal = v.ordinal
WHERE r.id IS NOT NULL OR d.outcome IS NOT NULL
