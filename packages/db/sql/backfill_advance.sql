-- backfill_advance: notes dates that are left alone, and that a backfill has decided up to $6. Under flush_fence; does
-- nothing when it was there already.
-- @param {BigInt} $1:backfillKey
-- @param {Int[]} $2:ordinals Of dates left alone
-- @param {DateTime[]} $3:logicalDates
-- @param {Int[]} $4:outcomes 3 in flight, 4 exists
-- @param {BigInt[]} $5:runKeys
-- @param {Int} $6:decided
-- @param {DateTime} $7:decidedDate
WITH moved AS (
  UPDATE backfill AS b
  SET decided = $6, decided_date = $7,
    in_flight = b.in_flight + (SELECT count(*) FROM unnest($4::int[]) AS o WHERE o = 3),
    existing = b.existing + (SELECT count(*) FROM unnest($4::int[]) AS o WHERE o = 4)
  WHERE b.id = $1 AND b.decided < $6
  RETURNING b.id
)
INSERT INTO backfill_date (backfill_id, ordinal, logical_at, outcome, run_id)
SELECT moved.id, v.ordinal, v.logical_at, v.outcome, v.run_id
FROM moved, unnest($2::int[], $3::timestamptz[], $4::smallint[], $5::bigint[]) AS v (ordinal, logical_at, outcome, run_id)
