-- backfill_adopt: makes final runs members of a backfill, and notes their dates; the runs are opened again afterwards, which
-- reopen_count of the note tells from not yet. Under flush_fence. Those that are not final any more are left out.
-- @param {BigInt} $1:backfillKey
-- @param {BigInt[]} $2:runKeys
-- @param {Int[]} $3:ordinals In the same order.
-- @param {Bytes} $4:params? Null: each keeps its own.
WITH adopted AS (
  UPDATE run AS r
  SET run_type = 3, backfill_id = $1, backfill_ordinal = v.ordinal, params = coalesce($4, r.params)
  FROM unnest($2::bigint[], $3::int[]) AS v (run_id, ordinal)
  WHERE r.id = v.run_id AND r.state IN (3, 4)
  RETURNING r.id, r.backfill_ordinal, r.logical_at, r.reopen_count
)
INSERT INTO backfill_date (backfill_id, ordinal, logical_at, outcome, run_id, reopen_count)
SELECT $1, backfill_ordinal, logical_at, 2, id, reopen_count
FROM adopted
ON CONFLICT DO NOTHING
RETURNING ordinal
