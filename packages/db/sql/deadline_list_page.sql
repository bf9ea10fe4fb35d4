-- deadline_list_page: deadlines of a run and its tasks but those that were kept, those of the run first, after the position ($2, $3).
-- Index: deadline_pkey.
-- @param {BigInt} $1:runKey
-- @param {Int} $2:afterIx
-- @param {Int} $3:afterOrdinal
-- @param {Int} $4:limit
SELECT ix, ordinal, state, due_at, at_risk_at, estimated_end_at, critical_task_ids, missed_at
FROM deadline
WHERE run_id = $1 AND state <> 4 AND (ix, ordinal) > ($2::int, $3::smallint)
ORDER BY ix, ordinal
LIMIT $4
