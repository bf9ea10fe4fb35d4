-- backfill_set_state: moves a backfill from one of the states $2 to $3; its key if it did. Under flush_fence.
-- @param {BigInt} $1:backfillKey
-- @param {Int[]} $2:from
-- @param {Int} $3:to
UPDATE backfill
SET state = $3::smallint, ended_at = CASE WHEN $3::smallint IN (4, 5) THEN clock_timestamp() END,
  -- Should the timetable have turned out to have fewer.
  date_count = CASE WHEN $3::smallint = 4 THEN decided ELSE date_count END
WHERE id = $1 AND state = ANY ($2::smallint[])
RETURNING id
